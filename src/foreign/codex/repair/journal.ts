import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { readCacheFile, writeCacheFile } from "../../../lib/cache-file.ts";
import { parseJson } from "../../../lib/json.ts";
import { fateOf, identifyProcess } from "../../../lib/process.ts";
import { removeWhole } from "../../../lib/remove.ts";
import { ifPossible, makeFolders } from "../../../lib/system.ts";
import { owner } from "../../../session/event.ts";
import { homeOf, packedPath, pathKnownTo, plainPath } from "../home/places.ts";
import { writeDurably } from "./in-place.ts";

/**
 * The journal of one repair, `journal.json` in a folder of its own under `<home>/repairs/`, beside its copies (`RepairFolder`). It and they are
 * durable before the rollout is touched, so that a repair that is cut off can be finished or taken back.
 */
const schema = z.object({
  schema: z.literal(1),
  /** Path of the rollout: absolute, links resolved; of a compressed one, what it is unpacked to. */
  path: z.string(),
  thread: z.string().optional(),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** `writing` and `undoing` are noted before the rollout is written, `done` and `undone` after it. */
  state: z.enum(["writing", "done", "undoing", "undone"]),
  before: z.object({ bytes: z.number(), sha256: z.string() }),
  after: z.object({ bytes: z.number(), sha256: z.string() }),
  /** Codex had gone on in the rollout when the writing that had been cut off was finished: `found.jsonl` becomes `merged.jsonl`. */
  goneOn: z.literal(true).optional(),
  /** The compressed file, where the rollout was one. `link`: where it led, if it was a link. */
  packed: z.object({ bytes: z.number(), sha256: z.string(), link: z.string().optional() }).optional(),
  /** How often each kind of damage was mended. */
  mended: z.record(z.string(), z.number()),
  /** Whether Codex's own index of the file was removed, for Codex to make it anew. */
  forgotIndex: z.boolean(),
  /** The path that Codex's state database wrongly named before the repair. */
  movedFrom: z.string().optional(),
  /** The paths of the state databases that named it. Absent (up to 2026-11-23): the one in the home itself. */
  movedIn: z.array(z.string()).optional(),
  /** Since when that database had the thread archived, in seconds since 1970; null where it didn't say. Absent: not archived. */
  archivedAt: z.number().nullable().optional(),
  /** `history_mode` in the state database, before and after. */
  history: z.tuple([z.string(), z.string()]).optional(),
  /** The provider that the state database was told, which named none. */
  provider: z.string().optional(),
  /** The first prompt that the state database was told, and what its columns of that held before. */
  firstPrompt: z.object({ prompt: z.string(), had: z.record(z.string(), z.string()) }).optional(),
});

const worker = owner.pick({ machine: true, boot: true, pidNamespace: true, pid: true, started: true });

/** A repair as its `journal.json` records it. */
export type Journal = z.infer<typeof schema>;

/** What a repair keeps of the file as it was. `undoRepair` needs it; nothing else does. */
export interface Backup {
  /** The folder, under `<home>/repairs`. */
  readonly path: string;
  /** The file as it was before the repair, unpacked. */
  readonly original: string;
  /** The compressed file that it was unpacked from; there only where it was one. */
  readonly packed: string;
  /** Bytes that stand in no record any more; there only where there are some. */
  readonly setAside: string;
  /** What was said, for people; there only where something is left that no repair mends. */
  readonly transcript: string;
}

/** The folder of one repair, and its files. */
export class RepairFolder implements Backup {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get original(): string {
    return join(this.path, "original.jsonl");
  }

  get packed(): string {
    return join(this.path, "original.jsonl.zst");
  }

  /** The file as it becomes; removed when it has. */
  get repaired(): string {
    return join(this.path, "repaired.jsonl");
  }

  /** While a repair is taken back: the original, followed by what was appended since. */
  get restored(): string {
    return join(this.path, "restored.jsonl");
  }

  /** While a repair, or its undoing, is finished in which Codex has gone on: the rollout as that was found. */
  get found(): string {
    return join(this.path, "found.jsonl");
  }

  /** Meanwhile, too: what it was to become, followed by what Codex has written. */
  get merged(): string {
    return join(this.path, "merged.jsonl");
  }

  get setAside(): string {
    return join(this.path, "set-aside.txt");
  }

  /** Who works the repair out; of no use once there is a journal, and removed when that is done. */
  get worker(): string {
    return join(this.path, "worker.json");
  }

  /** What Codex's index held of the rollout, where that was removed; what one elsewhere held lies beside it (`index-….sqlite`). */
  get index(): string {
    return join(this.path, "index.sqlite");
  }

  get transcript(): string {
    return join(this.path, "transcript.md");
  }

