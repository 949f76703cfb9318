import { existsSync } from "node:fs";
import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { isCompressed } from "../rollout/compressed.ts";
import { CodexDatabases, type NamedPlace, placeIn } from "../home/databases.ts";
import { firstHeader, pinOf } from "../examine/descendants.ts";
import { lostBase } from "../examine/lost-base.ts";
import { copyPrivately } from "./edit.ts";
import type { Examination } from "../examine/examination.ts";
import { readSoFar } from "../examine/read-so-far.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { type Finding, needsRepair } from "../findings/finding.ts";
import type { SealChoice } from "../findings/seal-choice.ts";
import { heldStill } from "./held-still.ts";
import { isUnfinished, type Journal, makeRepairFolder, type RepairFolder, repairsOf } from "./journal.ts";
import { judge } from "../findings/judge.ts";
import { homeOf, isThreadId, pathKnownTo, plainPath, readRolloutName, whereIs } from "../home/places.ts";
import { unpackPrivately } from "./packed.ts";
import { sealedBases } from "./sealed-bases.ts";
import { grounded, type PlanOptions } from "./plan-options.ts";
import type { RepairChanges } from "./repair-changes.ts";
import { indexKey, indexMisfit, placeMisfit } from "../home/misfits.ts";
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
export interface RepairPlan {
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
  /** The thread's rows of Codex's history index are removed; Codex builds them anew on the next resume. */
  readonly forgetsIndex: boolean;
  /** The place that Codex's state database wrongly names; it is told the right one. */
  readonly movedFrom: NamedPlace | undefined;
  /** Whether its lines have ordinals (Codex 0.148 and later). */
  readonly isPaginated: boolean;
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
  const known = fileAt(path);
  if (repairsOf(options.home, known).some(isUnfinished))
    throw new Failure(
      "session-damaged",
      `A repair of ${known} was cut off. Finish it with: throughline repair ${quoted(known)} --write, or take it back with: throughline repair ${quoted(known)} --undo`,
      { path: known },
    );
  const real = fileToRepair(path);
  const plain = plainPath(real);
  const databases = databasesOf(real);
  const { home, now = Date.now(), signal, onBytes } = options;
  const folder = makeRepairFolder(home, threadOf(real, databases), now);
  try {
    const broken = await copyOut(real, folder);
    await copyPrivately(folder.original, folder.repaired);
    const copy = await WorkedCopy.of(folder, {
      named: plain,
      ...(signal && { signal }),
      onBytes: (read) => onBytes?.(read),
    });
    const before = judge({ ...copy.found, broken }, { path: real, now });
    const { bytes: bytesBefore } = copy.found;
    const isOpened = broken !== undefined && bytesBefore > 0;
    const hadRead = readSoFar(copy.found);
    if (options.only?.includes("other-layout") !== false) await copy.lay();
    const plan = await planFor(real, copy.found, { ...options, now }, databases);
    const thread = threadIn(copy.found) ?? threadOf(real, databases);
    await copy.mend(plan);
    const { changes, found } = copy;
    const isRollout = found.header !== undefined;
    const index = thread === undefined ? undefined : databases?.index(indexKey(real, thread));
    const isMisfit = index !== undefined && indexMisfit(index, folder.original, hadRead) !== undefined;
    const isMoved = changes.areIndexed(index?.nextOffset ?? 0);
    const isPaginated = found.header?.isPaginated === true;
    const place = isRollout ? placeIn(plan.row) : undefined;
    const isMisplaced = place !== undefined && placeMisfit(place, real, isPaginated) !== undefined;
    const left = isOpened ? found : { ...found, broken };
    const judged = [
      ...judge(left, { path: plain, now }),
      ...(await sealedBases(plain, found, options.seals ?? { which: "dead" }, now)),
    ];
    const mended = { ...changes.mended, ...(isOpened && { "broken-archive": 1 }) };
    // Codex doesn't rebuild the index of a file that another one goes on from: its turns would be missing from what it shows (0.169).
    const forgetsIndex = isRollout && index !== undefined && (isMisfit || isMoved) && plan.pin === undefined;
    const movedFrom = isMisplaced ? place : undefined;
    return {
      path: plain,
      ...(isCompressed(real) && { packed: { broken } }),
      thread,
      folder,
      isNeeded: Object.keys(mended).length > 0 || forgetsIndex || movedFrom !== undefined,
      changes,
      mended,
      before,
      after: heldStill(judged, found, plan, thread).filter(needsRepair),
      bytes: { before: bytesBefore, after: found.bytes },
      forgetsIndex,
      isPaginated,
      movedFrom,
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** The plan's options, with what the file's surroundings tell. `found`: the examination of the copy, once that has lines. */
async function planFor(
  path: string,
  found: Examination,
  { seals = { which: "dead" }, now, only }: RepairOptions & { now: number },
  databases: CodexDatabases | undefined,
): Promise<PlanOptions> {
  const { head } = found;
  const thread = threadIn(found) ?? threadOf(path, databases);
  const row = thread === undefined ? undefined : databases?.row(thread);
  const pin = pinOf(path);
  const previewOf = (one: string): unknown => databases?.row(one)?.["preview"];
  const base = head === "broken" || head === "missing" ? await lostBase(path, head, previewOf) : undefined;
  return {
    seals,
    now,
    path: plainPath(path),
    ...(pin && { pin }),
    ...(base && { base }),
    ...(only && { only: grounded(only) }),
    ...(row && { row }),
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

/**
 * The path by which the file is known; of one that was unpacked or compressed since, that of the file that it became. Throws `usage` where
 * there is none.
 */
export function fileAt(path: string): string {
  const there = whereIs(path);
  if (there === undefined)
    throw new Failure("usage", `${path} is no file. See which sessions there are: throughline doctor`, {});
  return pathKnownTo()(there);
}

/** The path by which the file is known; throws `usage` for one that can't be repaired. */
export function fileToRepair(path: string): string {
  const known = fileAt(path);
  const plain = plainPath(known);
  if (plain !== known && existsSync(plain)) {
    throw new Failure(
      "usage",
      `${known} stands beside the file that it was unpacked to, and Codex uses that one. Nothing was changed. Repair that one: throughline repair ${quoted(plain)}`,
      {},
    );
  }
  return known;
}

/** The databases of the Codex home that a rollout lies in; `undefined` when it lies in none. */
export function databasesOf(path: string): CodexDatabases | undefined {
  const home = homeOf(path);
  return home === undefined ? undefined : new CodexDatabases(home);
}

/** The thread of a rollout by its file's name, its first line, or else by the state database that names the file. */
export function threadOf(path: string, databases: CodexDatabases | undefined): string | undefined {
  const known = [
    readRolloutName(path)?.thread,
    firstHeader(path)?.id,
    databases?.rowAt(plainPath(path))?.["id"],
  ];
  return known.find(isThreadId);
}

function threadIn({ header }: Examination): string | undefined {
  return isThreadId(header?.id) ? header.id : undefined;
}
