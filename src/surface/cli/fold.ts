/** How many columns a text takes on the screen. */
export type ColumnsOf = (text: string) => number;

/** What measures these texts and what stands around them. */
export async function measure(texts: readonly string[]): Promise<ColumnsOf> {
  const isPlain = texts.every((text) => /^[ -~…›•×]*$/u.test(text));
  // Loaded only for texts with wide characters: loading its tables takes a tenth of a list's time.
  return isPlain ? ({ length }) => length : (await import("string-width")).default;
}

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
