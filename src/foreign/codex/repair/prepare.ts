import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { isCompressed } from "../rollout/bytes/compressed.ts";
import type { CodexDatabases } from "../home/databases.ts";
import { pinOf } from "../examine/descendants.ts";
import { lostBase } from "../examine/lost-base.ts";
import { copyPrivately } from "./copy.ts";
import { type DatabaseChanges, databaseChanges } from "./database-changes.ts";
import type { Examination } from "../examine/examination.ts";
import type { ExamineOptions } from "../examine/examine.ts";
import { readSoFar } from "../examine/read-so-far.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { type Finding, needsRepair } from "../findings/finding.ts";
import type { SealChoice } from "../findings/seal-choice.ts";
import { heldStill } from "../plan/held-still.ts";
import {
  isUnfinished,
  type Journal,
  makeRepairFolder,
  removeIfPossible,
  type RepairFolder,
  repairsOf,
} from "./journal.ts";
import { judge } from "../findings/judge.ts";
import { homeOf, isThreadId, plainPath } from "../home/places.ts";
import { chosenProvider } from "../home/settings.ts";
import { databasesOf, fileAt, fileToRepair, threadIdOf } from "./known-file.ts";
import { unpackPrivately } from "./packed.ts";
import { sealedBases } from "../findings/sealed-bases.ts";
import { unreadDatabases } from "../findings/unread-databases.ts";
import { grounded, type PlanOptions } from "../plan/plan-options.ts";
import type { RepairChanges } from "./repair-changes.ts";
import { WorkedCopy } from "./worked-copy.ts";

/** How a rollout is repaired, and where its copies are kept. All but `home` may be left out. */
export interface RepairOptions {
  /** Throughline's own home (as of `folderStore`): the file as it was is kept under `<home>/repairs`. */
  readonly home: string;
  /** Which sealed content is taken out; absent: "dead". */
  readonly seals?: SealChoice;
  /** Only these kinds of damage are mended, and what hides them; absent: all of them. */
  readonly only?: readonly FindingKind[];
  /** Milliseconds since 1970. */
  readonly now?: number;
  /** Aborting it stops the repair before the rollout is touched; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Called while the copy is read, with the bytes read so far. It is read again for each round of mending. */
  onBytes?(read: number): void;
}

/** What a repair would change, or has changed. */
export interface RepairPlan extends DatabaseChanges {
  /** The rollout, without the links that lead to its home; of a compressed one, the file that it is unpacked to. */
  readonly path: string;
  /** Of a compressed rollout: why it can't be unpacked to its end, if it can't. */
  readonly packed?: { readonly broken: string | undefined };
  /** The thread's id, as far as it can be told. */
  readonly thread: string | undefined;
  /** Whether there is anything to change: in the rollout, in Codex's index of it, or in its row of Codex's state database. */
  readonly isNeeded: boolean;
  /** The edits. */
  readonly changes: RepairChanges;
  /** How often each kind of damage is mended. */
  readonly mended: Journal["mended"];
  /** The findings before. */
  readonly before: readonly Finding[];
  /** What is left to do afterwards (no notes). */
  readonly after: readonly Finding[];
  readonly bytes: { readonly before: number; readonly after: number };
  /** Whether its lines have ordinals (Codex 0.148 and later). */
  readonly isPaginated: boolean;
  /** Whether its lines have no envelopes, or are one JSON document (up to about 0.33): no later version of Codex reads it. */
  readonly isOld: boolean;
}

/** A repair that was worked out on a copy; the rollout itself is as it was. */
export interface PreparedRepair extends RepairPlan {
  readonly folder: RepairFolder;
}

/**
 * What a repair of a rollout would change; nothing is changed, and nothing is left of the copy that it is worked out on. Throws `usage` for
 * what is no file, and `session-damaged` where a repair of it was cut off: `repairRollout` finishes that one, `undoRepair` takes it back.
 */
export async function previewRepair(path: string, options: RepairOptions): Promise<RepairPlan> {
  const { folder, ...plan } = await prepareRepair(path, options);
  folder.remove();
  return plan;
}

/**
 * Works out a repair on a copy in a folder under `home`, and changes nothing else. The caller has to carry it out (`repairRollout`) or
 * remove its folder. Throws what `previewRepair` does.
 */
