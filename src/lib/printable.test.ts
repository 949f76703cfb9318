import { describe, expect, it } from "vitest";
import { printable, printableJson, printableLine, visible } from "./printable.ts";

describe("what a person is asked to allow", () => {
  it("keeps a part that a terminal would take for the text of a control string", () => {
    const command = "echo shown \u001b]0; touch pwned \u0007";
    expect(printable(command)).toBe("echo shown ");
    expect(visible(command)).toBe(String.raw`echo shown \x1b]0; touch pwned \x07`);
  });

  it("shows what turns, hides or overwrites text, and leaves the rest as it is", () => {
    expect(visible("a\rb\u202ec\u200bd\u{e0041}\u2028e")).toBe(
      String.raw`a\x0db\u{202e}c\u{200b}d\u{e0041}\u{2028}e`,
    );
    expect(visible("grep 'ä☂\t🙂' |\n wc")).toBe("grep 'ä☂\t🙂' |\n wc");
  });

  it("shows letters, marks and symbols that have no shape, but for what ordinary text needs", () => {
    expect(visible("a\u3164b\u{e0151}\u{e0152}c\u034fd\u2800e\ufe0f")).toBe(
      String.raw`a\u{3164}b\u{e0151}\u{e0152}c\u{34f}d\u{2800}e\u{fe0f}`,
    );
    expect(visible("❤\ufe0f e\u0301 한국어 ❤\ufe0f\ufe0f")).toBe("❤\ufe0f e\u0301 한국어 ❤\ufe0f\\u{fe0f}");
    expect(visible("1\ufe0f 1\ufe0f\u20e3 🧑🏽\u200d💻\u200d x\u200dy")).toBe(
      "1\\u{fe0f} 1\ufe0f\u20e3 🧑🏽\u200d💻\\u{200d} x\\u{200d}y",
    );
    expect(visible("می\u200cخواهم ب\u200c\u200cب")).toBe("می\u200cخواهم ب\\u{200c}\\u{200c}ب");
  });
});

describe("a line of a list", () => {
  it("holds no sequence that a terminal obeys, no turned direction and no half character", () => {
    const text =
      "\u001b]0;title\u0007a\u001b[31mb\u001b[0m\r\n\u202ec\u2066\u009b2Jd\u200f \ud83d e\u0301 👩‍👩‍👧";
    expect(printableLine(text)).toBe("ab c2Jd \ufffd e\u0301 👩‍👩‍👧");
  });

  it("is cut to whole characters, also where a text of megabytes begins with blanks or sequences", () => {
    expect(printableLine("👍".repeat(9), 5)).toBe("👍👍👍👍…");
    expect(printableLine("x".repeat(2_000_000), 5)).toBe("xxxx…");
    expect(printableLine(`${" ".repeat(2_000_000)}x`, 5)).toBe("…");
    expect(printableLine(`${"\u001b[31m".repeat(5)}abc`, 5)).toBe("abc");
    expect(printableLine(`\u001b]8;;${"y".repeat(2_000_000)}`, 5)).toBe("…");
  });
});

it("JSON is printed without what a terminal obeys, and is the same", () => {
  const text = '\u001b[2J\u009b31m\u202e\u2066\ufeff\u007f ä 🙂 \\ "';
  const printed = printableJson(JSON.stringify({ [text]: text }));
  expect(printed).toMatch(/^[^\p{C}]+$/u);
  expect(JSON.parse(printed)).toEqual({ [text]: text });
  expect(printableJson('{\r\n\t"a": 1}')).toBe('{\r\n\t"a": 1}');
});
