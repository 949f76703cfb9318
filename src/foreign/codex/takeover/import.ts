import { Failure, isFailureOf } from "../../../failure.ts";
import { systemClock } from "../../../lib/clock.ts";
import { quoted } from "../../../lib/words.ts";
import { advance, createHistory, type History } from "../../../session/history.ts";
import type { Append, LogVisitor, SessionLog, SessionStore } from "../../../store.ts";
import { createdOf } from "../rollout/record/header.ts";
import { type ImportPlan, issuerIn, sessionIdOf, settingsOf, type Thread } from "./import-plan.ts";
import { freshIn, type Known, marksOf, readKnown } from "./taken-before.ts";
import { TakenPlace } from "./taken-place.ts";
import { Taking } from "./taking.ts";
import { emptyTally, type TakenTally } from "./tally.ts";
import { asItIs, ending, taken, type Task, unreadable, whole, writeLog } from "./thread-events.ts";

/** What became of a thread that was to be taken over. */
export interface TakenOver extends TakenTally {
  /** The session's id. */
  readonly id: string;
  /**
   * "made": a new session. "grown": what was new in the rollout was appended. "same": there was nothing new. "moved-on": there is
   * something new, but the session has gone its own way since, or holds what the rollout has lost, so that nothing was taken. "remade":
   * the rollout was written anew or repaired, or was damaged and has grown, or has a rollback since that takes a compaction back, or what
   * was new in it had come into the session in part when that was cut off; the session was made anew.
   */
  readonly did: "made" | "grown" | "same" | "moved-on" | "remade";
  /** Bytes of the rollout that are new; of a session that is made now, 0. */
  readonly fresh: number;
  /** With `keep`: the session that was made or has grown, still owned by this process. The caller has to give it back. */
  readonly kept?: Kept;
}

/** A session's log and the history that is folded from it. */
export interface Kept {
  readonly log: SessionLog;
  readonly history: History;
}

/** How one thread is taken over; each may be left out. */
export interface ImportOptions {
  /** Take it over into a new session of this id, whatever was taken over before. */
  readonly as?: string;
  /** The session isn't given back, and needn't be read again to go on with it at once. */
  readonly keep?: boolean;
}

type Keeping = Required<Pick<ImportOptions, "keep">>;

/**
 * Takes a thread over into a session of the store, or, when it was taken over before, what came since. The rollout is only read. A session
 * is made whole or not at all. Throws `session-damaged` when nothing in the files can be read, `usage` when a session of its id is there
 * that was not taken over, and what a store throws (`lease-held` when somebody works in the session).
 */
export async function importThread(
  plan: ImportPlan,
  thread: Thread,
  { as, keep = false }: ImportOptions = {},
): Promise<TakenOver> {
  // Noted before anything is read: what is repaired from then on may have been read as it was before, or half written.
  const begun = (plan.clock ?? systemClock).now();
  if (as !== undefined) return make({ plan, thread, id: as, begun }, { keep });
  const id = sessionIdOf(thread.file.thread, createdOf(thread.header, thread.file));
  const task = { plan, thread, id, begun };
  const known = await readKnown(plan.store, id);
  if (!known) {
    try {
      return await make(task, { keep });
    } catch (error) {
      // Another process may have taken it over meanwhile.
      if (!isFailureOf(error, "usage") || !(await readKnown(plan.store, id))) throw error;
      return importThread(plan, thread, { keep });
    }
  }
  const { imported } = known.history;
  if (!imported) {
    const message = `Session ${id} exists already and was not taken over from Codex, or was scrubbed since; nothing was changed. Take it over as a session of its own with: throughline import --new ${quoted(thread.file.path)}`;
    throw new Failure("usage", message, {});
  }
  const fresh = known.isCutOff ? undefined : await freshIn(thread.file, imported);
  // It, or a file that it goes on from, may hold more then, although its last line is what it was.
  const { at: takenAt = Infinity } = imported;
  const isRepaired = thread.lineage.segments.some(({ file }) => (plan.mendedAt?.(file.path) ?? 0) > takenAt);
  const unchanged = { id, ...emptyTally() };
  const bytes = fresh?.bytes;
  if (bytes === 0 && !isRepaired) return { ...unchanged, did: "same", fresh: 0 };
  if (known.movedOn) return { ...unchanged, did: "moved-on", fresh: bytes ?? 0 };
  // What a mended copy had to make up may be among what came since: a line that was being written, the output of a call.
  const isMended = isRepaired || imported.mended === true;
  // A rollback may bring back what a compaction replaced, which has left the log's window: by that a session can't grow.
  const trial = fresh?.isRolledBack === false && !isMended ? undefined : await tried(plan, thread);
  const isGrowing = bytes !== undefined && (trial === undefined || trial.undone.size === 0);
  if (isGrowing && !isMended) return grow(task, bytes, { keep });
  const remade = trial && (await canBeRemade(task, known, trial)) && (await remake(task, trial));
  if (remade) return { ...remade, ...(keep && { kept: await owned(plan.store, id) }) };
  // What a repair has brought back can't come into it, but what Codex has written since can. Behind a mended copy that may be what the copy
  // had made up.
  if (isGrowing && bytes > 0 && imported.mended !== true) return grow(task, bytes, { keep });
  return { ...unchanged, did: "moved-on", fresh: bytes ?? 0 };
}

