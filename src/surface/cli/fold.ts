/** How many columns a text takes on the screen. */
export type ColumnsOf = (text: string) => number;

/** What measures these texts and what stands around them. */
export async function measure(texts: readonly string[]): Promise<ColumnsOf> {
  const isPlain = texts.every((text) => /^[ -~…›•×]*$/u.test(text));
  // Loaded only for texts with wide characters: loading its tables takes a tenth of a list's time.
  return isPlain ? ({ length }) => length : (await import("string-width")).default;
}

/** Where a line may be folded: between words, but not within a command of ours. */
export const wordsOf = (text: string): string[] => text.split(/(?<=\S )(?=\S)(?<!throughline .*)/u);

/** Puts the parts of a line into rows of at most `columns`; those after the first begin with `indent`. */
export function folded(
  parts: readonly string[],
  columns: number,
  columnsOf: ColumnsOf,
  indent = "    ",
): string {
  const rows: string[] = [];
  let row = "";
  for (const part of parts) {
    if (row !== "" && columnsOf((row + part).trimEnd()) > columns) {
      rows.push(row.trimEnd());
      row = indent;
    }
    row += part;
  }
  return [...rows, row].join("\n");
}

/**
 * The lines that begin with a label, folded between words where the terminal tells its width and they are wider; not within a command of
 * ours.
 */
export async function fitted(
  lines: readonly string[],
  label: RegExp,
  columns: number | undefined,
): Promise<string[]> {
  if (!columns) return [...lines];
  const columnsOf = await measure(lines);
  return lines.map((line) => {
    const before = label.exec(line)?.[0];
    if (before === undefined || columnsOf(line) <= columns) return line;
    const [first = "", ...rest] = wordsOf(line.slice(before.length));
    return folded([before + first, ...rest], columns, columnsOf, " ".repeat(Math.max(4, before.length)));
  });
}
