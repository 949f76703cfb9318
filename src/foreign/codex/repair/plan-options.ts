import type { JsonObject } from "../../../lib/json.ts";
import type { Pin } from "../examine/descendants.ts";
import type { LostBase } from "../examine/lost-base.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import type { SealChoice } from "../findings/seal-choice.ts";

export interface PlanOptions {
  readonly seals: SealChoice;
  /** Only these kinds of damage are mended; all of them where it is absent. */
  readonly only?: ReadonlySet<FindingKind>;
  /** The state database's row of the thread: for a lost header. */
  readonly row?: JsonObject;
  /** Where a later segment of the thread goes on: what stands before keeps its place, or gets it back. */
  readonly pin?: Pin;
  /** What other files tell of one whose first line is lost. */
  readonly base?: LostBase;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The rollout's own path, where `Examination.path` is that of a copy. */
  readonly path: string;
}

/** Unreadable lines are mended along with these kinds: what such a line hides may be the partner of a call that seems to be alone. */
export function grounded(only: ReadonlySet<FindingKind>): ReadonlySet<FindingKind> {
  return hidden.some((kind) => only.has(kind)) ? new Set([...only, ...hiding]) : only;
}

const hidden = [
  "call-without-output",
  "output-without-call",
  "lost-call",
  "lost-message",
  "lone-reasoning",
] as const;
const hiding = ["unparsable-line", "invalid-utf8", "lone-surrogate", "torn-tail"] as const;
