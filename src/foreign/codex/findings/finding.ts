import { catalogue, type FindingKind } from "./catalogue.ts";
import type { FindingEntry, Severity } from "./finding-entry.ts";

/** Where in a file: `line` from 1, `at` and `bytes` as offsets in it. */
export interface Place {
  readonly line: number;
  readonly at: number;
  readonly bytes: number;
}

/** One kind of damage in one file: how often it is there, and where. */
export interface Finding {
  readonly kind: FindingKind;
  /** The catalogue's, or lower where the circumstances make it harmless. */
  readonly severity: Severity;
  /** What it is: "output without its call". */
  readonly title: string;
  /** What a resume does with it, with the versions of Codex. */
  readonly causes: string;
  /** How many there are. */
  readonly count: number;
  /** The first of them. */
  readonly places: readonly Place[];
  /** What is particular here: which call, how old, which error. */
  readonly detail?: string;
  /** "repair": `repairRollout` mends it. Otherwise what a person can do, in words; absent where nothing has to be done, or nothing can be. */
  readonly mends?: string;
}

/** At most so many places are told for one finding. */
export const mostPlaces = 20;

/** A finding at these places. `severity`: where the circumstances change the catalogue's; `count`: how many there are, one unless given. */
export function finding(
  kind: FindingKind,
  places: readonly Place[],
  {
    detail,
    severity,
    count = 1,
  }: { detail?: string | undefined; severity?: Severity | undefined; count?: number } = {},
): Finding {
  const entry: FindingEntry = catalogue[kind];
  const { title, causes, mends } = entry;
  const judged = severity ?? entry.severity;
  const isMended = mends !== undefined && !(mends === "repair" && judged === "note");
  return {
    kind,
    severity: judged,
    title,
    causes,
    count,
    places,
    ...(detail !== undefined && { detail }),
    ...(isMended && { mends }),
  };
}

/** The same where it does no harm, and why that is. */
export function harmless({ mends: _mends, ...rest }: Finding, detail: string): Finding {
  return { ...rest, severity: "note", detail };
}

const ranks = { broken: 0, loss: 1, note: 2 };

/** Findings in the order in which they are told: the worst first, and those that are as bad as they were found. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => ranks[a.severity] - ranks[b.severity]);
}

/** Whether something should be done about it: everything but a note. */
export function needsRepair({ severity }: Pick<Finding, "severity">): boolean {
  return severity !== "note";
}
