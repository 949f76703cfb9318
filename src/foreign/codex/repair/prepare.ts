import { existsSync, statSync } from "node:fs";
import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { isCompressed } from "../rollout/compressed.ts";
import { CodexDatabases, type NamedPlace, placeIn } from "../home/databases.ts";
import { firstHeader, pinOf } from "../examine/descendants.ts";
import { lostBase } from "../examine/lost-base.ts";
import { copyPrivately } from "./edit.ts";
import type { Examination } from "../examine/examination.ts";
import type { ExamineOptions } from "../examine/examine.ts";
import { readSoFar } from "../examine/read-so-far.ts";
import { type Finding, needsRepair } from "../findings/finding.ts";
import { heldStill } from "./held-still.ts";
import { type Journal, makeRepairFolder, type RepairFolder } from "./journal.ts";
import { judge } from "../findings/judge.ts";
import { homeOf, isThreadId, pathKnownTo, plainPath, readRolloutName } from "../home/places.ts";
import { unpackPrivately } from "./packed.ts";
import { grounded, type PlanOptions } from "./plan-options.ts";
import type { RepairChanges } from "./repair-changes.ts";
import { indexKey, indexMisfit, placeMisfit } from "../home/misfits.ts";
import { WorkedCopy } from "./worked-copy.ts";

/** How a rollout is repaired, and where its copies are kept. */
export interface RepairOptions extends ExamineOptions, Pick<PlanOptions, "seals" | "only" | "now"> {
  /** Throughline's own home, for the copies. */
  readonly home: string;
}

/** A repair that was worked out on a copy; the rollout itself is as it was. */
export interface PreparedRepair {
  /** The rollout; of a compressed one, the file that it is unpacked to. */
  readonly path: string;
  /** Of a compressed rollout: why it can't be unpacked to its end, if it can't. */
  readonly packed?: { readonly broken: string | undefined };
  readonly thread: string | undefined;
  readonly folder: RepairFolder;
  /** The edits. Line numbers are those of the file as it was when the edit was made. */
  readonly changes: RepairChanges;
  /** How often each kind of damage is mended. */
  readonly mended: Journal["mended"];
  /** The findings before and after. */
  readonly before: readonly Finding[];
  readonly after: readonly Finding[];
  readonly bytes: { readonly before: number; readonly after: number };
  /** Codex's own index has to be rebuilt. */
  readonly forgetsIndex: boolean;
  /** The place that Codex's state database wrongly names. */
  readonly movedFrom: NamedPlace | undefined;
  readonly isPaginated: boolean;
}

/**
 * Works out a repair on a copy in a folder under `home`, and changes nothing else. The caller has to carry it out (`repairRollout`) or
 * remove its folder. Throws `usage` for what is no plain file.
 */
export async function prepareRepair(path: string, options: RepairOptions): Promise<PreparedRepair> {
  const real = fileToRepair(path);
  const plain = plainPath(real);
  const databases = databasesOf(real);
  const folder = makeRepairFolder(options.home, threadOf(real, databases), options.now);
  try {
    const broken = await copyOut(real, folder);
    copyPrivately(folder.original, folder.repaired);
    const copy = await WorkedCopy.of(folder, { ...options, named: plain });
    const before = judge({ ...copy.found, broken }, { path: real, now: options.now });
    const { bytes: bytesBefore } = copy.found;
    const isOpened = broken !== undefined && bytesBefore > 0;
    const hadRead = readSoFar(copy.found);
    if (options.only?.has("other-layout") !== false) await copy.lay();
    const plan = await planFor(real, copy.found, options, databases);
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
    const judged = judge(left, { path: plain, now: options.now });
    return {
      path: plain,
      ...(isCompressed(real) && { packed: { broken } }),
      thread,
      folder,
      changes,
      mended: { ...changes.mended, ...(isOpened && { "broken-archive": 1 }) },
      before,
      after: heldStill(judged, found, plan, thread).filter(needsRepair),
      bytes: { before: bytesBefore, after: found.bytes },
      // Codex doesn't rebuild the index of a file that another one goes on from: its turns would be missing from what it shows (0.169).
      forgetsIndex: isRollout && index !== undefined && (isMisfit || isMoved) && plan.pin === undefined,
      isPaginated,
      movedFrom: isMisplaced ? place : undefined,
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** Whether there is anything to change: in the rollout, its index or its row in the state database. */
export function isNeeded({ mended, forgetsIndex, movedFrom }: PreparedRepair): boolean {
  return Object.keys(mended).length > 0 || forgetsIndex || movedFrom !== undefined;
}

/** The plan's options, with what the file's surroundings tell. `found`: the examination of the copy, once that has lines. */
async function planFor(
  path: string,
  found: Examination,
  { seals, now, only }: RepairOptions,
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
    copyPrivately(path, folder.original);
    return undefined;
  }
  copyPrivately(path, folder.packed);
  return unpackPrivately(folder.packed, folder.original);
}

/** The path by which the file is known; throws `usage` for one that can't be repaired. */
export function fileToRepair(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile())
    throw new Failure("usage", `${path} is no file. See which sessions there are: throughline doctor`, {});
  const plain = plainPath(path);
  if (plain !== path && existsSync(plain)) {
    throw new Failure(
      "usage",
      `${path} stands beside the file that it was unpacked to, and Codex uses that one. Nothing was changed. Repair that one: throughline repair ${quoted(plain)}`,
      {},
    );
  }
  return pathKnownTo()(path);
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
