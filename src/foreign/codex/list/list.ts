import { Pauses } from "../../../lib/pauses.ts";
import type { Writable } from "../../../lib/writable.ts";
import { CodexDatabases } from "../home/databases.ts";
import { currentOf, mostSegments } from "../rollout/file/lineage.ts";
import { threadNames } from "../home/names.ts";
import { listRollouts, type RolloutFile } from "../home/places.ts";
import type { Origin } from "../rollout/record/header.ts";
import type { TurnFailure } from "../rollout/payload/outcome.ts";
import type { Flaw } from "./flaw.ts";
import { type RolloutFacts, scanBefore, scanRollout } from "./scan.ts";
import { ScanCache } from "./scan-cache.ts";

/** What is worth a word in a list. "two-files": several files claim to be the thread, and Codex goes on with one of them. */
export type ThreadFlaw = Flaw | "two-files" | "base-missing";

/** A Codex thread in a list: the file that Codex goes on with, and what is known of it. Times are milliseconds since 1970. */
export interface ListedThread {
  readonly id: string;
  readonly path: string;
  readonly name?: string;
  /** First line of what the person asked first; of a guardian what it is. */
  readonly title?: string;
  /** The working folder it was last used in, as Codex's own list has it (0.169). */
  readonly cwd?: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly model?: string;
  readonly effort?: string;
  readonly origin: Origin;
  readonly cliVersion?: string;
  readonly provider?: string;
  readonly created: number;
  readonly updated: number;
  /** Of a thread that was reverted, and of a fork: without those of the files before it that were taken back. */
  readonly messages: number;
  /** The messages are reckoned from the ends of its files. */
  readonly estimated?: true;
  /** Bytes of all its files. */
  readonly bytes: number;
  /** Bytes that the file that Codex goes on with unpacks to, where it is compressed and they are known. */
  readonly unpacked?: number;
  readonly archived?: true;
  readonly parent?: string;
  readonly forkedFrom?: string;
  /** What its last turn failed of, where Codex has written that down at the turn's end (0.148 and later). */
  readonly failure?: TurnFailure;
  readonly flaws: readonly ThreadFlaw[];
}

