import { systemClock } from "../../../lib/clock.ts";
import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { sessionCreated } from "../../../session/created.ts";
import type { Workspace } from "../../../session/event.ts";
import type { Append } from "../../../store.ts";
import { linesUntil } from "../rollout/lineage.ts";
import { createdOf } from "../rollout/header.ts";
import { type ImportPlan, issuerIn, settingsOf, type Thread, workspaceIn } from "./import-plan.ts";
import { TakenPlace } from "./taken-place.ts";
import { Taking } from "./taking.ts";

/** A thread, and the session that it becomes or has become. */
export interface Task {
  readonly plan: ImportPlan;
  readonly thread: Thread;
  /** The session's id. */
  readonly id: string;
}

/** The log of the session that a thread becomes: its first event, those after it, and what is taken over while they are asked for. */
export interface ThreadLog {
  readonly created: Append;
  readonly events: AsyncIterable<readonly Append[]>;
  readonly taking: Taking;
}

/**
 * Has `write` write the log of the session that a thread becomes: once more from its beginning where a rollback turns out to take back
 * compactions that aren't among `undone`. What they replaced has left the log's window for good. What `write` is given is written whole
 * or not at all, and fails with what its events throw.
 */
export async function writeLog<Result>(
  task: Task,
  undone: ReadonlySet<number>,
  write: (log: ThreadLog) => Promise<Result>,
): Promise<Result> {
  const log = await logOf(task, undone);
  try {
    return await write(log);
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error;
    return writeLog(task, new Set([...undone, ...log.taking.undone]), write);
  }
}

/** Thrown to stop the writing of a log that has to begin anew. */
class TakenBack extends Error {}

async function logOf({ plan, thread, id }: Task, undone: ReadonlySet<number>): Promise<ThreadLog> {
  const taking = new Taking(issuerIn(plan), { undone });
  const { header } = thread;
  const begun = await workspaceIn(plan, {
    ...(header?.cwd !== undefined && { cwd: header.cwd }),
    ...(header && { header }),
  });
  const created = sessionCreated({
    id,
    version: plan.store.version,
    workspace: begun,
    settings: plan.settings({}),
    name: thread.name,
  });
  const place = new TakenPlace(thread.file);
  async function* events(): AsyncGenerator<readonly Append[]> {
    // Which compactions are taken back is known only when everything has been read.
    for await (const group of taken(plan, thread, taking, place)) if (taking.undone.size === 0) yield group;
    if (taking.undone.size > 0) throw new TakenBack();
    if (taking.items === 0 && taking.header === undefined) throw unreadable(thread);
    yield await ending(plan, taking, place, begun);
  }
  return { created: { event: created, at: createdOf(header, thread.file) }, events: events(), taking };
}

/** The events of the lines after `place` (in the last file), which is moved on, in groups that are written at once. */
export async function* taken(
  plan: ImportPlan,
  { lineage: { segments } }: Thread,
  taking: Taking,
  place: TakenPlace,
): AsyncGenerator<Append[]> {
  const from = place.bytes;
  const last = segments.at(-1)!;
  const total = segments.reduce((sum, { file }) => sum + file.bytes, 0);
  let read = 0;
  const onBroken = (): void => void taking.left.set("broken-archive", 1);
  for (const segment of from > 0 ? [last] : segments) {
    const { file, until } = segment;
    for await (const lines of linesUntil(file.path, until, { from: segment === last ? from : 0, onBroken })) {
      for (let next = 0; next < lines.length;) {
        next = taking.take(lines, next);
        if (taking.isEnough) yield taking.group();
      }
      for (const line of lines) read += line.length + 1;
      if (segment === last) place.reached(lines);
      plan.onBytes?.(Math.min(read, total), total);
    }
  }
  const rest = taking.group();
  if (rest.length > 0) yield rest;
}

/** What follows on the events of the last line; `begun` is the folder that the session belongs to up to there. */
export async function ending(
  plan: ImportPlan,
  taking: Taking,
  place: TakenPlace,
  begun: Workspace,
): Promise<Append[]> {
  const { clock = systemClock } = plan;
  return [await settled(plan, taking, begun), ...taking.end(place.imported(), clock.now())];
}

/** The settings and the folder that the thread ended with. */
async function settled(plan: ImportPlan, taking: Taking, begun: Workspace): Promise<Append> {
  const { cwd, header } = taking;
  const settings = settingsOf(plan, taking);
  const workspace =
    cwd === undefined || cwd === begun.path
      ? undefined
      : await workspaceIn(plan, { cwd, ...(header && { header }) });
  return { event: { type: "settings-changed", settings, ...(workspace && { workspace }) } };
}

/** For a thread of which no line can be read. */
export function unreadable({ file: { path } }: Thread): Failure {
  const message = `${path} holds nothing that can be read as a Codex session. Nothing was changed. See what is wrong with it: throughline doctor ${quoted(path)}`;
  return new Failure("session-damaged", message, { path });
}
