import { type Stats, statSync } from "node:fs";
import { isFailureOf } from "../../../failure.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { holdersOf } from "../home/holders.ts";
import { plainPath, readRolloutName } from "../home/places.ts";
import { isCompressed } from "../rollout/bytes/compressed.ts";
import { makeRepairFolder, removeIfPossible, type RepairFolder } from "./journal.ts";
import { databasesOf, threadIdOf } from "./known-file.ts";
import { unpackPrivately } from "./packed.ts";
import { examining, mendIn, untouched } from "./prepare.ts";
import { WorkedCopy } from "./worked-copy.ts";

/** What keeps a reader from what stands in a rollout, or shows it twice. Reasoning, seals and ids are the reader's own concern. */
const only: readonly FindingKind[] = [
  "header-broken",
  "header-missing",
  "byte-order-mark",
  "other-layout",
  "doubled-record",
  "ordinal-regressed",
  "unread-item",
  "lost-message",
  "lost-call",
  "unparsable-line",
  "invalid-utf8",
  "lone-surrogate",
  "untimed-record",
  "torn-tail",
  "nul-tail",
  "call-without-output",
  "output-without-call",
];

/** Whether two looks at a file saw the same. */
const isSame = (before: Stats, now: Stats | undefined): boolean =>
  now?.size === before.size && now.mtimeMs === before.mtimeMs;

/**
 * A copy of a rollout as its repair would leave it, under `home` as of `prepareRepair`. The caller removes it. `undefined` where nothing in
 * it can be mended, a living process writes to it, or a repair of it was cut off. A call that was broken off, and whose output
 * nobody knows, has none in the copy either: who reads it answers that. Aborting `signal` throws its reason.
 */
export async function mendedCopy(
  path: string,
  home: string,
  signal?: AbortSignal,
): Promise<{ path: string; remove(): void } | undefined> {
  if (holdersOf([{ path, thread: readRolloutName(path)?.thread }]).has(path)) return undefined;
  let folder: RepairFolder | undefined;
  try {
    const real = untouched(path, home);
    const before = statSync(real);
    const databases = databasesOf(real);
    const now = Date.now();
    folder = makeRepairFolder(home, threadIdOf(real, databases), now);
    if (isCompressed(real)) await unpackPrivately(real, folder.original);
    const source = isCompressed(real) ? folder.original : real;
    const copy = await WorkedCopy.of(
      source,
      folder,
      examining(plainPath(real), { ...(signal && { signal }) }),
    );
    await mendIn(copy, real, { home, now, only, isRead: true, seals: { which: "none" } }, databases);
    if (copy.changes.count > 0 && isSame(before, statSync(real, { throwIfNoEntry: false }))) {
      const { repaired } = folder;
      const kept = folder;
      folder = undefined;
      return { path: repaired, remove: () => removeIfPossible(kept) };
    }
    return undefined;
  } catch (error) {
    if (isFailureOf(error, "session-damaged", "usage")) return undefined;
    throw error;
  } finally {
    if (folder) removeIfPossible(folder);
  }
}
