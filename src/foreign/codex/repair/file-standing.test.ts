// Every cell of the table in decisions/0015, without a kill: a journal, its copies and a file made by hand for each.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { CompletedRepair } from "./carry-out.ts";
import { type Journal, type KnownRepair, RepairFolder, repairsOf } from "./journal.ts";
import { finishRepair, undoRepair } from "./repair.ts";
import { type FileStanding, fileStandingOf } from "./file-standing.ts";

const root = temporaryFolder();

const own = join(root, "own");
const path = join(root, "rollout.jsonl");
const archive = `${path}.zst`;
const folder = new RepairFolder(join(own, "repairs", "2026-11-22T00-00-00-000Z-rollout"));
function clear(): void {
  for (const each of [own, path, archive]) rmSync(each, { recursive: true, force: true });
  mkdirSync(folder.path, { recursive: true });
}
beforeEach(clear);

const before = '{"head"}\n{"first":"bad"}\n{"second":"bad"}\n';
const after = '{"head"}\n{"first":"mended"}\n{"second":"mended"}\n';
const later = '{"later"}\n';
const packed = "what is packed";
/** As writing `to` in the place of `from` leaves it that is cut off after 24 bytes. */
const half = (from: string, to: string): string => to.slice(0, 24) + from.slice(24);
const [begun, undone] = [half(before, after), half(after, before)];
const foreign = '{"another"}\n';

/** The states of a journal that a file is asked about, and the copies that lie beside it. */
const rows = {
  writing: { state: "writing", copies: { repaired: after } },
  "writing, a copy gone": { state: "writing", copies: {} },
  /** An undoing has copied what Codex has gone on with, and was cut off before it was noted. */
  "writing, copied": { state: "writing", copies: { repaired: after + later } },
  "writing, gone on": {
    state: "writing",
    goneOn: true,
    copies: { repaired: after, found: begun + later, merged: after + later },
  },
  undoing: { state: "undoing", copies: { repaired: after, restored: before } },
  "undoing, gone on": {
    state: "undoing",
    goneOn: true,
    copies: { repaired: after, restored: before, found: undone + later, merged: before + later },
  },
  done: { state: "done", copies: {} },
  "done, a copy left": { state: "done", copies: { repaired: after } },
  /** Of a repair the other way round. */
  "writing, shorter": { state: "writing", copies: { original: after, repaired: before } },
  "writing, shorter, copied": { state: "writing", copies: { original: after, repaired: `${before}{}\n` } },
} as const;

const kept = (text: string): Journal["after"] => ({
  bytes: text.length,
  sha256: createHash("sha256").update(text).digest("hex"),
});

/** A repair with this journal, and the file as it is found; of `packed` it is the compressed one. */
function standing(row: keyof typeof rows, file: string): KnownRepair {
  const { copies, ...noted } = rows[row];
  const isPacked = file === packed;
  const isShorter = row.startsWith("writing, shorter");
  folder.write({
    schema: 1,
    path,
    at: 0,
    ...noted,
    before: kept(isShorter ? after : before),
    after: kept(isShorter ? before : after),
    ...(isPacked && { packed: kept(packed) }),
    mended: {},
    forgotIndex: false,
  });
  for (const [name, text] of Object.entries({ original: before, ...copies }))
    writeFileSync(join(folder.path, `${name}.jsonl`), text);
  writeFileSync(isPacked ? archive : path, file);
  return repairsOf(own, path)[0]!;
}

/** The state that a journal ends in, and the file; or words of what is said when nothing is changed. Nobody finishes what is done. */
type End = readonly ["done" | "undone", string] | string;

const isChanged = "was changed after its repair had been cut off";
const isNotLeft = "isn't what the repair has left any more";
const isCompressed = "was compressed after its repair";
const isGone = "repaired.jsonl is gone";
/** The finishing comes first, and has given it up. */
const isNone = "There is no repair of";

/** Where the file stands, and since when Codex has gone on in it, if that is told. */
const toldOf = (found: FileStanding): string =>
  "since" in found && found.since !== undefined ? `${found.as} ${found.since}` : found.as;

