import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { isFailureOf } from "../failure.ts";
import type { BodyRef, SessionEvent } from "../session/event.ts";
import { readBodies, readBody } from "./bodies.ts";
import { LineBuffer } from "./line.ts";
import type { ByteSource } from "./source.ts";

it("a read that fails while the caller is still at the one before is told to the caller, and to nobody else", async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): number => unheard.push(error);
  const others = process.rawListeners("unhandledRejection") as ((error: unknown) => void)[];
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", hear);
  try {
    const line = Buffer.from(',"item":{"a":"bc"}');
    const broken: ByteSource = {
      read: (target, at) =>
        at === 0 ? Promise.resolve(line.copy(target)) : Promise.reject(new Error("EIO")),
    };
    const refs = [
      { offset: 8, length: 10 },
      { offset: 2 ** 20, length: 10 },
    ];
    const reading = readBodies(broken, refs, "log.jsonl")[Symbol.asyncIterator]();
    expect((await reading.next()).done).toBe(false);
    await setTimeout(5);
    await expect(reading.next()).rejects.toThrow("EIO");
    expect(unheard).toEqual([]);
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
  }
});

it("a log that was made anew since its refs were read is told, and gives no bytes that are nobody's item", async () => {
  const event = {
    seq: 0,
    fence: 1,
    at: 1,
    type: "item-added",
    turn: 1,
    step: 1,
    kind: "message",
    origin: "input",
  };
  const log = (...texts: string[]): { bytes: Buffer; refs: BodyRef[] } => {
    const lines = new LineBuffer();
    const refs = texts.map((text) => {
      const offset = lines.length;
      const { body } = lines.add(
        event as SessionEvent,
        Buffer.from(`{"type":"message","content":"${text}"}`),
      );
      return { offset: offset + body!.offset, length: body!.length };
    });
    return { bytes: Buffer.from(lines.bytes()), refs };
  };
  const read = async (bytes: Buffer, refs: BodyRef[]): Promise<string> => {
    const source: ByteSource = { read: async (target, at) => bytes.copy(target, 0, at) };
    const parts: Uint8Array[] = [];
    for await (const batch of readBodies(source, refs, "log.jsonl"))
      parts.push(...batch.map((part) => Buffer.from(part)));
    for (const ref of refs) await readBody(source, ref, "log.jsonl");
    return Buffer.concat(parts).toString();
  };
  for (const long of ["b", "x".repeat(3_000_000)]) {
    const [before, after] = [log("a", long, "c"), log("a", `longer ${long}`, "c")];
    expect((await read(before.bytes, before.refs)).length).toBeGreaterThan(long.length);
    await expect(read(after.bytes, before.refs.slice(2))).rejects.toSatisfy((error) =>
      isFailureOf(error, "session-damaged"),
    );
    await expect(read(after.bytes, before.refs)).rejects.toThrow("made anew while it was read");
  }
});
