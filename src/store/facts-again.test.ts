import { describe, expect, it } from "vitest";
import { factsVersion } from "../session/facts.ts";
import type { Append } from "../store.ts";
import { head, id, leaseTaken, line, type Read, read } from "../../test/kit/read-log.ts";
import { turnEnded } from "./conformance/events.ts";

describe("an item in which an older version knew nothing sealed", () => {
  const blob = Buffer.concat([Buffer.from("80000000006920a0aa", "hex"), Buffer.alloc(112, 7)]).toString(
    "base64",
  );
  /** As a version before `factsVersion` 1 logged it. */
  const item = (kind: string, members: object): Append => ({
    event: { type: "item-added", turn: 1, step: 1, kind, origin: "model" },
    item: Buffer.from(JSON.stringify({ type: kind, ...members })),
  });
  const part = { type: "encrypted_content", encrypted_content: blob };
  const within = [
    item("function_call", { call_id: "c", name: "f", arguments: JSON.stringify({ message: blob }) }),
    item("function_call_output", { call_id: "c", output: [{ type: "input_text", text: "ok" }, part] }),
    item("agent_message", { content: [part] }),
  ];
  const logged = (fence: number): Buffer[] => within.map((append, at) => line(at + 2, fence, append));
  const lease = (facts: object): Buffer =>
    line(1, 2, { event: { ...leaseTaken(1).event, ...facts } as Append["event"] });
  const seals = ({ records }: Read): unknown[] =>
    records.filter(({ body }) => body !== undefined).map(({ event }) => "sealed" in event && event.sealed);
  const found = { shape: "fernet", at: 0x6920a0aa, tail: blob.slice(-16) };

  it("is looked at again, and keeps its own words", async () => {
    const log = await read(Buffer.concat([head, lease({}), ...logged(2)]));
    expect(seals(log)).toEqual([found, found, found]);
    expect(log.records[2]!.event).toMatchObject({ seq: 2, fence: 2, kind: "function_call", origin: "model" });
    expect(log.damage).toEqual([]);
  });

  it("is not where its writer knew of such", async () => {
    const log = await read(Buffer.concat([head, lease({ facts: factsVersion }), ...logged(2)]));
    expect(seals(log)).toEqual([false, false, false]);
  });

  it("is looked at again in a window too, unless the checkpoint says that all who wrote to the log knew", async () => {
    const before = [head, lease({})];
    const offset = Buffer.concat(before).length;
    for (const [facts, sealed] of [
      [{}, found],
      [{ facts: factsVersion }, false],
    ] as const) {
      const { event } = turnEnded(id, 1, offset);
      const checkpoint = { ...(event as { checkpoint: object }).checkpoint, ...facts };
      const end = line(5, 2, { event: { ...event, checkpoint } as Append["event"] });
      const log = await read(Buffer.concat([...before, ...logged(2), end]), "window");
      expect(log.checkpoints).toEqual([5]);
      expect(seals(log)).toEqual([sealed, sealed, sealed]);
    }
  });
});
