import type { JsonObject } from "../../../lib/json.ts";
import type { Pin } from "../examine/descendants.ts";
import type { LostBase } from "../examine/lost-base.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import type { SealChoice } from "../findings/seal-choice.ts";

/** What repairs are planned by, beside what was found in the file. */
export interface PlanOptions {
  readonly seals: SealChoice;
  /** Only these kinds of damage are mended; absent: all of them. */
  readonly only?: ReadonlySet<FindingKind>;
  /** What is mended is read and no more: a call that was broken off, and whose output nobody knows, is left to the reader to answer. */
  readonly isRead?: boolean;
  /** The state database's row of the thread, from which a lost header is made anew. */
  readonly row?: JsonObject;
  /** The provider that Codex is set to, for a header that names none any more. */
  readonly provider?: string;
  /** Where another file goes on from this one: what stands before keeps its place, or gets it back. */
  readonly pin?: Pin;
  /** For a file whose first line is lost: what other files tell of what it goes on from. */
  readonly base?: LostBase;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The rollout's own path, where `Examination.path` is that of a copy. */
  readonly path: string;
}

/**
 * Unreadable lines are mended along with these kinds: what such a line hides may be the partner of a call that seems to be alone. And the
 * last line is ended: what is put in may come after it.
 */
export function grounded(only: readonly FindingKind[]): ReadonlySet<FindingKind> {
  return new Set(hidden.some((kind) => only.includes(kind)) ? [...only, ...hiding] : only);
}

const hidden = [
  "call-without-output",
  "output-without-call",
  "lost-call",
  "lost-message",
  "lone-reasoning",
] as const;
const hiding = [
  "unparsable-line",
  "invalid-utf8",
  "lone-surrogate",
  "untimed-record",
  "unread-item",
  "torn-tail",
  "no-final-newline",
] as const;
