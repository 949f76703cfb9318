import type { ItemRecord, QuarantineScope } from "../session/event.ts";
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

/** The test for items that any of the scopes sets aside. Item ids that are only detached are not set aside. */
export function setAsideBy(scopes: readonly QuarantineScope[]): (record: ItemRecord) => boolean {
  const seqs = new Set<number>();
  const sealedThrough = new Map<string, number>();
  let allThrough = -1;
  for (const scope of scopes) {
    if (scope.kind === "items") for (const seq of scope.seqs) seqs.add(seq);
    if (scope.kind === "issuer")
      sealedThrough.set(scope.issuer, Math.max(scope.through, sealedThrough.get(scope.issuer) ?? -1));
    if (scope.kind === "sealed") allThrough = Math.max(allThrough, scope.through);
  }
  return (record) => {
    const { seq, sealed } = record.event;
    if (seqs.has(seq)) return true;
    if (!sealed) return false;
    return seq <= allThrough || seq <= (sealedThrough.get(issuerOf(record) ?? "") ?? -1);
  };
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
