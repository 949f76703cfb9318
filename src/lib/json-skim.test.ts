import { fc } from "../../test/kit/property.ts";
import { expect, test } from "vitest";
import { JsonSkim } from "./json-skim.ts";
import { isJsonObject, parseJson } from "./json.ts";
import { skimmedText } from "./skimmed-text.ts";

const paths = ["a", "at", "of", "of.a", "of.in", "of.in.a"];
const slot = { a: 0, at: 1, of: 2, ofA: 3, ofIn: 4, ofInA: 5 };

const skim = new JsonSkim(paths);

/** Skims a text that stands between others, at any place of the memory, as a line does in what was read. */
function skimmed(text: string, before = 0, after = "\n"): boolean {
  const memory = new Uint8Array(before + text.length + after.length);
  const bytes = Buffer.from(memory.buffer);
  bytes.fill("\n").write(text + after, before, "latin1");
  skim.over(bytes);
  return skim.skim(before, before + text.length);
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
    const isObject = skimmed(text, before, after);
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
      expect(skimmed(text, before), text).toBe(true);
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
    for (const after of ["\n", "}\n", '"}', ""]) expect(skimmed(text, 1, after)).toBe(false);
  },
);

test("wanted members are found where they belong, and nowhere else", () => {
  const isObject = skimmed(
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
  const bytes = Buffer.from('{"a":"one","of":{"a":1}}\n{"at":null}\n');
  skim.over(bytes);
  expect(skim.skim(0, 24)).toBe(true);
  expect(skim.skim(25, 36)).toBe(true);
  expect([skim.has(slot.a), skim.value(slot.ofA), skim.has(slot.of), skim.value(slot.at)]).toEqual([
    false,
    undefined,
    false,
    null,
  ]);
});

test("the same word is given out for the same bytes, another one for others", () => {
  for (const word of ["reasoning", "reasonixg", "", "reasoning", "rexsoning"])
    expect([skimmed(`{"a":"${word}"}`), skim.word(slot.a)]).toEqual([true, word]);
  const bytes = Buffer.from('{"a":"abcd"}{"a":"abcx"}');
  skim.over(bytes);
  const words = [0, 12, 0].map((at) => (skim.skim(at, at + 12) ? skim.word(slot.a) : undefined));
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
    const isObject = skimmed(latin);
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
    expect(skimmed(text)).toBe(false);
  }
  expect(skimmed(String.raw`{"x":{"a":1,"a":"\n"},"y":"\n"}`)).toBe(true);
});

test("wherever a line stands among megabytes of others, and however long it is, the same is found in it", () => {
  const texts: string[] = [];
  for (let nth = 0; nth < 4_000; nth++)
    texts.push(JSON.stringify({ at: nth, a: "x".repeat(nth % 1_999), of: { in: { a: nth } } }));
  // Longer than what the scanner takes at once, and than all that it has room for.
  texts.splice(1_000, 0, JSON.stringify({ at: "long", a: "y".repeat(2_500_000), of: { in: { a: 1 } } }));
  texts.splice(500, 0, "{".repeat(100), "", '{"a":');
  const bytes = Buffer.from(`${texts.join("\n")}\n`);
  skim.over(bytes);
  const places: [text: string, start: number][] = [];
  let start = 0;
  for (const text of texts) {
    places.push([text, start]);
    start += text.length + 1;
  }
  // There and back: what is wanted next may stand before what was copied.
  for (const [text, from] of [...places, ...places.slice(-50).toReversed(), ...places.slice(0, 50)]) {
    const whole = parseJson(text) as { at: unknown; a: string; of: { in: { a: unknown } } } | undefined;
    expect(skim.skim(from, from + text.length)).toBe(whole !== undefined);
    if (whole === undefined) continue;
    expect([skim.value(slot.at), skim.value(slot.ofInA), skim.value(slot.a) === whole.a]).toEqual([
      whole.at,
      whole.of.in.a,
      true,
    ]);
    expect(bytes.toString("latin1", skim.start(slot.of), skim.end(slot.of))).toBe(JSON.stringify(whole.of));
  }
});

test("two that skim in turn keep what they found, and bytes that were read anew are seen", () => {
  const other = new JsonSkim(["at"]);
  const [one, two] = [
    Buffer.from('{"at":"one"}'),
    Buffer.from(`{"x":"${"x".repeat(3_000_000)}","at":"two"}`),
  ];
  skim.over(one);
  other.over(two);
  expect([skim.skim(0, one.length), other.skim(0, two.length)]).toEqual([true, true]);
  expect([skim.value(slot.at), other.value(0)]).toEqual(["one", "two"]);
  expect(skim.skim(0, one.length) && skim.value(slot.at)).toBe("one");
  one.write("new", 7);
  skim.over(one);
  expect(skim.skim(0, one.length) && skim.value(slot.at)).toBe("new");
  skim.release();
  expect(skim.skim(0, 0)).toBe(false);
});

