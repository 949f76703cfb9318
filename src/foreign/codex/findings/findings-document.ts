import { catalogue } from "./catalogue.ts";
import type { FindingEntry } from "./finding-entry.ts";

const severities = {
  broken: "A resume fails",
  loss: "A resume goes on without something, or will lose something",
  note: "Nothing has to be done",
} as const;

/** docs/codex-findings.md: every kind of damage, what it causes and what mends it. */
export function findingsDocument(): string {
  const lines = [
    "# What `throughline doctor` finds in Codex sessions",
    "",
    "Made from `src/foreign/codex/findings/catalogue.ts` by `npm run docs`. Measured with the real CLI, 0.20 to 0.169 (2026-11). How to use doctor and repair: [codex.md](codex.md).",
  ];
  const entries = Object.entries<FindingEntry>(catalogue);
  for (const [severity, title] of Object.entries(severities)) {
    lines.push(
      "",
      `## ${title}`,
      "",
      "| kind | what it is | what it causes | what mends it |",
      "| --- | --- | --- | --- |",
    );
    for (const [kind, entry] of entries) {
      if (entry.severity !== severity) continue;
      const mends = entry.mends === "repair" ? "`throughline repair`" : (entry.mends ?? "");
      lines.push(`| \`${kind}\` | ${entry.title} | ${entry.causes} | ${mends} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}
