import { fc } from "../../test/kit/property.ts";
import { expect, test } from "vitest";
import { JsonSkim } from "./json-skim.ts";
import { isJsonObject, parseJson } from "./json.ts";

const paths = ["a", "at", "of", "of.a", "of.in", "of.in.a"];
const slot = { a: 0, at: 1, of: 2, ofA: 3, ofIn: 4, ofInA: 5 };

/** Skims a text that stands between others, at any place of the memory, as a line does in what was read. */
function skimmed(text: string, before = 0, after = "\n"): { skim: JsonSkim; isObject: boolean } {
  const skim = new JsonSkim(paths);
  const memory = new Uint8Array(before + text.length + after.length);
  const bytes = Buffer.from(memory.buffer);
  bytes.fill("\n").write(text + after, before, "latin1");
  skim.over(bytes);
  return { skim, isObject: skim.skim(before, before + text.length) };
}

/** Any text, and JSON that is nearly one. */
const damaged = fc
  .tuple(
    fc.jsonValue({ maxDepth: 4 }),
    fc.array(
      fc.tuple(
        fc.nat(10_000),
        fc.nat(3),
        fc.oneof(
          fc.constantFrom('"', "\\", "\\u", "\\ud8", "\\x", "{", "}", "[", "]", ",", ":", " ", "\t", "\r"),
          fc.constantFrom(
            "-",
            "0",
            "01",
            ".",
            "1.",
            "e",
            "1e+",
            "true",
            "nul",
            "null",
            "\0",
            "\x1f",
            "\x7f",
            "\xff",
          ),
        ),
      ),
      { maxLength: 2 },
    ),
    fc.boolean(),
  )
  .map(([value, damages, isSpaced]) => {
    const whole = JSON.stringify({ a: value, of: { in: value } }, null, isSpaced ? "\t" : "");
    let text = Buffer.from(whole)
      .toString("latin1")
      .replaceAll("\n", isSpaced ? "\r" : "");
    for (const [at, cut, put] of damages) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + put + text.slice(place + cut);
    }
    return text;
  });

test("only what JSON.parse takes is said to be an object", () => {
  const check = (text: string, before: number, after: string): void => {
    const { isObject } = skimmed(text, before, after);
    if (isObject) expect(isJsonObject(parseJson(text)), text).toBe(true);
  };
  const after = fc.constantFrom("\n", "\r\n", "", '"}\n', "}\n", "0}");
  fc.assert(fc.property(damaged, fc.nat(5), after, check), { numRuns: 5_000 });
});

test("what JSON.parse takes is taken, in every notation", () => {
  const strings = String.raw`{"a":"","b":"\"\\\/\b\f\n\r\t\u00e9","c":"plain and long enough to be looked at by fours","d":"x\\"}`;
  const numbers = '{"a":0,"b":-0,"c":12.50,"d":-1e5,"e":0.1E-7,"f":1e+2,"g":[1,2 , 3]}';
  const nested = ` {} `.trim().padEnd(4);
  for (const text of [
    strings,
    numbers,
    nested,
    '{"a":[[],{},[{}],""] , "b" : { "c" : null } }\t',
    '{"a":true,"b":false}',
  ])
    for (let before = 0; before < 4; before++) {
      expect(JSON.parse(text)).toBeTypeOf("object");
      expect(skimmed(text, before).isObject, text).toBe(true);
    }
});

const notObjects = [
  String.raw`  | [] | 1 | "a" | { | {"a"} | {"a":} | {"a":1,} | {"a":1 "b":2} | {}{} | {"a":[1,]} | {a:1} | {"b":1]`,
  String.raw`{"a":01} | {"a":1.} | {"a":.5} | {"a":-} | {"a":1e} | {"a":+1} | {"a":tru} | {"a":nulll} | {"a":fals3}`,
  String.raw`{"a":"\x"} | {"a":"\u12g4"} | {"a":" | {"a":"b} | {"a":"b\"} | {"a":[} | {"a":{] | {"a":[1} | {"a":\n}`,
].flatMap((several) => several.split(" | "));

test.each([...notObjects, " {}", '{"a":"\t"}', '{"a":"\0"}', '{"a":"plain \x1f"}'])(
  "%j is no object that begins at once",
  (text) => {
    for (const after of ["\n", "}\n", '"}', ""]) expect(skimmed(text, 1, after).isObject).toBe(false);
  },
);

