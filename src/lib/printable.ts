/** Text from sessions, models and providers made safe to print: no control sequences, no direction overrides. */

// C0 and C1 controls but tab and newline; lone escape sequences go with their parameters, OSC strings with their text.
const escapeSequences =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/gu;
const controls =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]/gu;

/** Keeps tabs and newlines. Half a character becomes U+FFFD, as which it would be written anyway. */
export function printable(text: string): string {
  return text.toWellFormed().replace(/\r\n?/gu, "\n").replace(escapeSequences, "").replace(controls, "");
}

// Everything that a terminal obeys or leaves out of sight, but tab and newline.
const unseen = /[^\P{C}\t\n]|[\p{Zl}\p{Zp}]/gu;

/**
 * Keeps everything, and writes what a terminal would obey or hide as an escape: for what a person is asked to allow, where a part that is
 * left out would be allowed unseen.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
  });
}

/** One line of at most `limit` characters (whole code points), with "…" where it was cut. */
export function printableLine(text: string, limit = 120): string {
  // Of a text of megabytes no more is looked at than can be shown, controls and blanks aside.
  const most = 16 * limit + 4_096;
  const line = printable(text.slice(0, most)).replace(/\s+/gu, " ").trim();
  const points = Array.from(line.slice(0, limit * 2 + 2));
  if (points.length <= limit && text.length <= most) return line;
  return `${points.slice(0, limit - 1).join("")}…`;
}
