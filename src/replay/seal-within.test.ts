import { describe, expect, it } from "vitest";
import { here, projected, rulesOf, sent, setAside, types } from "../../test/kit/projected.ts";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import type { Quarantine } from "../session/event.ts";
import type { ReplayContract } from "./contract.ts";
import { openai } from "./contracts/openai.ts";

const model = { turn: 1, step: 1, issuer: here };
const tool = { turn: 1, step: 1, origin: "tool" } as const;

describe("what is sealed in a message, a call or an output", () => {
  const blob = sealedBlob(100, "within");
  const part = { type: "encrypted_content", encrypted_content: blob };
  const text = (words: string): object => ({ type: "input_text", text: words });
  const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "four" }] };
  const noteCall = { type: "function_call", call_id: "a", name: "read_note", arguments: "{}" };
  const note = { type: "function_call_output", call_id: "a", output: [text("note 1"), part] };
  const opened = {
    ...note,
    output: [text("note 1"), text("[Sealed content stood here. It can't be opened any more.]")],
  };
  const there = "https://there #1";

  function logOf(issuer: string): WrittenLog {
    const log = new WrittenLog();
    log.addItem({ ...noteCall, encrypted_content: blob }, { ...model, issuer });
    log.addItem(note, { ...tool, issuer });
    log.addItem({ ...said, encrypted_content: blob }, { ...model, step: 2, issuer });
    return log;
  }

  it("is sent to whom it is from", async () => {
    const log = logOf(here);
    expect(await sent(log)).toEqual([
      { ...noteCall, encrypted_content: blob },
      note,
      { ...said, encrypted_content: blob },
    ]);
    expect([...projected(log).sealedSent().values()]).toEqual([3]);
  });

  it.each<[string, WrittenLog, ReplayContract, Quarantine[]]>([
    ["goes where another issuer sealed it", logOf(there), openai, []],
    ["goes where no seal is taken", logOf(here), { ...openai, sealed: "drop" }, []],
    [
      "goes once it was refused",
      logOf(here),
      openai,
      [setAside({ kind: "issuer", issuer: here, through: 9 })],
    ],
    ["goes once it was refused by name", logOf(here), openai, [setAside({ kind: "items", seqs: [0, 1, 2] })]],
    ["goes with all that is sealed", logOf(here), openai, [setAside({ kind: "sealed", through: 9 })]],
  ])("%s, and the rest of the item stays", async (_when, log, contract, quarantines) => {
    expect(await sent(log, contract, quarantines)).toEqual([noteCall, opened, said]);
    const projection = projected(log, contract, quarantines);
    expect(rulesOf(projection)).toEqual([
      [0, "seal-within"],
      [1, "seal-within"],
      [2, "seal-within"],
    ]);
    expect(projection.sealedSent().size).toBe(0);
    expect(projection.setAside()).toEqual([]);
  });

  it("goes where it was cut, and from what goes in words", async () => {
    const log = new WrittenLog();
    log.addItem({ ...noteCall, encrypted_content: "gAAAAA…" }, model);
    log.addItem(note, { ...tool, issuer: here });
    const inWords = setAside({ kind: "transcript", through: 9 });
    expect(await sent(log)).toEqual([noteCall, note]);
    expect(JSON.stringify(await sent(log, openai, [inWords]))).not.toContain("encrypted_content");
  });

  it("goes out of a call's arguments, whose other members stay", async () => {
    const token = Buffer.from("80000000006553f100".padEnd(242, "07"), "hex").toString("base64url");
    const given = (message: string): string => JSON.stringify({ task_name: "helper", message });
    const spawned = { ...noteCall, name: "spawn_agent", arguments: given(token) };
    const written = (issuer: string): WrittenLog => {
      const log = new WrittenLog();
      log.addItem(spawned, { ...model, issuer });
      log.addItem({ ...note, output: "started" }, { ...tool, issuer });
      return log;
    };
    expect((await sent(written(here)))[0]).toEqual(spawned);
    const words = given("[Sealed content stood here. It can't be opened any more.]");
    expect((await sent(written(there)))[0]).toEqual({ ...spawned, arguments: words });
  });

  it("doesn't keep a copy from being left out as one", async () => {
    const copy: Quarantine = { ...setAside({ kind: "items", seqs: [2] }), why: "duplicate-item" };
    expect(types(await sent(logOf(here), openai, [copy]))).toEqual(["function_call", "function_call_output"]);
  });
});
