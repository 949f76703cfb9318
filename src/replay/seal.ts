import type { ItemRecord } from "../session/event.ts";
import type { QuarantineScope } from "../session/quarantine-scope.ts";
import type { ReplayContract } from "./contract.ts";

/** Who made an item: the issuer stamped on it, or `undefined` for items that nobody sealed. */
export function issuerOf(record: ItemRecord): string | undefined {
  return record.event.type === "item-added" ? record.event.issuer : undefined;
}

/** Whether a sealed item is one that the contract lets be sent back to `issuer` at all (what its age does to it comes on top). */
export function acceptsSeal(contract: ReplayContract, issuer: string, record: ItemRecord): boolean {
  if (contract.sealed === "replay") return true;
  if (contract.sealed === "drop") return false;
  return issuerOf(record) === issuer;
}

/**
 * The test for items that any of the scopes sets aside, and that no later one has restored. Item ids that are only detached are not set aside.
 */
export function setAsideBy(scopes: readonly QuarantineScope[]): (record: ItemRecord) => boolean {
  if (scopes.length === 0) return () => false;
  const last = (values: readonly number[]): number => Math.max(-1, ...values);
  const bySeq = lastBySeq(scopes, "items");
  const restored = lastBySeq(scopes, "restored");
  const wide = scopes.flatMap((scope, at) =>
    scope.kind === "issuer" || scope.kind === "sealed" ? [{ scope, at }] : [],
  );
  return (record) => {
    const { seq, sealed } = record.event;
    const covering = !sealed
      ? []
      : wide.filter(
          ({ scope }) =>
            seq <= scope.through && (scope.kind === "sealed" || scope.issuer === (issuerOf(record) ?? "")),
        );
    const aside = last([bySeq.get(seq) ?? -1, ...covering.map(({ at }) => at)]);
    return aside > (restored.get(seq) ?? -1);
  };
}

/** For each item that scopes of a kind name, the place of the last one that does. */
export function lastBySeq(
  scopes: readonly QuarantineScope[],
  kind: "items" | "restored" | "content" | "notes",
): Map<number, number> {
  const places = new Map<number, number>();
  for (const [at, scope] of scopes.entries())
    if (scope.kind === kind) for (const seq of scope.seqs) places.set(seq, at);
  return places;
}

/** Whether the end of a blob that an error quotes is the end of this one, as far as the shorter of the two goes. */
export function endsAlike(tail: string, quoted: string): boolean {
  if (tail === "" || quoted === "") return false;
  return tail.length >= quoted.length ? tail.endsWith(quoted) : quoted.endsWith(tail);
}

/** How long ago a blob was sealed, in milliseconds; `sealedAt` in seconds since 1970 (a Fernet token's own time), `now` in milliseconds. */
export function sealAge(sealedAt: number, now: number): number {
  return Math.max(0, now - sealedAt * 1_000);
}
