import type { Quarantine } from "./event.ts";

/** The last sequence number that a quarantine says anything about. */
export function reachOf(scope: Quarantine["scope"]): number {
  return scope.kind === "items" ? Math.max(-1, ...scope.seqs) : scope.through;
}

/** A wider quarantine takes the place of those that it covers, so that a session whose keys rotate daily doesn't collect them. */
export function withQuarantine(quarantines: readonly Quarantine[], next: Quarantine): Quarantine[] {
  const covered = ({ refusedBy, scope }: Quarantine): boolean => {
    if (refusedBy !== next.refusedBy || scope.kind !== next.scope.kind) return false;
    if (scope.kind === "items" || next.scope.kind === "items") return false;
    if (scope.kind === "issuer" && next.scope.kind === "issuer" && scope.issuer !== next.scope.issuer)
      return false;
    return scope.through <= next.scope.through;
  };
  return [...quarantines.filter((quarantine) => !covered(quarantine)), next];
}