/** Options of `listThreads`; each may be left out. */
export interface ListOptions {
  /** Where what is found is kept for the next time; absent: nowhere. */
  readonly cache?: string;
  /** Called now and then while files are read that the cache doesn't know. */
  onRead?(read: number, total: number): void;
  /** Aborting it stops the reading; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** The threads of a home, and what there is to say of the looking. */
export interface ThreadList {
  /** Newest activity first. */
  readonly threads: ListedThread[];
  /** How many rollouts had to be read. */
  readonly read: number;
  /** What could not be looked at, or not be kept, one line each. */
  readonly troubles: string[];
}

/**
 * Every thread of a Codex home: of the CLI, `exec`, the VS Code extension and the desktop app, sub-agents and archived ones included. The
 * files decide; names come from where people's names for them are kept. What was scanned before is not read again. Gives way to others
 * while it reads.
 */
export async function listThreads(
  home: string,
  { cache: folder, onRead, signal }: ListOptions = {},
): Promise<ThreadList> {
  const troubles: string[] = [];
  const files = listRollouts(home, (path, why) => troubles.push(`${path} can't be looked at: ${why}`));
  const cache = folder === undefined ? undefined : new ScanCache(folder, home);
  const found: Found[] = [];
  const unknown: RolloutFile[] = [];
  for (const file of files) {
    const facts = cache?.get(file);
    if (facts) found.push({ file, facts });
    else unknown.push(file);
  }
  const pauses = new Pauses();
  const give = async (): Promise<void> => {
    await pauses.take();
    signal?.throwIfAborted();
  };
  for (const [at, file] of unknown.entries()) {
    found.push({ file, facts: scanRollout(file) });
    if (at % 64 === 0) onRead?.(at, unknown.length);
    if (pauses.isDue) await give();
  }
  const byRollout = new Map(found.map((each) => [each.file.rollout, each]));
  for (const each of found) {
    if (each.facts.header?.historyBase === undefined) continue;
    lookBefore(each, byRollout);
    if (pauses.isDue) await give();
  }
  if (unknown.length > 0) {
    const trouble = cache?.write(found);
    if (trouble !== undefined) troubles.push(trouble);
  }
  return { threads: threadsOf(home, found, byRollout), read: unknown.length, troubles };
}

interface Found {
  readonly file: RolloutFile;
  facts: RolloutFacts;
}

/** Looks at what counts still of the file that this one goes on from: as long as both are there, that stays the same. */
function lookBefore(each: Found, byRollout: ReadonlyMap<string, Found>): void {
  const { header, before } = each.facts;
  const base = header?.historyBase && !before && byRollout.get(header.historyBase.rollout);
  const seen = base && scanBefore(base.file, header.historyBase);
  if (seen) each.facts = { ...each.facts, before: seen };
}

function threadsOf(
  home: string,
  found: readonly Found[],
  byRollout: ReadonlyMap<string, Found>,
): ListedThread[] {
  const byThread = Map.groupBy(found, ({ file }) => file.thread);
  const names = threadNames(home);
  const several = [...byThread].filter(([, own]) => own.length > 1).map(([id]) => id);
  const known = new CodexDatabases(home).known(several);
  const threads: ListedThread[] = [];
  for (const [id, own] of byThread) {
    const { path, name } = known.get(id) ?? {};
    const current = own.length === 1 ? own[0]! : currentAmong(own, path);
    threads.push(threadOf(current, own, byRollout, names.get(id) ?? name));
  }
  return threads.sort((a, b) => b.updated - a.updated);
}

function currentAmong(own: readonly Found[], named: string | undefined): Found {
  const files = own.map(({ file }) => file);
  const current = currentOf(files, named);
  return own.find(({ file }) => file === current)!;
}

function threadOf(
  current: Found,
  own: readonly Found[],
  byRollout: ReadonlyMap<string, Found>,
  name: string | undefined,
): ListedThread {
  const { file, facts } = current;
  const { header } = facts;
  const chain = chainOf(current, byRollout);
  const first = chain.at(-1)!;
  const title = titleOf(chain, facts);
  const flaws: ThreadFlaw[] = [...facts.flaws];
  if (own.length > 1 && own.filter((each) => each.file.rollout === file.rollout).length > 1)
    flaws.push("two-files");
  if (first.facts.header?.historyBase) flaws.push("base-missing");
  const model = chain.find((each) => each.facts.model !== undefined)?.facts;
  const cwd = chain.find((each) => each.facts.cwd !== undefined)?.facts.cwd ?? header?.cwd;
  // Member by member: of ten thousand threads, spreading takes longer than looking at their files.
  const thread: Writable<ListedThread> = {
    id: file.thread,
    path: file.path,
    origin: header?.origin ?? "unknown",
    created: own.length === 1 ? facts.created : Math.min(...own.map((each) => each.facts.created)),
    updated: facts.updated,
    messages: chain.reduce((sum, each) => sum + (each.facts.before?.messages ?? 0), facts.messages),
    bytes: own.reduce((sum, each) => sum + each.file.bytes, 0),
    flaws,
  };
  if (name !== undefined) thread.name = name;
  if (title !== undefined) thread.title = title;
  if (cwd !== undefined) thread.cwd = cwd;
  if (header?.branch !== undefined) thread.branch = header.branch;
  if (header?.commit !== undefined) thread.commit = header.commit;
  if (model?.model !== undefined) thread.model = model.model;
  if (model?.effort !== undefined) thread.effort = model.effort;
  if (header?.cliVersion !== undefined) thread.cliVersion = header.cliVersion;
  if (header?.modelProvider !== undefined) thread.provider = header.modelProvider;
  if (facts.estimated || chain.some((each) => each.facts.before?.estimated)) thread.estimated = true;
  if (facts.failure) thread.failure = facts.failure;
  if (facts.unpacked !== undefined) thread.unpacked = facts.unpacked;
  if (file.archived) thread.archived = true;
  if (header?.parent !== undefined) thread.parent = header.parent;
  if (header?.forkedFrom !== undefined) thread.forkedFrom = header.forkedFrom;
  return thread;
}

/** Every guardian's first prompt begins with the same words: Codex's own list has these for it (0.169). */
const guardian = "Guardian review";

/** What was asked first: in the files before this one, where there are any. */
function titleOf(chain: readonly Found[], { header, title }: RolloutFacts): string | undefined {
  if (header?.isGuardian) return guardian;
  return chain.findLast(({ facts }) => facts.before?.title !== undefined)?.facts.before?.title ?? title;
}

/** The file and those that it continues, newest first. */
function chainOf(current: Found, byRollout: ReadonlyMap<string, Found>): Found[] {
  const chain = [current];
  for (let base = current.facts.header?.historyBase; base && chain.length < mostSegments;) {
    const before = byRollout.get(base.rollout);
    if (!before || chain.includes(before)) break;
    chain.push(before);
    base = before.facts.header?.historyBase;
  }
  return chain;
}