export async function prepareRepair(path: string, options: RepairOptions): Promise<PreparedRepair> {
  const real = untouched(path, options.home);
  const plain = plainPath(real);
  const databases = databasesOf(real);
  const { home, now = Date.now() } = options;
  const folder = makeRepairFolder(home, threadIdOf(real, databases), now);
  try {
    const broken = await copyOut(real, folder);
    const copy = await WorkedCopy.of(folder.original, folder, examining(plain, options));
    const before = judge({ ...copy.found, broken }, { path: real, now });
    const { bytes: bytesBefore } = copy.found;
    const isOpened = broken !== undefined && bytesBefore > 0;
    const had = readSoFar(copy.found);
    const { thread, plan } = await mendIn(copy, real, { ...options, now }, databases);
    const { changes, found } = copy;
    const { original } = folder;
    const repaired = { path: real, thread, original, had, repaired: copy.path, found, changes };
    const beside = await databaseChanges(repaired, plan, databases);
    const left = isOpened ? found : { ...found, broken };
    const judged = [
      ...judge(left, { path: plain, now }),
      ...(await sealedBases(plain, found, plan.seals, now)),
    ];
    const mended = { ...changes.mended, ...(isOpened && { "broken-archive": 1 }) };
    const isNeeded = Object.keys(mended).length > 0 || beside.forgetsIndex || beside.movedFrom !== undefined;
    if (isNeeded) await copy.copied();
    return {
      path: plain,
      ...(isCompressed(real) && { packed: { broken } }),
      thread,
      folder,
      isNeeded,
      changes,
      mended,
      before,
      after: [
        ...heldStill(judged, found, plan, thread),
        ...(databases ? unreadDatabases(databases) : []),
      ].filter(needsRepair),
      bytes: { before: bytesBefore, after: found.bytes },
      isPaginated: found.header?.isPaginated === true,
      isOld: judged.some(({ kind }) => kind === "old-lines" || kind === "old-document"),
      ...beside,
    };
  } catch (error) {
    removeIfPossible(folder);
    throw error;
  }
}

/**
 * The file to repair. Throws `usage` for what is none, and `session-damaged` where a repair of it was cut off: what is half written is worth
 * no plan.
 */
export function untouched(path: string, home: string): string {
  const known = fileAt(path);
  if (repairsOf(home, known).some(isUnfinished))
    throw new Failure(
      "session-damaged",
      `A repair of ${known} was cut off. Finish it with: throughline repair ${quoted(known)} --write, or take it back with: throughline repair ${quoted(known)} --undo`,
      { path: known },
    );
  return fileToRepair(path);
}

/** How a file is looked through that is known by this path. */
export const examining = (
  named: string,
  { signal, onBytes }: Pick<RepairOptions, "signal" | "onBytes">,
): ExamineOptions => ({ named, ...(signal && { signal }), ...(onBytes && { onBytes }) });

/** Mends what was looked through of the file at `path`. Resolves to what was planned by, and the thread that the file tells. */
export async function mendIn(
  copy: WorkedCopy,
  path: string,
  options: RepairOptions & { now: number; isRead?: boolean },
  databases: CodexDatabases | undefined,
): Promise<{ plan: PlanOptions; thread: string | undefined }> {
  if (options.only?.includes("other-layout") !== false) await copy.lay();
  const { header } = copy.found;
  const thread = isThreadId(header?.id) ? header.id : threadIdOf(path, databases);
  const plan = await planFor(path, thread, copy.found, options, databases);
  await copy.mend(plan);
  return { plan, thread };
}

/** The plan's options, with what the file's surroundings tell. `found`: the examination of the copy, once that has lines. */
async function planFor(
  path: string,
  thread: string | undefined,
  found: Examination,
  { seals = { which: "dead" }, now, only, isRead }: RepairOptions & { now: number; isRead?: boolean },
  databases: CodexDatabases | undefined,
): Promise<PlanOptions> {
  const { head } = found;
  const row = thread === undefined ? undefined : databases?.row(thread);
  const pin = pinOf(path);
  const previewOf = (one: string): unknown => databases?.row(one)?.["preview"];
  const base = head === "broken" || head === "missing" ? await lostBase(path, head, previewOf) : undefined;
  const home = homeOf(path);
  return {
    seals,
    now,
    path: plainPath(path),
    ...(pin && { pin }),
    ...(base && { base }),
    ...(only && { only: grounded(only) }),
    ...(isRead && { isRead }),
    ...(row && { row }),
    ...(home !== undefined && { provider: chosenProvider(home) }),
  };
}

/** Copies a rollout into the folder of its repair, unpacked. Resolves to why a compressed one can't be unpacked to its end. */
async function copyOut(path: string, folder: RepairFolder): Promise<string | undefined> {
  if (!isCompressed(path)) {
    await copyPrivately(path, folder.original);
    return undefined;
  }
  await copyPrivately(path, folder.packed);
  return unpackPrivately(folder.packed, folder.original);
}
