import { crashPoint } from "./lib/fault.ts";
import { printableLine } from "./lib/printable.ts";
import { counted } from "./lib/words.ts";
import { Failure, isFailureOf } from "./failure.ts";
import type { TurnOutcome } from "./session/event.ts";
import { canContinue, type History } from "./session/history.ts";
import { describeItem, messageItem } from "./session/item.ts";
import { usageSince } from "./session/usage.ts";
import type { Projection } from "./replay/project.ts";
import type { Action } from "./recovery/action.ts";
import { type Circumstances, decide, outOfRoom } from "./recovery/policy.ts";
import { canBeRotated } from "./recovery/rotate.ts";
import { Situation } from "./recovery/situation.ts";
import { Alone } from "./runtime/alone.ts";
import type { Compacted, Compacting } from "./runtime/compactor.ts";
import type { Equipment, Runtime, SessionStart } from "./runtime/equipment.ts";
import { FollowUps } from "./runtime/follow-ups.ts";
import { cancelledBy, limitToSitOut, waitUntil } from "./runtime/limit-wait.ts";
import { adopted, closedOnFailure, newJournal, openJournal } from "./runtime/open.ts";
import { pauseFor } from "./runtime/pause.ts";
import { failedAs, logFailure, quarantine, repairPairs } from "./runtime/repair.ts";
import { Requests } from "./runtime/requests.ts";
import { makeSuccessor } from "./runtime/rotation.ts";
import { Shadows } from "./runtime/shadow.ts";
import { Trial } from "./runtime/trial.ts";
import { endTurn, settleLeft } from "./runtime/turn-end.ts";
import type { Append, FollowUp } from "./store.ts";
import { damageNotices } from "./store/damage.ts";
import { Calls } from "./turn/calls.ts";
import type { Journal } from "./turn/journal.ts";
import { type Interrupted, runTurn, type Turn } from "./turn/turn.ts";

/** How a run of turns ended. */
export interface Served {
  /** Outcome of the last turn; absent when there was nothing to do. */
  outcome?: TurnOutcome;
  /** How many follow-ups got a turn of their own. */
  delivered: number;
  /** How many still wait, because the last turn did not complete. */
  waiting: number;
}

/** What a turn begins with: nothing, to go on where the session stopped. */
interface TurnInput {
  prompt: string | undefined;
  /** The follow-up whose text the prompt is. */
  followUp?: FollowUp;
}

/** Makes a session and takes its lease. */
export async function createSession(
  runtime: Runtime,
  start: SessionStart,
  equipment: Equipment,
): Promise<Session> {
  const { id, name, context } = start;
  const session = new Session(runtime, await newJournal(runtime, start, equipment.settings), equipment);
  runtime.observe({ type: "session-opened", id, resumed: false, ...(name !== undefined && { name }) });
  await closedOnFailure(session, () => session.addInput(context));
  return session;
}

/**
 * Takes a session's lease and reads its window; for a session that was rotated, its successor's. A `Journal` is a session that this
 * process owns already, and belongs to this function from then on. `equip` is given the history and answers what the session is to run
 * with; when it throws, the lease is given back. Throws `session-missing`, `lease-held` (without `force`) and `schema-newer`.
 */
export async function resumeSession(
  runtime: Runtime,
  reference: string | Journal,
  { force }: { force: boolean },
  equip: (history: History) => Promise<Equipment>,
): Promise<Session> {
  const { observe } = runtime;
  const journal =
    typeof reference === "string" ? await openJournal(runtime, reference, { force }) : reference;
  const { log, history } = journal;
  const { id, name } = history;
  return closedOnFailure({ close: () => log.release() }, async () => {
    const equipment = await equip(history);
    observe({ type: "session-opened", id, resumed: true, ...(name !== undefined && { name }) });
    for (const text of damageNotices(log.report.damage)) observe({ type: "notice", text });
    await journal.append(...adopted(equipment, history).map((event) => ({ event })));
    return new Session(runtime, journal, equipment);
  });
}

