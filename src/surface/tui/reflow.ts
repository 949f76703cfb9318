import type { Live } from "./live.ts";
import { columnsOf } from "./wrap.ts";

/**
 * Whether the terminal wraps lines anew when its window becomes narrower. xterm, GNU screen and the Linux console don't, and are told by
 * what they put into the environment (seen 2026-11).
 */
export function wrapsAgain(environment: Readonly<Record<string, string | undefined>>): boolean {
  return !environment["XTERM_VERSION"] && !environment["STY"] && environment["TERM"] !== "linux";
}

/**
 * The control sequence that corrects the cursor after a terminal has wrapped the drawn lines anew, from `from` to `to` columns. Ink (8.0.0)
 * erases as many lines as it drew; without this, the rows that wrapping added would stay above the new frame for good.
 */
export function afterWrapping({ lines, cursor }: Live, from: number, to: number): string {
  const rows = (line: string): number => Math.max(1, Math.ceil(Math.min(columnsOf(line), from) / to));
  const added = (part: readonly string[]): number => part.reduce((sum, line) => sum + rows(line) - 1, 0);
  // Ink moves up from a visible cursor; without one it erases line by line from the end, so the added rows are erased here.
  if (!cursor) return "\u001b[2K\u001b[1A".repeat(added(lines));
  const up = added(lines.slice(0, cursor.y)) + Math.floor(Math.min(cursor.x, from - 1) / to);
  return up > 0 ? `\u001b[${up}A` : "";
}
