import { endsAlike } from "../../../replay/seal.ts";
import { isSealRefused } from "./error-text.ts";
import { alteredSeals } from "./refused.ts";
import type { Examination } from "../examine/examination.ts";
import type { SealedBlob } from "../examine/sealed-blobs.ts";

/**
 * Which sealed content a repair takes out. "dead": all of it if the rollout's last turn was refused for it, otherwise none. Altered
 * blobs go in any case, except with "none".
 */
export type SealChoice =
  | { readonly which: "all" | "dead" | "none" }
  /** Sealed so many milliseconds ago, or longer. */
  | { readonly which: "older"; readonly than: number }
  /** What an error names: an item's id, or the last characters of a blob. */
  | { readonly which: "named"; readonly id?: string; readonly tail?: string };

/**
 * The blobs that a choice means. Taking out a summary that can't be opened brings back the history before it, so everything sealed up to
 * it goes as well. A summary that was merely cut or altered says nothing about other blobs.
 */
export function chosenSeals(
  found: Pick<Examination, "header" | "seals" | "turns">,
  choice: SealChoice,
  now: number,
): SealedBlob[] {
  const { seals, turns } = found;
  const { blobs } = seals;
  if (choice.which === "none") return [];
  const isDead = choice.which === "dead" && isSealRefused(turns.error?.message);
  const wanted: SealChoice = isDead ? { which: "all" } : choice;
  const isAltered = alteredSeals(found);
  let lastSummary = -1;
  for (const blob of blobs) if (blob.in === "compaction" && isMeant(blob, wanted, now)) lastSummary = blob.at;
  return blobs[Symbol.iterator]()
    .filter((blob) => blob.at < lastSummary || isAltered(blob) || isMeant(blob, wanted, now))
    .toArray();
}

function isMeant({ id, tail, sealedAt }: SealedBlob, choice: SealChoice, now: number): boolean {
  switch (choice.which) {
    case "all":
      return true;
    case "older":
      return sealedAt === undefined ? false : now - sealedAt >= choice.than;
    case "named":
      return (choice.id !== undefined && id === choice.id) || endsAlike(tail, choice.tail ?? "");
    default:
      return false;
  }
}
