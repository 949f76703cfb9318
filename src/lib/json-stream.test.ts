import { fc } from "../../test/kit/property.ts";
import { describe, expect, it } from "vitest";
import { JsonStream, type TextFlaw } from "./json-stream.ts";

function streamed(bytes: Buffer, piece: number): { isWhole: boolean; flaws: [TextFlaw, number][] } {
  const flaws: [TextFlaw, number][] = [];
  const stream = new JsonStream((flaw, at) => void flaws.push([flaw, at]));
  let size = piece;
  for (let at = 0; at < bytes.length && !stream.isBroken;) {
    const taken = stream.take(bytes.subarray(at, at + size), at + size >= bytes.length);
    at += taken;
    size = taken === 0 ? size * 2 : piece;
  }
  return { isWhole: stream.isWhole, flaws };
}

const isObject = (text: string): boolean => {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

describe("a JSON text that comes a piece at a time", () => {
  it("is one object when JSON.parse says so, whatever the pieces are, also with a character changed", () => {
    const member = fc.oneof(fc.json(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String));
    const given = fc.record({
      text: fc
        .tuple(fc.string({ unit: "binary" }), member)
        .map(([key, value]) => `{${JSON.stringify(key)}: ${value}}`),
      at: fc.nat(400),
      becomes: fc.constantFrom(...'{}[]:,"\\u0e-+.tn x'),
      piece: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(given, ({ text, at, becomes, piece }) => {
        const changed = at < text.length ? text.slice(0, at) + becomes + text.slice(at + 1) : text;
        for (const one of [text, changed.toWellFormed()])
          expect(streamed(Buffer.from(one), piece).isWhole, one).toBe(isObject(one));
      }),
      { numRuns: 300 },
    );
  });

  it("tells what a strict reader refuses, and where", () => {
    const text = Buffer.concat([
      Buffer.from(String.raw`{"a":"\ud83d\ude00 \ud83d é","b":"`),
      Buffer.from([0x01, 0xff, 0xc3]),
      Buffer.from('","c":1}'),
    ]);
    for (const piece of [1, 7, 1_000])
      expect(streamed(text, piece)).toEqual({
        isWhole: true,
        flaws: [
          ["surrogate", 19],
          ["control", 35],
          ["utf8", 36],
          ["utf8", 37],
        ],
      });
  });
});