  get #journal(): string {
    return join(this.path, "journal.json");
  }

  write(journal: Journal): void {
    writeDurably(this.#journal, `${JSON.stringify(journal, undefined, 2)}\n`);
  }

  /** Whether the repair has come so far that its rollout may have been written to. */
  get hasJournal(): boolean {
    return existsSync(this.#journal);
  }

  /** When the repair, or its undoing, was last begun or ended, in milliseconds since 1970. Only of one that has a journal. */
  get written(): number {
    return statSync(this.#journal).mtimeMs;
  }

  /** `undefined` for a folder that was not finished, or is of a newer version. */
  read(): Journal | undefined {
    if (!this.hasJournal) return undefined;
    return schema.safeParse(parseJson(readFileSync(this.#journal, "utf8"))).data;
  }

  remove(): void {
    removeWhole(this.path);
  }
}

/** A repair that was begun, with its journal. */
export interface KnownRepair {
  readonly folder: RepairFolder;
  readonly journal: Journal;
}

const repairsPath = (home: string): string => join(home, "repairs");

/** After so long a folder without a journal is abandoned, whose worker can't be looked at. A running one takes minutes. */
const abandonedMs = 24 * 3_600_000;

/** Whether the repair was killed while it was worked out, so that nothing needs its copies. */
function isAbandoned({ folder, at }: UnbegunRepair, now: number): boolean {
  const known = worker.safeParse(readCacheFile(folder.worker)).data;
  const fate = known ? fateOf(known) : "out-of-sight";
  const isOver = fate === "dead" || (fate === "out-of-sight" && now - at > abandonedMs);
  // Asked last: it may have written its journal, and been killed in the middle of the rollout, since the folder was looked at.
  return isOver && !folder.hasJournal;
}

/**
 * Whether a repair still needs its folder: it is under way, or was cut off once it had begun. It may be so a moment after it wasn't, which is
 * why it is asked right before the folder is removed.
 */
export function isStillNeeded(folder: RepairFolder, now: number): boolean {
  const unbegun = unbegunIn(folder);
  if (unbegun) return !isAbandoned(unbegun, now);
  const journal = folder.read();
  return journal === undefined || isUnfinished({ folder, journal });
}

/** A new folder for a repair; what abandoned ones have left is removed. `home` is Throughline's own. */
export function makeRepairFolder(home: string, thread: string | undefined, now: number): RepairFolder {
  const parent = repairsPath(home);
  makeFolders(parent);
  for (const each of unbegunRepairs(home)) if (isAbandoned(each, now)) removeIfPossible(each.folder);
  const stamp = new Date(now).toISOString().replaceAll(/[:.]/gu, "-");
  for (let nth = 0; ; nth++) {
    const path = join(parent, `${stamp}-${thread ?? "rollout"}${nth === 0 ? "" : `-${nth}`}`);
    if (existsSync(path)) continue;
    mkdirSync(path, { mode: 0o700 });
    const folder = new RepairFolder(path);
    // Where that can't be written, the folder is abandoned once it is old.
    writeCacheFile(folder.worker, identifyProcess());
    return folder;
  }
}

/**
 * Removes what no repair needs. A folder that can't be removed (another user left it, with sudo, say, or its disk fails) is no reason to
 * refuse a repair, and hides none why one failed.
 */
export function removeIfPossible(folder: RepairFolder): void {
  ifPossible(() => folder.remove());
}

/** The repairs of a rollout, oldest first. */
export function repairsOf(home: string, path: string): KnownRepair[] {
  return allRepairs(home).filter((known) => isRepairOf(known, path));
}

/** When a rollout was last repaired, or a repair of it taken back, in milliseconds since 1970. `home` is Throughline's own. */
export function lastRepairAt(home: string, path: string): number | undefined {
  const times = repairsOf(home, pathKnownTo()(path)).map(({ folder }) => folder.written);
  return times.length === 0 ? undefined : Math.max(...times);
}

/**
 * Whether the repair was made on this rollout, or on it before it was moved: within its home, as it is when Codex archives it, or with all of
 * that, which may have left a link in its place.
 */
export function isRepairOf({ journal: { path: from } }: KnownRepair, path: string): boolean {
  const plain = plainPath(path);
  if (from === plain) return true;
  if (basename(from) !== basename(plain)) return false;
  const there = [from, packedPath(from)].find((one) => existsSync(one));
  if (there !== undefined) return plainPath(pathKnownTo()(there)) === plain;
  const home = homeOf(from);
  return home === homeOf(plain) || (home !== undefined && !existsSync(home));
}

/** Every repair with a journal that can be read, oldest first. `home` is Throughline's own. */
export function allRepairs(home: string): KnownRepair[] {
  if (!existsSync(repairsPath(home))) return [];
  return readdirSync(repairsPath(home))
    .sort()
    .flatMap((name) => {
      const folder = new RepairFolder(join(repairsPath(home), name));
      const journal = folder.read();
      return journal ? [{ folder, journal }] : [];
    });
}

/** A folder without a journal: its repair is being worked out, or was killed meanwhile. Its name tells the thread and the time. */
export interface UnbegunRepair {
  readonly folder: RepairFolder;
  readonly thread: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const folderName = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3}Z)-([\w-]+?)(?:-\d{1,3})?$/u;

/** Every folder of a repair without a journal. `home` is Throughline's own. */
export function unbegunRepairs(home: string): UnbegunRepair[] {
  if (!existsSync(repairsPath(home))) return [];
  return readdirSync(repairsPath(home)).flatMap(
    (name) => unbegunIn(new RepairFolder(join(repairsPath(home), name))) ?? [],
  );
}

function unbegunIn(folder: RepairFolder): UnbegunRepair | undefined {
  const [, hour, minutes, seconds, rest, thread] = folderName.exec(basename(folder.path)) ?? [];
  if (thread === undefined || folder.hasJournal) return undefined;
  return { folder, thread, at: Date.parse(`${hour}:${minutes}:${seconds}.${rest}`) };
}

/** Whether the writing of the rollout was begun and not finished: it was cut off, unless it is under way. */
export function isUnfinished({ journal }: KnownRepair): boolean {
  return journal.state === "writing" || journal.state === "undoing";
}