/** A session that this process owns. It runs one turn at a time; asking for another meanwhile throws `usage`. */
export class Session {
  readonly #runtime: Runtime;
  readonly #equipment: Equipment;
  readonly #followUps: FollowUps;
  readonly #requests: Requests;
  readonly #shadows: Shadows;
  readonly #trial: Trial;
  readonly #alone = new Alone();
  #journal: Journal;

  constructor(runtime: Runtime, journal: Journal, equipment: Equipment) {
    this.#runtime = runtime;
    this.#journal = journal;
    this.#equipment = equipment;
    this.#followUps = new FollowUps(runtime, () => this.#journal);
    this.#requests = new Requests(equipment, () => this.#journal);
    this.#shadows = new Shadows(runtime, () => this.#journal, this.#requests);
    this.#trial = new Trial(runtime, () => this.#journal, this.#requests);
  }

  /** Changes when the session is rotated. */
  get id(): string {
    return this.#journal.log.id;
  }

  /** The fold of its log, which changes in place as the log grows. */
  get history(): History {
    return this.#journal.history;
  }

  /** Logs an item that the model didn't make: context, say. It belongs to the step that comes next. */
  async addInput(item: Uint8Array): Promise<void> {
    await this.#journal.append(this.#input(item, this.history.turn));
  }

  /**
   * Runs a turn for the prompt (or, without one, goes on where the session stopped), then one for each queued follow-up, in order, until
   * none is left or a turn doesn't complete; the rest stay queued (R31). Throws `usage` when there is neither a prompt, nor anything to
   * go on with, nor a follow-up.
   */
  serve(prompt: string | undefined, signal: AbortSignal): Promise<Served> {
    return this.#alone.at(this.id, async () => {
      let delivered = 0;
      let outcome: TurnOutcome | undefined;
      await settleLeft(this.#runtime, this.#journal, this.#equipment, signal);
      if (prompt !== undefined || canContinue(this.history) || (await this.#followUps.waiting()) === 0)
        outcome = await this.#turn({ prompt }, signal);
      while ((outcome === undefined || outcome.kind === "completed") && !signal.aborted) {
        const followUp = await this.#followUps.next();
        if (!followUp) break;
        outcome = await this.#turn({ prompt: followUp.text, followUp }, signal);
        delivered++;
      }
      return { ...(outcome && { outcome }), delivered, waiting: await this.#followUps.waiting() };
    });
  }

  /**
   * Runs one turn to its outcome, which is in the log when this resolves (R27). Without a prompt it goes on where the session stopped.
   * What a dead owner left is settled first. Aborting `signal` ends the tools in flight, keeps what they printed, and ends the turn as
   * interrupted. Throws what the store throws (a lost lease, a full disk), `usage` where it is at work or there is nothing to go on with,
   * `configuration` where no command can be started, and what `approve` and `observe` throw; never a failure of the provider's.
   */
  run(prompt: string | undefined, signal: AbortSignal): Promise<TurnOutcome> {
    return this.#alone.at(this.id, async () => {
      await settleLeft(this.#runtime, this.#journal, this.#equipment, signal);
      return this.#turn({ prompt }, signal);
    });
  }

  /**
   * Goes on in a new session with the visible part of this one (R30): its messages, calls and outputs, name, settings and queue. A turn
   * that is under way goes on there. When it throws, either nothing has changed, or the successor has taken this session's place.
   */
  async rotate(notice: string): Promise<void> {
    const before = this.#journal.log;
    const { journal, left } = await makeSuccessor(this.#runtime, this.#journal);
    this.#journal = journal;
    await before.release();
    const stayed =
      left > 0 ? `; ${counted(left, "item")} ${left === 1 ? "stays" : "stay"} in session ${before.id}` : "";
    this.#runtime.observe({
      type: "session-rotated",
      from: before.id,
      to: this.id,
      notice: `${notice}${stayed}; take it back with: throughline undo ${this.id}`,
    });
  }

