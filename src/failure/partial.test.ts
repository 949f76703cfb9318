import { fc } from "../../test/kit/property.ts";
import { describe, expect, it } from "vitest";
import { isJsonObject } from "../lib/json.ts";
import { parsePartialJson } from "./partial.ts";

/** Whether what was read of a cut text is the beginning of what the whole text says. */
function isBeginning(part: unknown, whole: unknown): boolean {
  if (typeof part === "string" && typeof whole === "string") return whole.startsWith(part);
  if (typeof part === "number") return typeof whole === "number";
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((each, at) => isBeginning(each, whole[at]));
  if (!isJsonObject(part)) return part === whole;
  return (
    isJsonObject(whole) &&
    Object.entries(part).every(([key, value]) => Object.hasOwn(whole, key) && isBeginning(value, whole[key]))
  );
}

describe("a JSON text that was cut", () => {
  const said = 'No "tool", {output} or [call] \\ was found for it, or was it?';
  const error = { code: null, message: said, param: "input[2]", details: [{ at: 1.5, why: ["a,", "}"] }] };
  const text = JSON.stringify({ type: "error", error, more: "x" });

  it("says what stood before the cut, wherever that is", () => {
    const behindMessage = text.indexOf(',"param"');
    for (let cut = text.indexOf(",") + 1; cut <= text.length; cut++) {
      const part = parsePartialJson(text.slice(0, cut));
      expect(part, text.slice(0, cut)).toMatchObject({ type: "error" });
      expect([cut, isBeginning(part, JSON.parse(text))]).toEqual([cut, true]);
      if (cut >= behindMessage) expect(part).toMatchObject({ error: { message: said } });
      if (cut >= text.indexOf(',"more"')) expect(part).toMatchObject({ error });
    }
  });

  it("keeps a string as far as it goes", () => {
    for (const length of [1, 10, 40]) {
      const cut = text.indexOf("was found") + length;
      const { error: read } = parsePartialJson(text.slice(0, cut)) as { error: typeof error };
      expect(read.message).toBe(said.slice(0, said.indexOf("was found") + length));
    }
    expect(parsePartialJson('{"a":"x\\u00e')).toEqual({ a: "x" });
    expect(parsePartialJson(' ["x\\')).toEqual(["x"]);
  });

  it("says nothing that the whole one doesn't, whatever it holds", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), fc.nat(), (value, at) => {
        const whole = JSON.stringify(value);
        const part = parsePartialJson(whole.slice(0, at % whole.length));
        return part === undefined || isBeginning(part, JSON.parse(whole));
      }),
      { numRuns: 300 },
    );
  });

  it("is none where it begins like none, or is deeper than any error", () => {
    for (const other of ["", "Bad gateway", '"text', "12 {"]) expect(parsePartialJson(other)).toBeUndefined();
    expect(parsePartialJson("[".repeat(100_000))).toBeUndefined();
  });
});
