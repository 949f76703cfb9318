// Makes text from sessions, models and providers safe to print: without control sequences and direction overrides.

// C0 and C1 controls but tab and newline; lone escape sequences go with their parameters, OSC strings with their text.
const escapeSequences =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/gu;
const controls =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]/gu;

/** The text without control sequences; tabs and newlines stay. A lone surrogate becomes U+FFFD, as it would when it is written. */
export function printable(text: string): string {
  return text.toWellFormed().replace(/\r\n?/gu, "\n").replace(escapeSequences, "").replace(controls, "");
}

// Those of `controls` that stand in a string of JSON as they are.
const beyondJson = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]/gu;

/** JSON of the same value, in which no character is left that a terminal obeys: what JSON itself escapes leaves some. */
export function printableJson(json: string): string {
  return json.replace(
    beyondJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// Characters that a terminal obeys or doesn't show, except for tab and newline. Unicode has letters, marks and a symbol among them, in which
// whole programs were hidden (variation selectors, 2025-10). One that ordinary text needs stays: a selector behind a picture or in a keycap, a
// joiner between two pictures (a person at a computer), and what keeps two Arabic letters apart, as Persian spells it.
const unseen =
  /(?:[^\P{C}\t\n]|[\p{Zl}\p{Zp}\u2800]|\p{Default_Ignorable_Code_Point})(?<!\p{Extended_Pictographic}[\ufe0e\ufe0f]|[#*\d]\ufe0f(?=\u20e3)|[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?\u200d(?=\p{Extended_Pictographic})|\p{Script=Arabic}\u200c(?=\p{Script=Arabic}))/gu;

/**
 * The text with an escape for each character that a terminal would obey or hide. For what a person is asked to allow: what `printable` leaves
 * out would be allowed unseen.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
  });
}

/** One line of at most `limit` characters (whole code points), with "…" where it was cut. */
export function printableLine(text: string, limit = 120): string {
  // A text may be megabytes long: only a beginning that is ample for the line is looked at.
  const most = 16 * limit + 4_096;
  const line = printable(text.slice(0, most)).replace(/\s+/gu, " ").trim();
  const points = Array.from(line.slice(0, limit * 2 + 2));
  if (points.length <= limit && text.length <= most) return line;
  return `${points.slice(0, limit - 1).join("")}…`;
}