  /** Summarises all but the end of the window, because a person asks. A failure of the request leaves the session as it was. */
  compact(signal: AbortSignal): Promise<Compacted> {
    const summarise = () => this.#equipment.compact?.summarise(this.#compacting(signal));
    return this.#alone.at(this.id, async () => (await summarise()) ?? { kind: "nothing" });
  }

  /** Gives the lease back. */
  async close(): Promise<void> {
    await this.#journal.log.release();
  }

  async #turn(input: TurnInput, signal: AbortSignal): Promise<TurnOutcome> {
    const limit = input.prompt === undefined ? limitToSitOut(this.#runtime, this.history) : undefined;
    if (limit !== undefined) {
      const cancelled = await waitUntil(this.#runtime, this.#journal, limit, signal);
      if (cancelled) return cancelled;
    }
    await this.#begin(input);
    const before = this.history.usage;
    const outcome = await this.#untilOutcome(new Situation({ hasWaited: limit !== undefined }), signal);
    await endTurn(this.#journal, outcome);
    crashPoint("turn-ended");
    const usage = usageSince(before, this.history.usage);
    this.#runtime.observe({ type: "turn-ended", outcome, usage });
    return outcome;
  }

  async #begin({ prompt, followUp }: TurnInput): Promise<void> {
    const { history } = this;
    if (prompt === undefined && !canContinue(history)) {
      const why = history.cleared ? "it was cleared" : "its last turn is complete";
      throw new Failure(
        "usage",
        `Session ${this.id} has nothing to go on with: ${history.turn === 0 ? "it has no turn yet" : why}. Give it a prompt.`,
        {},
      );
    }
    const turn = history.turn + 1;
    const started: Append = {
      event: {
        type: "turn-started",
        turn,
        source: followUp ? "follow-up" : prompt === undefined ? "continuation" : "prompt",
        ...(followUp && { followUp: followUp.id }),
        preview: printableLine(prompt ?? "", 200),
      },
    };
    // Said within sentences, which have a full stop of their own.
    const about = prompt === undefined ? "" : `: ${printableLine(prompt, 60).replace(/\.$/u, "")}`;
    this.#journal.log.doing(`at turn ${turn}${about}`);
    const said = prompt === undefined ? [] : [this.#input(messageItem("user", prompt), turn, followUp)];
    await this.#journal.append(started, ...said);
    if (followUp) await this.#followUps.delivered(followUp);
    crashPoint("turn-started");
    this.#runtime.observe({ type: "turn-started", turn });
  }

  #input(item: Uint8Array, turn: number, followUp?: FollowUp): Append {
    const facts = describeItem(item);
    if (!facts) throw new Error("an input item is a JSON object with a type");
    const step = this.history.step + 1;
    const delivers = followUp && { followUp: followUp.id };
    return { event: { type: "item-added", turn, step, ...facts, origin: "input", ...delivers }, item };
  }

  /** The heart of the runtime: run steps, ask the policy what to do about a failure, do it, run again. */
  async #untilOutcome(situation: Situation, signal: AbortSignal): Promise<TurnOutcome> {
    this.#trial.drop();
    let turn = this.#steps(signal);
    let attempt = 1;
    for (;;) {
      // After a rotation the turn goes on with the successor's journal.
      if (turn.journal !== this.#journal) turn = this.#steps(signal);
      const result = await runTurn(turn, attempt);
      await this.#trial.settle(result, situation);
      if (result.kind === "completed") return { kind: "completed" };
      attempt = result.attempt + 1;
      if (result.steps > 0) situation.progressed();
      const failed = { ...result, failure: this.#requests.placed(result.failure) };
      const outcome = await this.#recover(failed, situation, signal);
      if (outcome) return outcome;
    }
  }

  #compacting(signal: AbortSignal): Compacting {
    const { provider, settings } = this.#equipment;
    const { store, observe } = this.#runtime;
    const project = (): Projection => this.#requests.projected();
    return { journal: this.#journal, provider, settings, project, store, observe, signal };
  }

  #steps(signal: AbortSignal): Turn {
    const { provider, environment } = this.#equipment;
    return {
      journal: this.#journal,
      provider,
      calls: new Calls(this.#journal, environment, this.#runtime.observe, signal),
      request: async () => {
        await this.#trial.taken();
        await this.#shadows.put();
        await this.#equipment.compact?.prepare(this.#compacting(signal));
        return this.#requests.next();
      },
      chain: () => this.#requests.chain(),
      steer: () => this.#steer(signal),
      observe: this.#runtime.observe,
      signal,
    };
  }

  /** Logs the follow-ups that were queued to steer the running turn; none once it is being cancelled. True when there were any. */
  async #steer(signal: AbortSignal): Promise<boolean> {
    let taken = false;
    while (!signal.aborted) {
      const followUp = await this.#followUps.next("steer");
      if (!followUp) break;
      await this.#journal.append(
        this.#input(messageItem("user", followUp.text), this.history.turn, followUp),
      );
      await this.#followUps.delivered(followUp);
      taken = true;
    }
    return taken;
  }

