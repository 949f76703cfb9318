import { crashPoint } from "./lib/fault.ts";
import { printableLine } from "./lib/printable.ts";
import { counted } from "./lib/words.ts";
import { Failure } from "./failure.ts";
import type { NewEvent, TurnOutcome } from "./session/event.ts";
import { canContinue, type History } from "./session/history.ts";
import { describeItem, messageItem } from "./session/item.ts";
import { usageSince } from "./session/usage.ts";
import type { Action } from "./recovery/action.ts";
import { type Circumstances, decide, outOfRoom } from "./recovery/policy.ts";
import { canBeRotated } from "./recovery/rotate.ts";
import { Situation } from "./recovery/situation.ts";
import type { Served } from "./runtime/served.ts";
import { Alone } from "./runtime/alone.ts";
import { FollowUps } from "./runtime/follow-ups.ts";
import { cancelledBy, limitToSitOut, sitOut, waitUntil } from "./runtime/limit-wait.ts";
import { adopted, closedOnFailure, newJournal, openJournal } from "./runtime/open.ts";
import { failedAs, logFailure, quarantine, repairPairs } from "./runtime/repair.ts";
import { Requests } from "./runtime/requests.ts";
import { makeSuccessor } from "./runtime/rotation.ts";
import { Shadows } from "./runtime/shadow.ts";
import { Trial } from "./runtime/trial.ts";
import { endTurn, settleLeft } from "./runtime/turn-end.ts";
import type { InputPlace, TurnInput } from "./runtime/turn-input.ts";
import { damageNotices } from "./store/damage.ts";
import { Calls } from "./turn/calls.ts";
import type { Journal } from "./turn/journal.ts";
import type { Compacted, Compacting } from "./turn/compactor.ts";
import type { Equipment, Runtime, SessionStart } from "./turn/equipment.ts";
import { pauseFor } from "./turn/pause.ts";
import { type Interrupted, runTurn, type Turn } from "./turn/turn.ts";

export type { Served } from "./runtime/served.ts";
export type { Equipment, Runtime, SessionStart } from "./turn/equipment.ts";
export { archive } from "./runtime/archive.ts";
export { clearSession } from "./runtime/clear.ts";
export { note } from "./runtime/note.ts";
export { forkSession } from "./runtime/fork.ts";
export { rewindTo } from "./runtime/rewind.ts";
export { undoRotation } from "./runtime/rotation.ts";

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
    const session = new Session(runtime, journal, await equip(history));
    observe({ type: "session-opened", id, resumed: true, ...(name !== undefined && { name }) });
    for (const text of damageNotices(log.report.damage)) observe({ type: "notice", text });
    await session.adopt();
    return session;
  });
}

/** What is to be done about a failure. */
interface Decision {
  action: Action;
  failure: Failure;
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

