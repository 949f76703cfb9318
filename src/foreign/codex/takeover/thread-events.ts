import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { sessionCreated } from "../../../session/created.ts";
import type { Workspace } from "../../../session/event.ts";
import type { Imported } from "../../../session/imported.ts";
import type { Append } from "../../../store.ts";
import { linesUntil } from "../rollout/file/lineage.ts";
import { createdOf } from "../rollout/record/header.ts";
import {
  type ImportPlan,
  issuerIn,
  type MendedCopy,
  settingsOf,
  type Thread,
  workspaceIn,
} from "./import-plan.ts";
import { TakenPlace } from "./taken-place.ts";
import { Taking } from "./taking.ts";

/** A thread, and the session that it becomes or has become. */
export interface Task {
  readonly plan: ImportPlan;
  readonly thread: Thread;
  /** The session's id. */
  readonly id: string;
  /** When the takeover began, in milliseconds since 1970. */
  readonly begun: number;
}

/** The log of the session that a thread becomes: its first event, those after it, and what is taken over while they are asked for. */
export interface ThreadLog {
  readonly created: Append;
  readonly events: AsyncIterable<readonly Append[]>;
  readonly taking: Taking;
}

/** Where the lines of a thread's damaged files are read. */
export interface Reading {
  /** Copies that are mended, by the files' paths. */
  readonly copies: ReadonlyMap<string, MendedCopy>;
  /** How far the last file itself was read, where that is read from a copy. */
  readonly place?: TakenPlace;
  /** A file can't be unpacked to its end; its copy tells nothing of it. */
  readonly isBroken?: boolean;
}

/** Every file is read as it is, damaged or not. */
export const asItIs: Reading = { copies: new Map() };

/**
 * Has `read` read a thread's files as they are, and once more where there are mended copies of damaged ones: in their place. Of a damaged
 * file Codex itself makes less than is in it.
 */
export async function whole<Result>(read: (reading?: Reading) => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Mended)) throw error;
    try {
      return await read(error.reading);
    } finally {
      for (const copy of error.reading.copies.values()) copy.remove();
    }
  }
}

/** Thrown once all files are read, where mended copies of some of them are to be read instead. */
class Mended extends Error {
  readonly reading: Reading;

  constructor(reading: Reading) {
    super(`damaged: ${[...reading.copies.keys()].join(", ")}`);
    this.reading = reading;
  }
}

/** Mended copies of damaged files, as far as there are any. */
async function copiesOf(
  { mended }: ImportPlan,
  damaged: readonly string[],
): Promise<ReadonlyMap<string, MendedCopy>> {
  const copies = new Map<string, MendedCopy>();
  try {
    for (const path of damaged) {
      const copy = await mended?.(path);
      if (copy) copies.set(path, copy);
    }
    return copies;
  } catch (error) {
    for (const copy of copies.values()) copy.remove();
    throw error;
  }
}

/**
 * Has `write` write the log of the session that a thread becomes: once more from its beginning where a file is damaged (`whole`), or a
 * rollback turns out to take back compactions that aren't among `undone`. What they replaced has left the log's window for good. What
 * `write` is given is written whole or not at all, and fails with what its events throw.
 */
export function writeLog<Result>(
  task: Task,
  undone: ReadonlySet<number>,
  write: (log: ThreadLog) => Promise<Result>,
): Promise<Result> {
  return whole(async (reading) => {
    for (let known = undone; ;) {
      const log = await logOf(task, known, reading);
      try {
        return await write(log);
      } catch (error) {
        if (!(error instanceof TakenBack)) throw error;
        known = known.union(log.taking.undone);
      }
    }
  });
}

/** Thrown to stop the writing of a log that has to begin anew. */
class TakenBack extends Error {}

