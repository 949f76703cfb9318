import { fc } from "../../../test/kit/property.ts";
import { describe, expect, it } from "vitest";
import { editFile } from "./edit.ts";
import { parsePatch } from "./parse.ts";

function edit(content: string | Buffer, hunks: string): string {
  const parsed = parsePatch(`*** Begin Patch\n*** Update File: f\n${hunks}\n*** End Patch`);
  if (!parsed.ok) throw new Error(parsed.why);
  const section = parsed.sections[0]!;
  if (section.kind !== "update") throw new Error("no update");
  const edited = editFile(Buffer.from(content), section.hunks);
  return edited.ok ? edited.content.toString("utf8") : `refused: ${edited.why}`;
}

describe("a hunk is found", () => {
  it("below its headings, the first place that fits", () => {
    const file = "class A\n  def f\n    x = 1\nclass B\n  def f\n    x = 1\n";
    expect(edit(file, "@@ class B\n@@   def f\n-    x = 1\n+    x = 2")).toBe(
      "class A\n  def f\n    x = 1\nclass B\n  def f\n    x = 2\n",
    );
    expect(edit(file, "-    x = 1\n+    x = 2")).toBe(
      "class A\n  def f\n    x = 2\nclass B\n  def f\n    x = 1\n",
    );
  });

  it("when the heading is repeated as its first line", () => {
    expect(edit("a\nb\nc\n", "@@ b\n b\n-c\n+d")).toBe("a\nb\nd\n");
  });

  it("or the answer says where it stops to fit, without a bundle's whole line", () => {
    const why = edit(`a\n${"x".repeat(1_000_000)}end\n`, "-a\n-b\n+c");
    expect(why).toMatch(/line 2 of the file is:\n {2}x+\n\[… [\d,]+ bytes left out here …\]\nx+end$/u);
    expect(why.length).toBeLessThan(1_000);
  });

  it("at the end of the file when it says so", () => {
    expect(edit("x\ny\nx\n", "@@\n-x\n+z\n*** End of File")).toBe("x\ny\nz\n");
    expect(edit("x\ny\n", "@@\n-x\n+z\n*** End of File")).toContain("not the end of the file");
  });

  it("by the empty line at its end, or without it when the file has none there", () => {
    expect(edit("a\nb\na\n\nz\n", "@@\n-a\n+x\n")).toBe("a\nb\nx\n\nz\n");
    expect(edit("a\nb\n", `@@\n a\n-b\n+c${"\n".repeat(9)}`)).toBe("a\nc\n");
    expect(edit("a\nb\n", "@@\n a\n-b\n+c\n \n*** End of File")).toBe("a\nc\n");
    expect(edit("a\nb\n", "@@\n a\n-b\n-\n+c")).toBe("a\nc\n");
    expect(edit("a\nb\n", "@@\n b\n \n+c")).toBe("a\nb\n\nc\n");
    expect(edit("a\nb\n", "@@\n \n+c")).toContain("refused");
    expect(edit("a\nb\n", "@@\n a\n-b\n-\n+c\n+")).toBe("a\nc\n");
    expect(edit("a\nb\n", "@@\n b\n \n+")).toBe("a\nb\n\n");
  });

  it("though a gap before it is as the empty line that it begins with, or as one that stands elsewhere", () => {
    expect(edit("a\nb\n\nd\n", "@@\n a\n-b\n+c\n\n@@\n \n-d\n+e")).toBe("a\nc\n\ne\n");
    expect(edit("a\nz\na\n\n", "@@\n-a\n+x\n\n@@\n-z\n+y")).toBe("x\ny\na\n\n");
  });

  it("in a file of more lines than a call has room for as arguments", () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index}`);
    const edited = edit(`${lines.join("\n")}\n`, "-line 150000\n+changed");
    expect(edited).toBe(`${lines.with(150_000, "changed").join("\n")}\n`);
  });

  it("where it fits exactly rather than where it fits loosely", () => {
    expect(edit("  x\nx\n", "-x\n+y")).toBe("  x\ny\n");
  });

  it.each([
    ["trailing spaces", "foo  \nbar\n", " foo\n-bar\n+baz", "foo  \nbaz\n"],
    ["indentation", "\tfoo\nbar\n", "   foo\n-bar\n+baz", "\tfoo\nbaz\n"],
    [
      "typography",
      "say \u201chi\u201d \u2013 it\u2019s\u00a0on\nbar\n",
      ' say "hi" - it\'s on\n-bar\n+baz',
      "say \u201chi\u201d \u2013 it\u2019s\u00a0on\nbaz\n",
    ],
  ])("although %s differ, and the file's own line is kept", (_, file, hunks, expected) => {
    expect(edit(file, hunks)).toBe(expected);
  });
});

describe("only new lines are put", () => {
  it("below the heading", () => {
    expect(edit("a\nb\nc\n", "@@ b\n+new")).toBe("a\nb\nnew\nc\n");
  });
  it("at the end without one", () => {
    expect(edit("a\nb\n", "@@\n+new")).toBe("a\nb\nnew\n");
  });
  it("at the end whatever hunks follow", () => {
    expect(edit("a\nb\n", "@@\n+new\n@@\n-a\n+c\n@@\n+newer")).toBe("c\nb\nnew\nnewer\n");
  });
  it("into an empty file", () => {
    expect(edit("", "@@\n+new")).toBe("new\n");
  });
});

describe("an edited file keeps", () => {
  it("its line ends", () => {
    expect(edit("a\r\nb\r\nc\r\n", " a\n-b\n+x\n+y\n c")).toBe("a\r\nx\r\ny\r\nc\r\n");
  });
  it("line ends that are mixed, where nothing changes", () => {
    expect(edit("a\r\nb\nc\n", "-b\n+x")).toBe("a\r\nx\nc\n");
  });
  it("its missing final newline", () => {
    expect(edit("a\nb", "-b\n+c")).toBe("a\nc");
    expect(edit("a\nb", "@@\n+c")).toBe("a\nb\nc");
    expect(edit("a\nb", " a\n-b")).toBe("a");
  });
  it("its byte order mark", () => {
    expect(edit("\uFEFFa\nb\n", "-a\n+c")).toBe("\uFEFFc\nb\n");
  });
  it("bytes that aren't UTF-8", () => {
    const file = Buffer.concat([Buffer.from("caf"), Buffer.from([0xe9, 0x0a]), Buffer.from("b\n")]);
    const parsed = parsePatch("*** Begin Patch\n*** Update File: f\n@@\n-b\n+ü\n*** End Patch");
    const section = parsed.ok ? parsed.sections[0]! : undefined;
    const edited = editFile(file, section?.kind === "update" ? section.hunks : []);
    expect(edited).toEqual({ ok: true, content: Buffer.concat([file.subarray(0, 5), Buffer.from("ü\n")]) });
  });
});

describe("a hunk that isn't found", () => {
  it("is shown, with the place where it stops to fit", () => {
    const refused = edit("a\nb\nc\n", " a\n b\n-x\n+y");
    expect(refused).toContain("these lines were not found in the file:\n  a\n  b\n  x\n");
    expect(refused).toContain("The first 2 of them stand at line 1, but then line 3 of the file is:\n  c");
  });
  it("is told to come in order when it stands further up", () => {
    expect(edit("a\nb\nc\n", "-c\n+C\n@@\n-a\n+A")).toContain(
      "They stand at line 1: hunks must come in the order of the file.",
    );
  });
  it("names a heading that is missing", () => {
    expect(edit("a\n", "@@ nope\n-a\n+b")).toContain("  nope");
  });
});

describe("property: a patch made of any edit of any file", () => {
  const line = fc.stringMatching(/^[ a-c"\t–]{0,4}$/u);
  const edits = fc.array(
    fc.record({ keep: fc.nat(4), cut: fc.nat(3), put: fc.array(line, { maxLength: 3 }) }),
    { minLength: 1, maxLength: 4 },
  );

  it("applies exactly, whatever repeats in the file", () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        edits,
        fc.constantFrom("\n", "\r\n"),
        (lines, changes, end) => {
          // One hunk that holds the whole file has one place only.
          const hunk: string[] = [];
          const after: string[] = [];
          let at = 0;
          for (const { keep, cut, put } of changes) {
            for (const text of lines.slice(at, at + keep)) {
              hunk.push(` ${text}`);
              after.push(text);
            }
            at += keep;
            hunk.push(...lines.slice(at, at + cut).map((text) => `-${text}`));
            at += cut;
            hunk.push(...put.map((text) => `+${text}`));
            after.push(...put);
          }
          for (const text of lines.slice(at)) {
            hunk.push(` ${text}`);
            after.push(text);
          }
          fc.pre(hunk.length > 0);
          const file = lines.map((text) => text + end).join("");
          expect(edit(file, `@@\n${hunk.join("\n")}`)).toBe(
            after.map((text) => text + (lines.length === 0 ? "\n" : end)).join(""),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("applies exactly in several small hunks when the lines are distinct", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.uniqueArray(fc.nat(39), { maxLength: 6 }),
        fc.boolean(),
        (size, places, final) => {
          const lines = Array.from({ length: size }, (_, index) => `line ${index}`);
          const after: string[] = [];
          const hunks: string[] = [];
          for (const [index, text] of lines.entries()) {
            if (!places.includes(index)) {
              after.push(text);
              continue;
            }
            hunks.push(
              "@@",
              ...(index > 0 && !places.includes(index - 1) ? [` ${lines[index - 1]}`] : []),
              `-${text}`,
              `+new ${index}`,
              "+more",
            );
            after.push(`new ${index}`, "more");
          }
          fc.pre(hunks.length > 0);
          const last = final ? "\n" : "";
          expect(edit(lines.join("\n") + last, hunks.join("\n"))).toBe(after.join("\n") + last);
        },
      ),
      { numRuns: 300 },
    );
  });
});