test("members are told apart by all of their name", () => {
  const names = ["encrypted", "encrypted_content", "encrypted_contents", "x".repeat(63)];
  const long = new JsonSkim(names);
  for (const name of [...names, "encrypte", "encrypted_contenu", "encrypted_Content", "x".repeat(64), ""]) {
    const bytes = Buffer.from(JSON.stringify({ [name]: 1, other: { [name]: 2 } }));
    long.over(bytes);
    expect(long.skim(0, bytes.length)).toBe(true);
    expect(names.filter((_, at) => long.has(at))).toEqual(names.filter((known) => known === name));
  }
  expect(() => new JsonSkim(["x".repeat(64)]).skim(0, 0)).toThrow("too long");
});

test("parts of a text are read as a string's are, and whether it is base64 or a word", () => {
  const check = (text: string, from: number, to: number): void => {
    expect(skimmed(JSON.stringify({ a: text }))).toBe(true);
    // In its bytes, and of a string.
    for (const read of [skim.plain(slot.a), skimmedText(text)]) {
      expect(read?.length).toBe(text.length);
      expect([read?.slice(from), read?.slice(from, to), read?.slice(0, to)]).toEqual([
        text.slice(from),
        text.slice(from, to),
        text.slice(0, to),
      ]);
      expect(read?.isWord()).toBe(/^[\w-]*$/.test(text));
      for (const beginning of [text.slice(0, to), text, `${text}x`, "A"])
        expect(read?.startsWith(beginning)).toBe(text.startsWith(beginning));
      for (const length of [0, 1, text.length - 1, text.length])
        if (length >= 0 && length <= text.length)
          expect(read?.isBase64(length)).toBe(/^[\w+/-]*$/.test(text.slice(0, length)));
    }
  };
  const letters = "ABYZabyz0189+/-_";
  const nearly = fc.tuple(
    fc.string({ unit: fc.constantFrom(...letters), maxLength: 70 }),
    fc.string({ unit: fc.constantFrom(...letters, ..."@[`{.,:^= \xe9"), maxLength: 1 }),
    fc.string({ unit: fc.constantFrom(...letters), maxLength: 40 }),
  );
  fc.assert(
    fc.property(
      nearly,
      fc.integer({ min: -20, max: 20 }),
      fc.integer({ min: -20, max: 20 }),
      (parts, from, to) => check(parts.join(""), from, to),
    ),
  );
  expect([skimmed('{"a":"\\n"}'), skim.plain(slot.a), skim.text(slot.a)?.slice(0)]).toEqual([
    true,
    undefined,
    "\n",
  ]);
  expect([skimmed('{"a":1}'), skim.plain(slot.a), skim.text(slot.a)]).toEqual([true, undefined, undefined]);
});

test("bytes beyond ASCII are told of, and of the text that has them only", () => {
  for (const at of [0, 1, 15, 16, 17, 40])
    expect([skimmed(`{"${"x".repeat(at)}\xe9":"plain"}`), skim.isBeyondAscii]).toEqual([true, true]);
  expect([skimmed('{"x":"\xc3\xa9"}'), skim.isBeyondAscii]).toEqual([true, true]);
  expect([skimmed('{"x":"\\u00e9"}', 3, '\n{"x":"\xe9"}'), skim.isBeyondAscii]).toEqual([true, false]);
});

test("halves of surrogate pairs are told of in either case, and of the text that has them only", () => {
  for (const [escape, has] of [
    ["d83d", true],
    ["DBFF", true],
    ["dC00", true],
    ["d7ff", false],
    ["e000", false],
  ] as const)
    expect([skimmed(`{"x":"\\u${escape}"}`), skim.hasSurrogates], escape).toEqual([true, has]);
});

test("megabytes of white space behind an object are passed over once", () => {
  // Each byte of it looked at from every other would take hours.
  expect(skimmed(`{"a":1}${" ".repeat(8_000_000)}`)).toBe(true);
});

test("a text of 64 MB is skimmed, and a longer one left to JSON.parse", () => {
  const bytes = Buffer.alloc(2 ** 26 + 1, " ");
  bytes.write("{}");
  skim.over(bytes);
  expect([skim.skim(0, bytes.length), skim.skim(0, bytes.length - 1)]).toEqual([false, true]);
  skim.release();
});

test("an object can't be wanted of a member that isn't", () => {
  expect(() => new JsonSkim(["a", "b.c"]).skim(0, 0)).toThrow("b.c");
  expect(() => new JsonSkim(Array.from({ length: 33 }, (_, at) => `a${at}`))).toThrow("32");
});