test("wanted members are found where they belong, and nowhere else", () => {
  const { skim, isObject } = skimmed(
    '{"at":"12:00","x":{"a":"no"},"of":{"b":["a"],"in":{"a":-7.5},"a":"yes"},"y":[{"a":"no"}],"a":42}',
  );
  expect(isObject).toBe(true);
  expect([skim.value(slot.at), skim.value(slot.ofA), skim.number(slot.ofInA)]).toEqual([
    "12:00",
    "yes",
    -7.5,
  ]);
  expect([skim.number(slot.a), skim.isObject(slot.of), skim.isObject(slot.ofIn)]).toEqual([42, true, true]);
  expect([skim.word(slot.a), skim.number(slot.at), skim.number(slot.of)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("nothing is left of the text that was skimmed before", () => {
  const skim = new JsonSkim(paths);
  const bytes = Buffer.from('{"a":"one","of":{"a":1}}\n{"at":null}\n');
  skim.over(bytes);
  const from = bytes.byteOffset;
  expect(skim.skim(from, from + 24)).toBe(true);
  expect(skim.skim(from + 25, from + 36)).toBe(true);
  expect([skim.has(slot.a), skim.value(slot.ofA), skim.has(slot.of), skim.value(slot.at)]).toEqual([
    false,
    undefined,
    false,
    null,
  ]);
});

test("the same word is given out for the same bytes, another one for others", () => {
  for (const word of ["reasoning", "reasonixg", "", "reasoning", "rexsoning"])
    expect(skimmed(`{"a":"${word}"}`).skim.word(slot.a)).toBe(word);
  const skim = new JsonSkim(paths);
  const bytes = Buffer.from('{"a":"abcd"}{"a":"abcx"}');
  skim.over(bytes);
  const from = bytes.byteOffset;
  const words = [0, 12, 0].map((at) =>
    skim.skim(from + at, from + at + 12) ? skim.word(slot.a) : undefined,
  );
  expect(words).toEqual(["abcd", "abcx", "abcd"]);
});

test("a member's value is what JSON.parse says, whatever it is and however often it is asked for", () => {
  const check = (value: unknown, isSpaced: boolean): void => {
    const text = JSON.stringify(
      { x: [value], a: value, of: { in: { a: value }, a: 1 } },
      null,
      isSpaced ? "\t" : "",
    );
    const latin = Buffer.from(text).toString("latin1").replaceAll("\n", "\r");
    const { skim, isObject } = skimmed(latin);
    expect(isObject).toBe(true);
    const whole = JSON.parse(latin) as { a: unknown; of: unknown };
    for (let times = 0; times < 2; times++) {
      expect([skim.value(slot.a), skim.value(slot.ofInA), skim.value(slot.of)]).toEqual([
        whole.a,
        whole.a,
        whole.of,
      ]);
      expect(skim.word(slot.a)).toBe(typeof whole.a === "string" ? whole.a : undefined);
      expect(skim.number(slot.a)).toBe(typeof whole.a === "number" ? whole.a : undefined);
    }
  };
  const plain = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true }),
    fc.jsonValue({ maxDepth: 3 }),
  );
  fc.assert(fc.property(plain, fc.boolean(), check), { numRuns: 200 });
});

test("what isn't told here is left to JSON.parse: a member twice, its name with escapes, deep nesting", () => {
  const deep = `{"x":${"[".repeat(66)}${"]".repeat(66)}}`;
  for (const text of ['{"a":1,"a":2}', String.raw`{"\u0061":1}`, deep]) {
    expect(JSON.parse(text)).toBeTypeOf("object");
    expect(skimmed(text).isObject).toBe(false);
  }
  expect(skimmed(String.raw`{"x":{"a":1,"a":"\n"},"y":"\n"}`).isObject).toBe(true);
});

test("halves of surrogate pairs are told of in either case, and of the text that has them only", () => {
  for (const [escape, has] of [
    ["d83d", true],
    ["DBFF", true],
    ["dC00", true],
    ["d7ff", false],
    ["e000", false],
  ] as const)
    expect(skimmed(`{"x":"\\u${escape}"}`).skim.hasSurrogates, escape).toBe(has);
});

test("megabytes of white space behind an object are passed over once", () => {
  // Each byte of it looked at from every other would take hours.
  expect(skimmed(`{"a":1}${" ".repeat(8_000_000)}`).isObject).toBe(true);
});

test("an object can't be wanted of a member that isn't", () => {
  expect(() => new JsonSkim(["a", "b.c"])).toThrow("b.c");
  expect(() => new JsonSkim(Array.from({ length: 33 }, (_, at) => `a${at}`))).toThrow("32");
});