  /** Logs what this owner changes about the session: settings, the folder that it works in, what the person asked for. */
  async adopt(): Promise<void> {
    const events = adopted(this.#equipment, this.history);
    if (events.length > 0) await this.#journal.append(...events.map((event) => ({ event })));
  }

  /** Logs an item that the model didn't make: context, a prompt, or a follow-up. It belongs to the step that comes next. */
  async addInput(item: Uint8Array, { followUp, before = [] }: InputPlace = {}): Promise<void> {
    const facts = describeItem(item);
    if (!facts) throw new Error("an input item is a JSON object with a type");
    const { turn, step } = this.history;
    const event: NewEvent = {
      type: "item-added",
      turn: turn + before.length,
      step: step + 1,
      ...facts,
      origin: "input",
      ...(followUp && { followUp: followUp.id }),
    };
    await this.#journal.append(...before.map((earlier) => ({ event: earlier })), { event, item });
    if (followUp) await this.#followUps.delivered(followUp);
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
    const summarise = () => this.#equipment.compact?.summarise(this.#compacting(signal), "asked");
    return this.#alone.at(this.id, async () => (await summarise()) ?? { kind: "nothing" });
  }

  /** Gives the lease back. */
  async close(): Promise<void> {
    await this.#journal.log.release();
  }

  async #turn(input: TurnInput, signal: AbortSignal): Promise<TurnOutcome> {
    const limit = input.prompt === undefined ? limitToSitOut(this.#runtime, this.history) : undefined;
    const cancelled =
      limit === undefined ? undefined : await sitOut(this.#runtime, this.#journal, limit, signal);
    if (cancelled) return cancelled;
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
    const source = followUp ? "follow-up" : prompt === undefined ? "continuation" : "prompt";
    const started: NewEvent = {
      type: "turn-started",
      turn,
      source,
      ...(followUp && { followUp: followUp.id }),
      preview: printableLine(prompt ?? "", 200),
    };
    this.#journal.log.doing(
      prompt === undefined ? `at turn ${turn}` : `at turn ${turn}: ${printableLine(prompt, 60)}`,
    );
    if (prompt === undefined) await this.#journal.append({ event: started });
    else await this.addInput(messageItem("user", prompt), { before: [started], followUp });
    crashPoint("turn-started");
    this.#runtime.observe({ type: "turn-started", turn });
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
      let next: Decision | undefined = await this.#decide(failed, situation);
      if (next.action.do === "compact")
        next = await this.#makeRoom(failed, next.action.how, situation, signal);
      const outcome = next && (await this.#carryOut(next, signal));
      if (outcome) return outcome;
    }
  }

  /** Makes the window smaller. Resolves to what is to be done instead where that is impossible. */
  async #makeRoom(
    failed: Interrupted,
    how: "summarise" | "trim",
    situation: Situation,
    signal: AbortSignal,
  ): Promise<Decision | undefined> {
    const made = await this.#equipment.compact?.makeRoom(this.#compacting(signal), how);
    if (made?.kind === "compacted") return undefined;
    if (made?.kind === "failed") {
      situation.forgetOverflow();
      return this.#decide({ ...failed, failure: made.failure, items: 0, calls: 0 }, situation);
    }
    return this.#log(failed, outOfRoom(failed.failure, situation, this.#circumstances()));
  }

  #compacting(signal: AbortSignal): Compacting {
    const now = { journal: this.#journal, project: () => this.#requests.projected(), signal };
    return { ...this.#equipment, ...this.#runtime, ...now };
  }

  #steps(signal: AbortSignal): Turn {
    const { provider, environment } = this.#equipment;
    return {
      journal: this.#journal,
      provider,
      calls: new Calls(this.#journal, environment, this.#runtime.observe, signal),
      project: async () => {
        await this.#trial.taken();
        await this.#shadows.put();
        await this.#equipment.compact?.prepare(this.#compacting(signal));
        return this.#requests.input();
      },
      request: () => this.#requests.request(),
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
      await this.addInput(messageItem("user", followUp.text), { followUp });
      taken = true;
    }
    return taken;
  }

  /** Asks the policy what to do about a failed attempt. */
  #decide(failed: Interrupted, situation: Situation): Promise<Decision> {
    return this.#log(failed, decide(failed.failure, situation, this.#circumstances()));
  }

  async #log(failed: Interrupted, action: Action): Promise<Decision> {
    await logFailure(this.#runtime, this.#journal, failed, action);
    return { action, failure: failed.failure };
  }

  #circumstances(): Circumstances {
    const { clock, random, wait } = this.#runtime;
    const projection = this.#requests.untried();
    const { lastSeq } = this.history;
    return {
      now: clock.now(),
      random: random(),
      wait,
      projection,
      upTo: lastSeq,
      canRotate: canBeRotated(this.history),
      canShorten: true,
    };
  }

  /** Does what the policy decided; resolves to the turn's outcome when that ends it, and to `undefined` when it goes on. */
  async #carryOut({ action, failure }: Decision, signal: AbortSignal): Promise<TurnOutcome | undefined> {
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
      case "compact":
      case "stop": {
        const { class: ended } = action.do === "stop" ? action : failure;
        return failedAs(ended, failure);
      }
    }
  }
}