type Cell = readonly [
  row: keyof typeof rows,
  stands: string,
  file: string,
  finished: End | undefined,
  takenBack: End,
];
const withLater: End = ["undone", before + later];
const merged: End = ["done", after + later];
const cells: readonly Cell[] = [
  ["writing", "packed", packed, ["done", after], ["undone", packed]],
  ["writing", "between", begun, ["done", after], ["undone", before]],
  ["writing", "between", before, ["done", after], ["undone", before]],
  ["writing", "between", after, ["done", after], ["undone", before]],
  ["writing", "before", before + later, withLater, withLater],
  ["writing", `after ${after.length}`, after + later, merged, withLater],
  [
    "writing",
    `after ${after.length}`,
    `${after}no line`,
    ["done", `${after}no line`],
    ["undone", `${before}no line`],
  ],
  ["writing", `gone-on ${before.length}`, begun + later, merged, withLater],
  ["writing", "foreign", foreign, isChanged, isChanged],
  ["writing, shorter", "between", before + after.slice(before.length), ["done", before], ["undone", after]],
  [
    "writing, shorter",
    `after ${before.length}`,
    before + later,
    ["done", before + later],
    ["undone", after + later],
  ],
  [
    "writing, shorter, copied",
    "between",
    `${before}{}\n`,
    ["done", `${before}{}\n`],
    ["undone", `${after}{}\n`],
  ],
  [
    "writing, shorter",
    `after ${after.length}`,
    before + after.slice(before.length) + later,
    ["done", before + later],
    ["undone", after + later],
  ],
  ["writing, a copy gone", "packed", packed, isGone, ["undone", packed]],
  ["writing, a copy gone", "before", before, isGone, ["undone", before]],
  ["writing, a copy gone", "before", before + later, isGone, withLater],
  ["writing, a copy gone", "after", after + later, isGone, withLater],
  ["writing, a copy gone", "untold", begun, isGone, isNotLeft],
  ["writing, a copy gone", "untold", foreign, isGone, isNotLeft],
  ["writing, copied", "between", after + later, merged, withLater],
  [
    "writing, copied",
    `after ${(after + later).length}`,
    after + later + later,
    ["done", after + later + later],
    ["undone", before + later + later],
  ],
  ["writing, gone on", "packed", packed, merged, ["undone", packed]],
  ["writing, gone on", "between", begun + later, merged, withLater],
  ["writing, gone on", "before", before, ["undone", before], isNone],
  ["writing, gone on", "after", after + foreign, isChanged, isChanged],
  ["writing, gone on", "after", after + later + later, isChanged, isChanged],
  ["writing, gone on", "foreign", foreign, isChanged, isChanged],
  ["undoing", "packed", packed, ["undone", packed], ["undone", packed]],
  ["undoing", "between", undone, ["undone", before], ["undone", before]],
  ["undoing", "between", after, ["undone", before], ["undone", before]],
  ["undoing", "between", before, ["undone", before], ["undone", before]],
  ["undoing", `gone-on ${after.length}`, undone + later, withLater, withLater],
  ["undoing", `gone-on ${after.length}`, after + later, withLater, withLater],
  ["undoing", `gone-on ${before.length}`, before + later, withLater, withLater],
  ["undoing", "foreign", foreign, isChanged, isChanged],
  ["undoing, gone on", "packed", packed, ["undone", packed], ["undone", packed]],
  ["undoing, gone on", "between", undone + later, withLater, withLater],
  ["undoing, gone on", "foreign", foreign, isChanged, isChanged],
  ["undoing, gone on", "foreign", before + later + later, isChanged, isChanged],
  ["done", "after", after, undefined, ["undone", before]],
  ["done", "after", after + later, undefined, withLater],
  ["done", "untold", before, undefined, isNotLeft],
  ["done", "untold", foreign, undefined, isNotLeft],
  ["done", "untold", packed, undefined, isCompressed],
  ["done, a copy left", "after", after + later, undefined, withLater],
  ["done, a copy left", "untold", before, undefined, isNotLeft],
];

const lies = (): string => (existsSync(path) ? path : archive);

async function ends(act: Promise<CompletedRepair>, end: End): Promise<void> {
  if (typeof end === "string") {
    const found = readFileSync(lies());
    await expect(act).rejects.toThrow(end);
    expect(readFileSync(lies()).equals(found)).toBe(true);
    return;
  }
  const done = await act;
  expect([done.journal.state, readFileSync(done.path, "utf8")]).toEqual(end);
  expect([existsSync(path), existsSync(archive)].filter(Boolean), "one of the two").toHaveLength(1);
  expect(folder.read()).toEqual(done.journal);
}

it.each(cells)("%s: %s", async (row, stands, file, finished, takenBack) => {
  const { journal } = standing(row, file);
  expect(toldOf(await fileStandingOf(lies(), folder, journal))).toBe(stands);
  await ends(undoRepair(lies(), { home: own }), takenBack);
  if (finished === undefined) return;
  clear();
  await ends(finishRepair(standing(row, file), lies()), finished);
});
