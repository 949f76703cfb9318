import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { BodyMemory, HeldBody } from "./held-body.ts";

/** In pieces of `step` bytes, which are the body's afterwards. */
function piecesOf(bytes: Buffer, step: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) =>
    Buffer.from(bytes.subarray(at * step, (at + 1) * step)),
  );
}

function held(memory: BodyMemory, bytes: Buffer, step: number): HeldBody {
  const body = new HeldBody(memory);
  for (const piece of piecesOf(bytes, step)) body.add(piece);
  return body;
}

describe("a held body", () => {
  it("is what was added, however it came", () => {
    const bytes = randomBytes(200_000);
    for (const step of [1_000, 65_535, 65_536, 65_537, 200_000]) {
      const body = held(new BodyMemory(), bytes, step);
      expect(body.length).toBe(bytes.length);
      expect(body.whole().equals(bytes)).toBe(true);
      expect(Buffer.concat(body.pieces()).equals(bytes)).toBe(true);
    }
    expect(new HeldBody(new BodyMemory()).pieces()).toEqual([]);
  });

  it("of megabytes is what was added too, and holds large pieces where they came", () => {
    const bytes = randomBytes(3_000_000);
    for (const step of [999, 4_097, 65_536, 70_000, 3_000_000]) {
      const pieces = piecesOf(bytes, step);
      const body = new HeldBody(new BodyMemory());
      for (const piece of pieces) body.add(piece);
      expect(body.length).toBe(bytes.length);
      expect(body.whole().equals(bytes)).toBe(true);
      expect(body.pieces().includes(pieces.at(-2) ?? pieces[0]!)).toBe(step >= 4_096);
    }
    const memory = new BodyMemory();
    const mixed = new HeldBody(memory);
    const pieces = [1, 65_536, 2_000_000, 10, 65_536, 3, 100_000, 1].map((length) => randomBytes(length));
    const given = pieces.map((piece) => Buffer.from(piece));
    for (const piece of given) mixed.add(piece);
    expect(mixed.whole().equals(Buffer.concat(pieces))).toBe(true);
    mixed.release(false);
    held(memory, Buffer.alloc(900_000), 65_536);
    expect(given[2]!.equals(pieces[2]!)).toBe(true);
    const again = new HeldBody(memory);
    again.add(given[2]!);
    again.release(true);
    expect(given[2]!.buffer.byteLength).toBe(0);
  });

  it("frees what it has copied, and nothing that shares its memory with others", () => {
    const alone = Buffer.allocUnsafeSlow(3_000);
    const shared = Buffer.allocUnsafeSlow(3_000).fill("x");
    const body = new HeldBody(new BodyMemory());
    for (const piece of [alone, shared.subarray(0, 2_000)]) body.add(piece);
    expect(alone.buffer.byteLength).toBe(0);
    expect(shared.equals(Buffer.alloc(3_000, "x"))).toBe(true);
    expect(body.length).toBe(5_000);
    expect(body.whole().subarray(3_000).equals(shared.subarray(0, 2_000))).toBe(true);
  });

  it("gives its memory to the next body only when nobody reads it any more", () => {
    const memory = new BodyMemory();
    const first = held(memory, randomBytes(1_000), 1_000);
    const [piece] = first.pieces();
    const before = Buffer.from(piece!);
    first.release(false);
    held(memory, randomBytes(1_000), 1_000);
    expect(piece!.equals(before)).toBe(true);
    const second = held(memory, randomBytes(1_000), 1_000);
    const [reused] = second.pieces();
    second.release(true);
    const third = held(memory, Buffer.alloc(1_000, "x"), 1_000);
    expect(reused!.equals(third.pieces()[0]!)).toBe(true);
  });

  it("keeps what was read as a whole, whoever writes over it", () => {
    const memory = new BodyMemory();
    const bytes = randomBytes(1_000);
    const body = held(memory, bytes, 1_000);
    const whole = body.whole();
    body.release(true);
    held(memory, Buffer.alloc(1_000), 1_000);
    expect(whole.equals(bytes)).toBe(true);
  });
});
