/** What every measure gets. */
export interface Bench {
  /** A folder for its files, which is removed at the end. */
  scratch: string;
  /** Smaller sizes: to see that it works, not to quote. */
  quick: boolean;
  /** The largest sizes, where a measure has some that take long. */
  full: boolean;
}

/** One line of the result. */
export interface Row {
  measure: string;
  ours: string;
  /** What it is compared with, measured in the same run unless it says otherwise. */
  beside: string;
  /** ours / beside, where both are of one kind. */
  ratio?: string;
  goal?: string;
}

/** Plain text in columns. */
export function table(rows: readonly Row[]): string {
  const cells = [
    ["measure", "ours", "beside", "ratio", "goal"],
    ...rows.map(({ measure, ours, beside, ratio = "", goal = "" }) => [measure, ours, beside, ratio, goal]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return `${lines.join("\n")}\n`;
}
