import { fc } from "../../test/kit/property.ts";
import { expect, test } from "vitest";
import { isBase64 } from "./base64.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
const letters = fc.array(fc.constantFrom(...alphabet), { maxLength: 40 }).map((all) => all.join(""));
const alien = fc.oneof(
  fc.constantFrom("=", " ", "\n", "\0", ".", "\x7f", "é", "Ł", "Ā", "\u{1F600}"),
  fc.string(),
);

test("texts of both alphabets are base64, and nothing else is, wherever it stands", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: letters }, alien), { maxLength: 6 }), (parts) => {
      const text = parts.join("");
      expect(isBase64(text), text).toBe(/^[A-Za-z0-9+/_-]*$/.test(text) && !text.includes("\n"));
    }),
    { numRuns: 3_000 },
  );
});

test("a long text is looked at to its end", () => {
  for (const length of [10_920, 10_922, 10_923, 100_000]) {
    expect(isBase64("A".repeat(length))).toBe(true);
    expect(isBase64(`${"A".repeat(length - 1)} `)).toBe(false);
    expect(isBase64(`${"A".repeat(length - 1)}\u0141`)).toBe(false);
  }
});