async function owned(store: SessionStore, id: string): Promise<Kept> {
  const history = createHistory();
  const visitor: LogVisitor = { record: (record) => advance(history, record) };
  return { log: await store.acquire(id, visitor, { doing: takingOver }), history };
}

/** Folds all lines of a thread without writing anything. */
function tried({ onBytes: _onBytes, ...plan }: ImportPlan, thread: Thread): Promise<Taking> {
  return whole(async (reading) => {
    const trial = new Taking(issuerIn(plan));
    const groups = taken(plan, thread, trial, new TakenPlace(thread.file), reading);
    while ((await groups.next()).done !== true) plan.signal?.throwIfAborted();
    return trial;
  });
}

/**
 * Whether a session may be made anew from its rollout: only while it holds nothing of its own, and nothing that is missing from the
 * rollout now, as when that was emptied or cut short. (The later files of a reverted thread do hold less.)
 */
async function canBeRemade(
  { plan: { store }, thread, id }: Task,
  { history: { amendments, imported }, messages, movedOn }: Known,
  trial: Taking,
): Promise<boolean> {
  if (movedOn) return false;
  const left = [await store.queued(id), await store.buried(id), await store.unreadable(id), amendments];
  if (left.some(({ length }) => length > 0)) return false;
  if (thread.file.rollout !== imported?.rollout) return trial.items > 0;
  return trial.messages >= messages;
}

function make(task: Task, { keep }: Keeping): Promise<TakenOver> {
  const { plan, id } = task;
  return writeLog(task, new Set(), async ({ created, events, taking }) => {
    const history = createHistory();
    const visitor: LogVisitor = { record: (record) => advance(history, record) };
    const more = { more: events, ...(keep && { visitor }) };
    const log = await plan.store.create(id, created, takingOver, more);
    if (!keep) await log.release();
    return { id, did: "made", ...taking.tally, fresh: 0, ...(keep && { kept: { log, history } }) };
  });
}

/**
 * Makes a session anew in its place, so that a crash leaves it as it was or as it is now. What a person has changed about it since it was
 * taken over stays: its name, whether it is archived, and settings. False: somebody has worked in it meanwhile.
 */
async function remake(task: Task, trial: Taking): Promise<TakenOver | false> {
  const { plan, thread, id } = task;
  const log = await plan.store.acquire(id, { record: () => {} }, { doing: takingOver, from: "window" });
  try {
    const known = await readKnown(plan.store, id);
    if (!known || !(await canBeRemade(task, known, trial))) return false;
    const {
      chosen,
      history: { name, archived },
    } = known;
    const named = { ...task, thread: { ...thread, ...(name !== undefined && { name }) } };
    const tally = await writeLog(named, trial.undone, async ({ created, events, taking }) => {
      async function* all(): AsyncGenerator<readonly Append[]> {
        yield [created];
        yield* events;
        const settings = { ...settingsOf(plan, taking), ...chosen, ...plan.asked };
        if (Object.keys(chosen).length > 0) yield [{ event: { type: "settings-changed", settings } }];
        if (archived) yield [{ event: { type: "session-archived" } }];
      }
      await plan.store.rewrite(log, all());
      return taking.tally;
    });
    return { id, did: "remade", ...tally, fresh: 0 };
  } finally {
    await log.release();
  }
}

/** For those who find the session in use. */
const takingOver = "taking over from Codex";

/** Appends what is new to a session that holds the rest and nothing of its own. */
async function grow(task: Task, fresh: number, { keep }: Keeping): Promise<TakenOver> {
  const { plan, thread, id } = task;
  const { log, history } = await owned(plan.store, id);
  let isKept = false;
  const append = async (events: readonly Append[]): Promise<void> => {
    for (const record of await log.append(...events)) if (keep) advance(history, record);
  };
  try {
    const { imported } = history;
    if (!imported) throw unreadable(thread);
    const before = { history, marks: await marksOf(log, history), header: thread.header };
    const taking = new Taking(issuerIn(plan), { before });
    const { provider, model, effort } = history.settings;
    // In mid-turn no new line repeats the model and effort that the turn began with. Another provider's model means nothing here.
    if (provider === plan.settings({}).provider) {
      taking.model = model;
      taking.effort = effort;
    }
    const place = new TakenPlace(thread.file, imported);
    let appended = 0;
    for await (const group of taken(plan, thread, taking, place, asItIs)) {
      await append(group);
      appended += group.length;
    }
    // A turn may have ended, or its tokens may have been counted, without another item.
    if (appended > 0 || taking.hasTold)
      await append(await ending(task, taking, place.imported(), history.workspace));
    isKept = keep;
    return {
      id,
      did: appended > 0 ? "grown" : "same",
      ...taking.tally,
      fresh,
      ...(keep && { kept: { log, history } }),
    };
  } finally {
    if (!isKept) await log.release();
  }
}
