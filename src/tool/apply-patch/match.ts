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

interface Run {
  at: number;
  matching: number;
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
  const first = atEnd ? Math.max(from, file.length - wanted.length) : from;
  for (const read of readings) {
    const run = longestRun(file, wanted, first, read);
    if (run?.matching === wanted.length) return run.at;
  }
  return undefined;
}

/** The place where most of the wanted lines stand from their first on, for an error that helps: position and how many match. */
export function nearest(file: readonly string[], wanted: readonly string[]): Run | undefined {
  return longestRun(file, wanted, 0, readings.at(-1)!);
}

/**
 * The first of the places, at `from` or after it, where most of the wanted lines stand from their first on. Each line of the file is read
 * once (Knuth, Morris and Pratt): tables and generated files have long runs of the same line.
 */
function longestRun(
  file: readonly string[],
  wanted: readonly string[],
  from: number,
  read: (line: string) => string,
): Run | undefined {
  const lines = wanted.map(read);
  const borders = bordersOf(lines);
  let best: Run | undefined;
  let matching = 0;
  for (let at = from; at < file.length && matching < lines.length; at++) {
    const line = read(file[at]!);
    while (matching > 0 && line !== lines[matching]) matching = borders[matching - 1]!;
    if (line === lines[matching]) matching++;
    if (matching > (best?.matching ?? 0)) best = { at: at + 1 - matching, matching };
  }
  return best;
}

/** The failure table of Knuth, Morris and Pratt: for each line, the length of the longest run of first lines that also ends there. */
function bordersOf(lines: readonly string[]): number[] {
  const borders = [0];
  for (let at = 1, length = 0; at < lines.length; at++) {
    while (length > 0 && lines[at] !== lines[length]) length = borders[length - 1]!;
    if (lines[at] === lines[length]) length++;
    borders.push(length);
  }
  return borders;
}
