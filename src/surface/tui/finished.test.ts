import { describe, expect, it } from "vitest";
import { finish, type Finished, type Open, unfinished } from "./finished.ts";
import { markdownLines } from "./markdown.ts";
import { painter } from "./style.ts";

/** What scrolls away of a text that comes so many characters at a time, and what is left at its end. */
function parted(text: string, size: number): Finished[] {
  const parts: Finished[] = [];
  let open: Open = { fence: "", text: "" };
  for (let at = 0; at < text.length; at += size) {
    const next = finish({ ...open, text: open.text + text.slice(at, at + size) });
    if (next.finished) parts.push(next.finished);
    ({ open } = next);
  }
  const left = unfinished(open);
  return left ? [...parts, left] : parts;
}

const shown = (text: string): string[] => markdownLines(text, 30, painter(false));

const code = Array.from({ length: 20 }, (_, at) => (at % 5 === 3 ? "" : `line ${at};`)).join("\n");
const answer = [
  "# Title",
  "First words, and some more of them, in one paragraph.",
  "- one\n- two\n  - inner\n- three",
  "> said\n> by somebody",
  `Look:\n\n\`\`\`js\n${code}\n\`\`\``,
  "| a | b |\n|---|---|\n| 1 | 2 |",
  `~~~\n\`\`\`\n${code}\n~~~`,
  "1. first\n2. second",
  "The end.",
].join("\n\n");

describe("an answer that streams", () => {
  it("is parted though a model repeats the mark of a quote on and on", () => {
    const quotes = "> ".repeat(7_000);
    expect(
      parted(`One.\n\n${quotes}`, 14_000)
        .map(({ text }) => text)
        .join(""),
    ).toContain(quotes.trimEnd());
  });

  it.each([1, 2, 7, 40, 10_000])("looks the same in parts as whole, %d characters at a time", (size) => {
    const lines = parted(answer, size).flatMap(({ text, continued }, at) =>
      continued || at === 0 ? shown(text) : ["", ...shown(text)],
    );
    expect(lines).toEqual(shown(answer));
  });

  it("keeps back what may still change: the last block, the next item of a list, the last line of code", () => {
    const finished = (text: string): string | undefined => finish({ fence: "", text }).finished?.text;
    expect(finished("One.\n\nTwo")).toBeUndefined();
    expect(finished("One.\n\nTwo and more")).toBe("One.\n\n");
    expect(finished("- one\n\n- ")).toBeUndefined();
    expect(finished("- one\n\nNo item")).toBe("- one\n\n");
    expect(finished("Title\n==")).toBeUndefined();
    expect(finished("```js\na\nb\nc\nd\ne")).toBe("```js\na\nb\nc\nd\n");
    expect(finished("```js\na\nb\nc")).toBeUndefined();
  });

  it("is looked at no further where one block grows beyond bounds", () => {
    expect(finish({ fence: "", text: `One.\n\n${"word ".repeat(4_000)}` }).finished).toBeUndefined();
  });
});
