import { describe, expect, it } from "vitest";
import { afterWrapping, wrapsAgain } from "./reflow.ts";

describe("lines that a narrower terminal has wrapped anew", () => {
  const lines = ["x".repeat(70), "", "漢字".repeat(10), "y".repeat(10)];

  it("have the cursor further down by the rows that were added above it", () => {
    const up = (y: number, x: number, to: number): string =>
      afterWrapping({ lines, cursor: { x, y } }, 80, to);
    expect(up(3, 2, 40)).toBe("\u001b[1A");
    expect(up(3, 2, 30)).toBe("\u001b[3A");
    expect(up(0, 60, 40), "in the line itself").toBe("\u001b[1A");
    expect(up(3, 2, 70)).toBe("");
  });

  it("are erased from their end where there is no cursor", () => {
    expect(afterWrapping({ lines }, 80, 30)).toBe("\u001b[2K\u001b[1A".repeat(3));
  });

  it("were no wider than the terminal was", () => {
    expect(afterWrapping({ lines, cursor: { x: 0, y: 1 } }, 40, 36)).toBe("\u001b[1A");
  });

  it("are told from those of terminals that cut them", () => {
    expect(wrapsAgain({ TERM: "xterm-256color" })).toBe(true);
    expect(wrapsAgain({ TERM: "xterm-256color", XTERM_VERSION: "XTerm(390)" })).toBe(false);
    expect(wrapsAgain({ TERM: "screen", STY: "1.pts" })).toBe(false);
  });
});
