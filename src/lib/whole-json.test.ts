import { describe, expect, it } from "vitest";
import { parseExactJson, writeJson } from "./whole-json.ts";

const depth = 50_000;
const nested = (inner: string): string => `${'{"a":['.repeat(depth)}${inner}${"]}".repeat(depth)}`;

describe("JSON of others", () => {
  it.each([
    '{"id":12345678901234567890,"n":[1e400,-0,0.1000000000000000055511151231257827,7]}',
    '{"":{"":12345678901234567890},"__proto__":{"x":[{},[],null,true,false,""]},"é\\\\\\"":12345678901234567890}',
    "12345678901234567890",
    nested('12345678901234567890,{"x":"12345678901234567890"}'),
    nested('"a","b",{}'),
  ])("is written as it was read, with every digit, however deep it is nested", (text) => {
    expect(writeJson(parseExactJson(text)) === text).toBe(true);
  });

  it("is read with a string of millions of escapes", () => {
    const text = `{"id":12345678901234567890,"content":"${"\\n".repeat(5e6)}"}`;
    expect(parseExactJson(text)).toMatchObject({ content: "\n".repeat(5e6) });
  });

  it("is no value where it is not JSON", () => {
    for (const text of ["", "{", "12345678901234567890]", '{"a":12345678901234567890,}'])
      expect(parseExactJson(text)).toBeUndefined();
  });

  it("is changed alike on its way out, deep and not", () => {
    const change = (key: string, value: unknown): unknown =>
      key === "gone" ? undefined : value === "old" ? "new" : value;
    const inner = { gone: 1, list: ["old", undefined, { gone: 2 }], kept: "x", nothing: undefined };
    const flat = writeJson(inner, change);
    expect(flat).toBe('{"list":["new",null,{}],"kept":"x"}');
    let value: unknown = inner;
    for (let at = 0; at < depth; at++) value = [value];
    expect(writeJson(value, change) === "[".repeat(depth) + flat + "]".repeat(depth)).toBe(true);
  });
});
