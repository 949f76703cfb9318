/** How lines of a patch and of a file are compared, the strictest way first: models lose trailing spaces, indentation and typography. */
const readings: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) => plain(line.trim()),
];

/** Typographic dashes, quotes and spaces as the keyboard has them. */
function plain(line: string): string {
  return line
    .replace(/[\u2010-\u2015\u2212]/gu, "-")
    .replace(/[\u2018-\u201b]/gu, "'")
    .replace(/[\u201c-\u201f]/gu, '"')
    .replace(/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/gu, " ");
}

/**
 * Where the wanted lines stand one after another in the file, at `from` or after it: the first place for the strictest reading that
 * has any. With `atEnd` only the end of the file is looked at.
 */
export function findLines(
  file: readonly string[],
  wanted: readonly string[],
  from: number,
  atEnd = false,
): number | undefined {
  const last = file.length - wanted.length;
  const first = atEnd ? Math.max(from, last) : from;
  for (const read of readings) {
    const lines = wanted.map(read);
    for (let at = first; at <= last; at++) {
      if (lines.every((line, index) => read(file[at + index]!) === line)) return at;
    }
  }
  return undefined;
}

/** The place where most of the wanted lines stand from their first on, for an error that helps: position and how many match. */
export function nearest(
  file: readonly string[],
  wanted: readonly string[],
): { at: number; matching: number } | undefined {
  const read = readings.at(-1)!;
  const lines = wanted.map(read);
  let best: { at: number; matching: number } | undefined;
  for (let at = 0; at < file.length; at++) {
    let matching = 0;
    while (
      matching < lines.length &&
      at + matching < file.length &&
      read(file[at + matching]!) === lines[matching]
    )
      matching++;
    if (matching > 0 && matching > (best?.matching ?? 0)) best = { at, matching };
  }
  return best;
}
