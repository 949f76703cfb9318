import { uuidv7 } from "../lib/ids.ts";
import { Failure } from "../failure.ts";
import { outcomeAfterCut } from "../session/answered.ts";
import { sessionCreated } from "../session/created.ts";
import { isMessage, type LogRecord, type NewEvent } from "../session/event.ts";
import { advance, createHistory, type History, holdsNothing } from "../session/history.ts";
import { isConsistent } from "../session/step.ts";
import { noUsage } from "../session/usage.ts";
import { type Carried, carriedState, VisibleHistory } from "../recovery/rotate.ts";
import type { SessionStore } from "../store.ts";
import { noSessionIn } from "../store/damage.ts";
import { folding } from "../store/fold.ts";
import { Journal } from "../turn/journal.ts";
import type { Runtime } from "./equipment.ts";
import { carriedItems } from "./carried.ts";
import { stepsIn } from "./rewind.ts";

/** A session that was forked off. */
export interface Fork {
  id: string;
  /** How many items stay behind: reasoning, and what has no words. */
  left: number;
}

/**
 * Makes a new session from the visible part of another (R19): as it is now, or as it was at the end of a step, even one that a rewind or
 * a summary took out of the window. The other session is only read, whoever works in it. The new one is whole once it has its name, and
 * is given back. Throws `usage` when there is nothing to go on from at that step.
 */
export async function forkSession(
  { store, clock }: Pick<Runtime, "store" | "clock">,
  from: string,
  { fromStep, name }: { fromStep?: number; name?: string } = {},
): Promise<Fork> {
  const upTo = fromStep === undefined ? Number.POSITIVE_INFINITY : await endOf(store, from, fromStep);
  const history = createHistory();
  // What was asked before a clear is not in the copy, and not its title.
  let isCleared = false;
  let askedSince: string | undefined;
  await store.read(from, {
    record: (record: LogRecord) => {
      const { event } = record;
      if (event.seq > upTo) return;
      advance(history, record);
      if (event.type === "history-cleared") [isCleared, askedSince] = [true, undefined];
      if (event.type === "turn-started" && event.preview !== "") askedSince ??= event.preview;
    },
  });
  const title = isCleared ? askedSince : history.title;
  if (holdsNothing(history)) throw noSessionIn(from, `The log of session ${from}`);
  if (history.settings.provider === "")
    throw new Failure(
      "session-damaged",
      `The first line of session ${from} can't be read, so that its copy would not know how to go on. Nothing was made. Go on with the session itself: throughline resume ${from}`,
      { path: from },
    );
  const id = uuidv7(clock.now());
  const { workspace, settings } = history;
  const created = sessionCreated({ id, version: store.version, workspace, settings, name, parent: from });
  const visible = new VisibleHistory(history, { media: true });
  async function* events(): AsyncGenerator<Carried[]> {
    yield* carriedItems(visible, history.items, {
      store,
      id: from,
      bodies: (refs) => store.bodies(from, refs),
    });
    yield [{ event: forkState(history, title, clock.now()) }];
  }
  const { visitor, history: folded } = folding();
  const log = await store.create(id, { event: created }, "forking", { more: events(), visitor });
  try {
    new Journal(log, folded()).describe(clock.now());
  } finally {
    await log.release();
  }
  return { id, left: visible.left };
}

/** Sequence number of a step's last record, whether or not the step is still sent. A cleared step can't be forked from (R10). */
async function endOf(store: SessionStore, id: string, number: number): Promise<number> {
  const steps = await stepsIn(store, id);
  const step = steps.findLast((candidate) => candidate.step === number);
  if (step && step.state !== "cleared" && isConsistent(step)) return step.toSeq;
  const why =
    step === undefined
      ? "there is none of that number"
      : step.state === "cleared"
        ? "it was cleared"
        : "one of its calls has no output";
  const message = `Session ${id} can't be forked at step ${number}: ${why}. Nothing was made. See its steps with: throughline show ${id} --steps 20`;
  throw new Failure("usage", message, {});
}

/** The fold's state for the copy: made now, no cost yet, not cleared, and no open turn. */
function forkState(history: History, title: string | undefined, now: number): NewEvent {
  const { title: _title, ...carried } = carriedState(history);
  const outcome = outcomeAfterCut(history.items, `forked from session ${history.id}`);
  const messages = history.items.filter(isMessage).length;
  const named = title !== undefined && { title };
  return { ...carried, ...named, created: now, messages, usage: noUsage, repairs: 0, delivered: [], outcome };
}
