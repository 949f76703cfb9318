import { existsSync, statSync } from "node:fs";
import { isCompressed } from "../rollout/bytes/compressed.ts";
import { goneOnAt } from "./gone-on.ts";
import { digest, isBetween } from "./in-place.ts";
import type { Journal, RepairFolder } from "./journal.ts";

/**
 * Where a rollout stands between what it was before its repair, or the undoing of that, and what it becomes; what is done about it, by
 * the state of the journal, is the table in decisions/0015.
 *
 * - `packed`: it is the compressed file still, or again.
 * - `between`: each byte is that of one or the other at its place, and there are no more.
 * - `after`: it begins with all of what the repair makes of it. `since`: where what Codex has appended begins, while the copies tell it; old
 *   content stands before that where the repair had not cut the file yet.
 * - `before`: it begins with all that it was before the repair, and Codex has gone on in that.
 * - `gone-on`: it is half written, and Codex has gone on in that from `since` on.
 * - `foreign`: none of these.
 * - `untold`: none of these either, and there is no copy that would tell whether it is half written.
 */
export type FileStanding =
  | { readonly as: "packed" | "between" | "before" | "foreign" | "untold" }
  | { readonly as: "after"; readonly since: number | undefined }
  | { readonly as: "gone-on"; readonly since: number };

/** Looks at a rollout, and changes nothing. To be asked under the lock, with a copy of it as it was before that is whole. */
export async function fileStandingOf(
  path: string,
  folder: RepairFolder,
  journal: Journal,
): Promise<FileStanding> {
  const { state, before, after, goneOn } = journal;
  if (await isStillPacked(path, journal)) return { as: "packed" };
  const isTold = state === "undoing" || (state === "writing" && existsSync(folder.repaired));
  const [from, to] = copiesOf(folder, journal);
  if (isTold && (await isBetween(path, from, to))) return { as: "between" };
  const since = isTold && !goneOn ? await goneOnAt(path, from, to) : undefined;
  if (state !== "undoing" && (await beginsWith(path, after)))
    return { as: "after", since: since && Math.max(since, after.bytes) };
  if (state === "writing" && (await beginsWith(path, before))) return { as: "before" };
  if (since !== undefined) return { as: "gone-on", since };
  return { as: isTold ? "foreign" : "untold" };
}

/** The copies of the rollout as it was before it was written to, and as it becomes. */
export function copiesOf(folder: RepairFolder, { state, goneOn }: Journal): [string, string] {
  if (goneOn) return [folder.found, folder.merged];
  return state === "undoing" ? [folder.repaired, folder.restored] : [folder.original, folder.repaired];
}

/** Whether the file is the compressed one of a repair, or of its undoing, that was cut off before it was unpacked, or after it came back. */
export async function isStillPacked(path: string, { packed, state }: Journal): Promise<boolean> {
  return isCompressed(path) && state !== "done" && packed !== undefined && (await beginsWith(path, packed));
}

/** Whether a file begins with what the journal says, whatever follows. */
export async function beginsWith(path: string, { bytes, sha256 }: Journal["after"]): Promise<boolean> {
  return statSync(path).size >= bytes && (await digest(path, bytes)) === sha256;
}