  /** Asks the policy what to do about a failed attempt, and does it. Resolves as `#carryOut`. */
  #recover(failed: Interrupted, situation: Situation, signal: AbortSignal): Promise<TurnOutcome | undefined> {
    const action = decide(failed.failure, situation, this.#circumstances());
    return this.#carryOut(action, failed, situation, signal);
  }

  #circumstances(): Circumstances {
    const { clock, random, wait } = this.#runtime;
    return {
      now: clock.now(),
      random: random(),
      wait,
      projection: this.#requests.untried(),
      upTo: this.history.lastSeq,
      canRotate: canBeRotated(this.history),
      canShorten: true,
    };
  }

  /** Logs an action and does it; resolves to the turn's outcome when that ends it, and to `undefined` when it goes on. */
  async #carryOut(
    action: Action,
    failed: Interrupted,
    situation: Situation,
    signal: AbortSignal,
  ): Promise<TurnOutcome | undefined> {
    const { failure } = failed;
    await logFailure(this.#runtime, this.#journal, failed, action);
    switch (action.do) {
      case "retry":
        return cancelledBy(await pauseFor(action.delayMs, signal, this.#journal.log.lost));
      case "repair":
        await quarantine(this.#runtime, this.#journal, action.quarantine, action.notice);
        return undefined;
      case "try":
        this.#trial.begin(action);
        return undefined;
      case "repair-pairs":
        return repairPairs(this.#runtime, this.#journal, action, failure, this.#equipment.provider.issuer);
      case "rotate":
        await this.rotate(action.notice);
        return undefined;
      case "compact":
        return this.#makeRoom(action.how, failed, situation, signal);
      case "wait":
        return waitUntil(this.#runtime, this.#journal, action.until, signal);
      case "park":
        return {
          kind: "limited",
          class: failure.class,
          message: failure.message,
          ...(action.until !== undefined && { until: action.until }),
        };
      case "interrupt":
        return { kind: "interrupted", reason: "cancelled" };
      case "stop":
        return failedAs(action.class, failure);
    }
  }

  /** Makes the window smaller; where that is impossible, does something else. Resolves as `#carryOut`. */
  async #makeRoom(
    how: "summarise" | "trim",
    failed: Interrupted,
    situation: Situation,
    signal: AbortSignal,
  ): Promise<TurnOutcome | undefined> {
    const made = await this.#equipment.compact?.makeRoom(this.#compacting(signal), how);
    if (made?.kind === "compacted") return undefined;
    if (made?.kind === "failed" && !isFailureOf(made.failure, "context-overflow")) {
      situation.forgetOverflow();
      return this.#recover({ ...failed, failure: made.failure, items: 0, calls: 0 }, situation, signal);
    }
    const action = outOfRoom(failed.failure, situation, this.#circumstances());
    return this.#carryOut(action, failed, situation, signal);
  }
}
