import { describe, expect, it } from "vitest";
import { printable, visible } from "./printable.ts";

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
});
