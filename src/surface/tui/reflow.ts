import type { Live } from "./live.ts";
import { columnsOf } from "./wrap.ts";

/** Terminals that leave long lines where they are when they become narrower, by what they put into the environment (2026-11). */
export function wrapsAgain(environment: Readonly<Record<string, string | undefined>>): boolean {
  return !environment["XTERM_VERSION"] && !environment["STY"] && environment["TERM"] !== "linux";
}

/**
 * Moves the cursor to where the renderer believes that it is in lines that a terminal has wrapped anew, because it became narrower. Ink counts
 * the lines as it drew them, and would leave what it doesn't erase above them for good (8.0.0).
 */
export function afterWrapping({ lines, cursor }: Live, from: number, to: number): string {
  const rows = (line: string): number => Math.max(1, Math.ceil(Math.min(columnsOf(line), from) / to));
  const added = (part: readonly string[]): number => part.reduce((sum, line) => sum + rows(line) - 1, 0);
  // With a cursor it goes up from there; without one it erases line by line from the end.
  if (!cursor) return "\u001b[2K\u001b[1A".repeat(added(lines));
  const up = added(lines.slice(0, cursor.y)) + Math.floor(Math.min(cursor.x, from - 1) / to);
  return up > 0 ? `\u001b[${up}A` : "";
}
