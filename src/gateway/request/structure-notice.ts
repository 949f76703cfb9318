import type { Failure } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * Refusals that may be due to something that no request may have: the rules for every request (`TakenRequest.structure`) are applied
 * first.
 */
export const structural: ReadonlySet<string> = new Set([
  "reasoning-unpaired",
  "duplicate-item",
  "item-not-persisted",
  "item-id-invalid",
  "call-without-output",
  "output-without-call",
  "request-malformed",
]);

/** What the rules for every request changed, in one line. */
export function structureNotice({ class: failureClass, signal }: Failure, taken: TakenRequest): string {
  const changes = taken.changes().map(({ count, why }) => `${counted(count, "item")} ${why}`);
  const mended = taken.request.isMended ? ["text was made well-formed"] : [];
  const ordered = taken.isReordered ? ["outputs were put right behind their calls"] : [];
  const what = [...changes, ...ordered, ...mended];
  const code = signal?.code === undefined ? "" : ` ${printableLine(signal.code, 60)}`;
  return `${what.length > 0 ? what.join("; ") : "items known by their id alone were left out"} (${failureClass}${code})`;
}
