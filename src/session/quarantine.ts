import type { Quarantine } from "./event.ts";
import type { QuarantineScope } from "./quarantine-scope.ts";

/** The last sequence number that a quarantine says anything about; infinite for those that hold for whatever comes. */
export function reachOf(scope: QuarantineScope): number {
  // Not `Math.max(...seqs)`: a scope may name more items than a call has room for as arguments.
  if ("seqs" in scope && scope.seqs !== undefined)
    return scope.seqs.reduce((last, seq) => Math.max(last, seq), -1);
  if (!("through" in scope) || scope.kind === "sealed") return Number.POSITIVE_INFINITY;
  return scope.through ?? Number.POSITIVE_INFINITY;
}

/** A wider quarantine takes the place of those that it covers, so that a session whose keys rotate daily doesn't collect them. */
export function withQuarantine(quarantines: readonly Quarantine[], next: Quarantine): Quarantine[] {
  const isCovered = ({ refusedBy, scope }: Quarantine): boolean =>
    refusedBy === next.refusedBy && covers(next.scope, scope);
  return [...quarantines.filter((quarantine) => !isCovered(quarantine)), next];
}

function covers(next: QuarantineScope, scope: QuarantineScope): boolean {
  if ("seqs" in next && next.seqs !== undefined) return false;
  if ("through" in next && "through" in scope)
    return (
      next.kind === scope.kind && reachOf(next) >= reachOf(scope) && subjectOf(next) === subjectOf(scope)
    );
  return next.kind === scope.kind && subjectOf(next) === subjectOf(scope);
}

/** What two scopes of one kind must have in common for the later one to replace the earlier. */
function subjectOf(scope: QuarantineScope): string {
  switch (scope.kind) {
    case "issuer":
      return scope.issuer;
    case "item-type":
      return scope.itemType;
    case "outputs":
      return scope.model ?? "";
    case "parameter":
      // One that holds for a turn takes the place of those for earlier turns, which are over.
      return JSON.stringify([scope.parameter, scope.model, scope.turn !== undefined]);
    default:
      return "";
  }
}
