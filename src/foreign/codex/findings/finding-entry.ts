/** "broken": a resume fails. "loss": a resume goes on without something, or will lose something. "note": nothing has to be done. */
export type Severity = "broken" | "loss" | "note";

/** What the catalogue says of one kind of damage. */
export interface FindingEntry {
  readonly severity: Severity;
  /** For the table: "output without its call". */
  readonly title: string;
  /** What a resume does with it, with the versions. */
  readonly causes: string;
  /** "repair": a repair mends it (`throughline repair`, `repairRollout`). Otherwise what a person can do, if anything. */
  readonly mends: "repair" | string | undefined;
}
