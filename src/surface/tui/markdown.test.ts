import { describe, expect, it } from "vitest";
import { markdownLines } from "./markdown.ts";
import { painter } from "./style.ts";
import { columnsOf } from "./wrap.ts";

const lines = (text: string, columns = 40): string[] => markdownLines(text, columns, painter(false));

describe("Markdown for a terminal", () => {
  it("lays out headings, lists, tasks, quotes and code", () => {
    expect(
      lines(
        "# Title\n\nSome **bold** `code`\n\n- one\n  - two\n- [x] done\n\n1. a\n2. b\n\n> said\n\n```js\nx = 1\n```",
      ),
    ).toEqual([
      "Title",
      "",
      "Some bold code",
      "",
      "• one",
      "  • two",
      "• [x] done",
      "",
      "1. a",
      "2. b",
      "",
      "│ said",
      "",
      "  x = 1",
    ]);
  });

  it("shows where links lead, and HTML and angle brackets as they were written", () => {
    expect(lines("[docs](https://a.b) and https://c.d\n\nif a < b && <div> then Array<string>")).toEqual([
      "docs (https://a.b) and https://c.d",
      "",
      "if a < b && <div> then Array<string>",
    ]);
  });

  it("puts a table side by side where it fits, and its cells beneath each other where not", () => {
    const table = "| Name | Value |\n|---|---|\n| 漢字 | 1 |\n| b | 2 |";
    expect(lines(table)).toEqual(["Name  Value", "────  ─────", "漢字  1", "b     2"]);
    expect(lines(table, 8)).toEqual(["Name:", "  漢字", "Value: 1", "", "Name: b", "Value: 2"]);
  });

  it("never has a line wider than the screen, whatever the words and their width", () => {
    const text = `- ${"漢字".repeat(30)} and \`${"x".repeat(50)}\`\n\n\`\`\`\n\t${"y".repeat(50)}\n\`\`\`\n\n> > ${"z ".repeat(40)}`;
    for (const columns of [12, 24, 40]) {
      for (const line of lines(text, columns)) expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
    }
  });

  it("is the same for text that is still streaming, up to where it is", () => {
    const text = "Look:\n\n```js\nconst x = 1;\n```\n\n- **a** b";
    for (let at = 1; at <= text.length; at++) expect(() => lines(text.slice(0, at))).not.toThrow();
    expect(lines("Look:\n\n```js\nconst x")).toEqual(["Look:", "", "  const x"]);
  });

  it("lets no control sequence through", () => {
    expect(lines("a\u001b]0;title\u0007b \u001b[2Jc \u202ed\n\n`\u001b[31mx`").join("\n")).toBe(
      "ab c d\n\nx",
    );
  });

  it.each(["> ", "- ", "1. "])("shows what a model that repeats %j on and on has written", (mark) => {
    const shown = lines(`${mark.repeat(8_000)}end`);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.at(-1)).toContain("end");
  });

  it("lays out code of more lines than a call has room for as arguments", () => {
    expect(lines(`\`\`\`\n${"x\n".repeat(130_000)}\`\`\``)).toHaveLength(130_000);
  });
});
