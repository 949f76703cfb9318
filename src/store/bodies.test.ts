import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { readBodies } from "./bodies.ts";
import type { ByteSource } from "./source.ts";

it("a read that fails while the caller is still at the one before is told to the caller, and to nobody else", async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): number => unheard.push(error);
  const others = process.rawListeners("unhandledRejection") as ((error: unknown) => void)[];
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", hear);
  try {
    const broken: ByteSource = {
      read: (target, at) => (at === 0 ? Promise.resolve(target.length) : Promise.reject(new Error("EIO"))),
    };
    const refs = [
      { offset: 0, length: 10 },
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
