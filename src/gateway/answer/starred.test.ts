import { expect, it } from "vitest";
import { StarredPieces } from "./starred.ts";

const key = "key-key-secret";

/** What comes out of bytes that come in pieces of one length. */
function through(text: string, length: number): string {
  const pieces = new StarredPieces(key);
  let out = "";
  for (let at = 0; at < text.length; at += length)
    out += pieces.take(Buffer.from(text.slice(at, at + length))).toString();
  return out + (pieces.rest()?.toString() ?? "");
}

it("a key is starred wherever the pieces part it, also one that begins within what looks like it", () => {
  const said = `refused: ${key}, key-${key}${key} and key-key-sec`;
  const stars = "*".repeat(key.length);
  const expected = `refused: ${stars}, key-${stars}${stars} and key-key-sec`;
  for (let length = 1; length <= said.length; length++) expect(through(said, length)).toBe(expected);
});

it("nothing else is held back", () => {
  const pieces = new StarredPieces(key);
  expect(pieces.take(Buffer.from("data: 1\n\n")).toString()).toBe("data: 1\n\n");
  expect(pieces.take(Buffer.from("a key-k")).toString()).toBe("a ");
  expect(pieces.take(Buffer.from("ing")).toString()).toBe("key-king");
  expect(pieces.rest()).toBeUndefined();
});
