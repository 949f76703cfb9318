import { Failure } from "../failure.ts";
import { printableLine } from "../lib/printable.ts";

const mostNamed = 5;

/** The failure for a reference that means more than one Codex session (`session-ambiguous`). */
export function ambiguousThread(reference: string, matches: string[]): Failure {
  const more = matches.length > mostNamed ? ` and ${matches.length - mostNamed} more` : "";
  return new Failure(
    "session-ambiguous",
    `"${printableLine(reference)}" matches ${matches.length} Codex sessions: ${matches.slice(0, mostNamed).join(", ")}${more}. Give more of the id; which is which: throughline sessions --codex --all`,
    { reference, matches },
  );
}