async function logOf(
  task: Task,
  undone: ReadonlySet<number>,
  reading: Reading | undefined,
): Promise<ThreadLog> {
  const { plan, thread, id } = task;
  const taking = new Taking(issuerIn(plan), { undone, isMended: (reading?.copies.size ?? 0) > 0 });
  const { header } = thread;
  const workspace = await workspaceIn(plan, {
    ...(header?.cwd !== undefined && { cwd: header.cwd }),
    ...(header && { header }),
  });
  const created = sessionCreated({
    id,
    version: plan.store.version,
    workspace,
    settings: plan.settings({}),
    name: thread.name,
  });
  const place = new TakenPlace(thread.file);
  async function* events(): AsyncGenerator<readonly Append[]> {
    // Which compactions are taken back is known only when everything has been read.
    for await (const group of taken(plan, thread, taking, place, reading)) {
      plan.signal?.throwIfAborted();
      if (taking.undone.size === 0) yield group;
    }
    if (taking.undone.size > 0) throw new TakenBack();
    if (taking.items === 0 && taking.header === undefined) throw unreadable(thread);
    const copied = reading?.place && ({ ...reading.place.imported(), mended: true } as const);
    yield await ending(task, taking, copied ?? place.imported(), workspace);
  }
  return { created: { event: created, at: createdOf(header, thread.file) }, events: events(), taking };
}

/**
 * The events of the lines after `place` (in the last file), which is moved on, in groups that are written at once. Without a `reading`,
 * what has `whole` read mended copies is thrown behind the last of them.
 */
export async function* taken(
  plan: ImportPlan,
  { lineage: { segments } }: Thread,
  taking: Taking,
  place: TakenPlace,
  reading: Reading | undefined,
): AsyncGenerator<Append[]> {
  const from = place.bytes;
  const last = segments.at(-1)!;
  const total = segments.reduce((sum, { file }) => sum + file.bytes, 0);
  let read = 0;
  const damaged: string[] = [];
  const onBroken = (): void => void taking.left.set(broken, 1);
  if (reading?.isBroken === true) onBroken();
  for (const segment of from > 0 ? [last] : segments) {
    const { file, until } = segment;
    const { path } = reading?.copies.get(file.path) ?? file;
    for await (const lines of linesUntil(path, until, { from: segment === last ? from : 0, onBroken })) {
      for (let next = 0; next < lines.length;) {
        next = taking.take(lines, next);
        if (taking.isEnough) yield taking.group();
      }
      for (const line of lines) read += line.length + 1;
      if (segment === last) place.reached(lines);
      plan.onBytes?.(Math.min(read, total), total);
    }
    if (taking.endFile()) damaged.push(file.path);
  }
  const rest = taking.group();
  if (rest.length > 0) yield rest;
  if (reading !== undefined) return;
  const copies = await copiesOf(plan, damaged);
  const isBroken = taking.left.has(broken);
  if (copies.size > 0) throw new Mended({ copies, isBroken, ...(copies.has(last.file.path) && { place }) });
}

/** A compressed file that can't be unpacked to its end, among what is left out. */
const broken = "broken-archive";

/** What follows on the events of the last line; `before` is the folder that the session belongs to up to there. */
export async function ending(
  { plan, begun }: Task,
  taking: Taking,
  source: Omit<Imported, "turn" | "open">,
  before: Workspace,
): Promise<Append[]> {
  return [await settled(plan, taking, before), ...taking.end(source, begun)];
}

/** The settings and the folder that the thread ended with. */
async function settled(plan: ImportPlan, taking: Taking, before: Workspace): Promise<Append> {
  const { cwd, header } = taking;
  const settings = settingsOf(plan, taking);
  const workspace =
    cwd === undefined || cwd === before.path
      ? undefined
      : await workspaceIn(plan, { cwd, ...(header && { header }) });
  return { event: { type: "settings-changed", settings, ...(workspace && { workspace }) } };
}

/** For a thread of which no line can be read. */
export function unreadable({ file: { path } }: Thread): Failure {
  const message = `${path} holds nothing that can be read as a Codex session. Nothing was changed. See what is wrong with it: throughline doctor ${quoted(path)}`;
  return new Failure("session-damaged", message, { path });
}
