import { describe, expect, it } from "vitest";
import { parsePatch } from "./parse.ts";

const sections = (body: string) => {
  const parsed = parsePatch(`*** Begin Patch\n${body}\n*** End Patch`);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.sections;
};
const why = (input: string): string => {
  const parsed = parsePatch(input);
  return parsed.ok ? "" : parsed.why;
};

describe("a patch is read", () => {
  it("with every kind of section", () => {
    const body = [
      "*** Add File: a.txt",
      "+one",
      "+",
      "+two",
      "*** Delete File: b.txt",
      "*** Update File: c.txt",
      "*** Move to: d.txt",
      "@@ class A",
      "@@ def f():",
      " keep",
      "-old",
      "+new",
      "@@",
      "-last",
      "*** End of File",
    ].join("\n");
    expect(sections(body)).toEqual([
      { kind: "add", path: "a.txt", lines: ["one", "", "two"] },
      { kind: "delete", path: "b.txt" },
      {
        kind: "update",
        path: "c.txt",
        moveTo: "d.txt",
        hunks: [
          {
            headings: ["class A", "def f():"],
            lines: [
              { sign: " ", text: "keep" },
              { sign: "-", text: "old" },
              { sign: "+", text: "new" },
            ],
            blanks: 0,
            atEnd: false,
          },
          { headings: [], lines: [{ sign: "-", text: "last" }], blanks: 0, atEnd: true },
        ],
      },
    ]);
  });

  it.each([
    ["a here-document", "apply_patch <<'EOF'\n", "\nEOF"],
    ["a bare here-document", "<<PATCH\n", "\nPATCH \n"],
    ["a Markdown fence", "```diff\n", "\n```"],
    ["blank lines", "\n\n", "\n\n"],
  ])("out of %s", (_, before, after) => {
    const parsed = parsePatch(`${before}*** Begin Patch\n*** Delete File: a\n*** End Patch${after}`);
    expect(parsed).toEqual({ ok: true, sections: [{ kind: "delete", path: "a" }] });
  });

  it("out of the argument of a function call", () => {
    const input = JSON.stringify({ input: "*** Begin Patch\n*** Delete File: a\n*** End Patch" });
    expect(parsePatch(input)).toEqual({ ok: true, sections: [{ kind: "delete", path: "a" }] });
  });

  it("when its lines end with carriage returns", () => {
    const input = "*** Begin Patch\r\n*** Add File: a\r\n+x\r\n*** End Patch\r\n";
    const read = { ok: true, sections: [{ kind: "add", path: "a", lines: ["x"] }] };
    expect(parsePatch(input)).toEqual(read);
    // As many models end a patch.
    expect(parsePatch(input.trimEnd())).toEqual(read);
    expect(parsePatch(`${input.trimEnd()}\n`)).toEqual(read);
  });

  it("with spaces around its markers, except in a hunk, where they are context", () => {
    const input =
      " *** Begin Patch \n  *** Add File: a\n+x\n *** Delete File: b \n\t*** Update File: c\n - x\n";
    expect(sections(input.slice(input.indexOf("\n") + 1))).toMatchObject([
      { kind: "add", path: "a", lines: ["x"] },
      { kind: "delete", path: "b" },
      { kind: "update", path: "c" },
    ]);
    expect(sections("*** Update File: a\n *** Delete File: b\n-x")).toMatchObject([
      { hunks: [{ lines: [{ sign: " ", text: "*** Delete File: b" }, { sign: "-" }] }] },
    ]);
  });

  it("when empty lines lost their sign, and when headings are unified-diff line numbers", () => {
    expect(sections("*** Update File: a\n@@ -1,3 +1,4 @@\n one\n\n-two\n+three\n")).toEqual([
      {
        kind: "update",
        path: "a",
        hunks: [
          {
            headings: [],
            lines: [
              { sign: " ", text: "one" },
              { sign: " ", text: "" },
              { sign: "-", text: "two" },
              { sign: "+", text: "three" },
            ],
            blanks: 1,
            atEnd: false,
          },
        ],
      },
    ]);
    expect(sections("*** Update File: a\n@@\n+new\n\n*** Delete File: b")[0]).toMatchObject({
      hunks: [{ lines: [{ sign: "+", text: "new" }] }],
    });
  });

  it("when lines of a file look like markers", () => {
    expect(sections("*** Add File: a\n+*** End Patch\n+*** Add File: b")).toEqual([
      { kind: "add", path: "a", lines: ["*** End Patch", "*** Add File: b"] },
    ]);
  });
});

describe("a patch is refused, with the line that is wrong,", () => {
  it.each([
    ["without markers", "hello", "first line of a patch must be"],
    ["without an end", "*** Begin Patch\n*** Delete File: a", "last line of a patch must be"],
    [
      "with text around it",
      "Here you are:\n*** Begin Patch\n*** Delete File: a\n*** End Patch",
      "Here you are:",
    ],
    ["without a section", "*** Begin Patch\n*** End Patch", "names no file"],
    ["with an unknown section", "*** Begin Patch\n*** Rename File: a\n*** End Patch", "Line 2"],
    ["without a path", "*** Begin Patch\n*** Delete File: \n*** End Patch", "the path is missing"],
    [
      "with an unsigned line in a new file",
      "*** Begin Patch\n*** Add File: a\n+x\ny\n*** End Patch",
      "Line 4",
    ],
    [
      "with an unsigned line in a hunk",
      "*** Begin Patch\n*** Update File: a\n@@\nfoo\n*** End Patch",
      "Line 4",
    ],
    ["with an update that changes nothing", "*** Begin Patch\n*** Update File: a\n*** End Patch", "no hunk"],
    ["with an empty hunk", "*** Begin Patch\n*** Update File: a\n@@ f\n*** End Patch", "has no lines"],
  ])("%s", (_, input, words) => {
    expect(why(input)).toContain(words);
  });
});
