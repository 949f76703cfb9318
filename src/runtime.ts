import { crashPoint } from "./lib/fault.ts";
import { printableLine } from "./lib/printable.ts";
import { Failure } from "./failure.ts";
import { type NewEvent, type Quarantine, schemaVersion, type TurnOutcome } from "./session/event.ts";
import { canContinue, checkpointOf, type History } from "./session/history.ts";
import { describeItem, messageItem } from "./session/item.ts";
import { sameSettings } from "./session/settings.ts";
import { summarize } from "./session/summary.ts";
import { usageSince } from "./session/usage.ts";
import { project, type Projection } from "./replay/project.ts";
import { requestInput } from "./replay/request-input.ts";
import type { Action } from "./recovery/action.ts";
import { noticeOf } from "./recovery/notice.ts";
import { pairRepair } from "./recovery/pair-repair.ts";
import { decide, Situation } from "./recovery/policy.ts";
import { damageNotices } from "./store/damage.ts";
import type { ModelRequest, RequestInput } from "./provider.ts";
import { Calls, outputEvent } from "./turn/calls.ts";
import { folding, Journal } from "./turn/journal.ts";
import { pauseUntil } from "./turn/pause.ts";
import { settleCalls } from "./turn/settle.ts";
import { failedAttempt, type Interrupted, runTurn } from "./turn/turn.ts";
import type { Compacted, Compacting } from "./turn/compactor.ts";
import type { Equipment, Runtime, SessionStart } from "./turn/equipment.ts";

export type { Equipment, Runtime, SessionStart } from "./turn/equipment.ts";

/** Makes a session and takes its lease. */
export async function createSession(
  runtime: Runtime,
  start: SessionStart,
  equipment: Equipment,
): Promise<Session> {
  const { id, name, workspace, version, context } = start;
  const { settings } = equipment;
  const named = name === undefined ? {} : { name };
  const created: NewEvent = {
    type: "session-created",
    id,
    schema: schemaVersion,
    version,
    workspace,
    settings,
    ...named,
  };
  const log = await runtime.store.create(id, { event: created }, "starting");
  const fold = folding();
  await runtime.store.read(id, fold.visitor);
  const session = new Session(runtime, new Journal(log, fold.history()), equipment);
  runtime.observe({ type: "session-opened", id, resumed: false, ...named });
  await session.addInput(context);
  return session;
}

/**
 * Takes a session's lease and reads its window. `equip` is asked, with the history at hand, for what the session is to run with; when it
 * throws, the lease is given back. Throws `session-missing`, `lease-held` (without `force`) and `schema-newer`.
 */
export async function resumeSession(
  runtime: Runtime,
  id: string,
  { force }: { force: boolean },
  equip: (history: History) => Promise<Equipment>,
): Promise<Session> {
  const fold = folding();
  const log = await runtime.store.acquire(id, fold.visitor, { from: "window", doing: "resuming", force });
  crashPoint("lease-taken");
  const history = fold.history();
  // A log that has lost its head and has no checkpoint yet doesn't say whose it is.
  history.id ||= id;
  try {
    const equipment = await equip(history);
    const session = new Session(runtime, new Journal(log, history), equipment);
    runtime.observe({
      type: "session-opened",
      id,
      resumed: true,
      ...(history.name !== undefined && { name: history.name }),
    });
    for (const text of damageNotices(log.report.damage)) runtime.observe({ type: "notice", text });
    await session.adopt();
    return session;
  } catch (error) {
    await log.release();
    throw error;
  }
}

/** A session that this process owns: it runs turns, one at a time. */
export class Session {
  readonly #runtime: Runtime;
  readonly #journal: Journal;
  readonly #equipment: Equipment;
  #projection: Projection | undefined;

  constructor(runtime: Runtime, journal: Journal, equipment: Equipment) {
    this.#runtime = runtime;
    this.#journal = journal;
    this.#equipment = equipment;
  }

  get id(): string {
    return this.#journal.log.id;
  }

  get history(): History {
    return this.#journal.history;
  }

  /** Logs what this owner changes about the session: settings, or the folder that it works in. */
  async adopt(): Promise<void> {
    const { settings, workspace } = this.#equipment;
    if (sameSettings(settings, this.history.settings) && workspace === undefined) return;
    await this.#journal.append({
      event: { type: "settings-changed", settings, ...(workspace && { workspace }) },
    });
  }

  /** Logs an item of ours: context, or a prompt. It belongs to the step that comes next. */
  async addInput(item: Uint8Array, ...before: NewEvent[]): Promise<void> {
    const facts = describeItem(item);
    if (!facts) throw new Error("an input item is a JSON object with a type");
    const { turn, step } = this.history;
    const event: NewEvent = {
      type: "item-added",
      turn: turn + before.length,
      step: step + 1,
      ...facts,
      origin: "input",
    };
    await this.#journal.append(...before.map((earlier) => ({ event: earlier })), { event, item });
  }

  /**
   * Runs one turn to its outcome, which is in the log when this resolves (R27). Without a prompt it goes on where the session stopped.
   * What a dead owner left is settled first. Aborting `signal` ends the tools in flight, keeps what they printed, and ends the turn as
   * interrupted. Throws only what the store throws: a lost lease, a full disk.
   */
  async run(prompt: string | undefined, signal: AbortSignal): Promise<TurnOutcome> {
    const { log } = this.#journal;
    const calls = new Calls(this.#journal, this.#equipment.environment, signal);
    log.describe(summarize(this.history, this.#runtime.clock.now()));
    await this.#settle(calls);
    await this.#begin(prompt);
    const before = this.history.usage;
    const outcome = await this.#untilOutcome(calls, signal);
    await this.#appendEnd(outcome);
    crashPoint("turn-ended");
    const usage = usageSince(before, this.history.usage);
    this.#runtime.observe({ type: "turn-ended", outcome, usage });
    return outcome;
  }

  async close(): Promise<void> {
    await this.#journal.log.release();
  }

  /** What a dead owner left: calls without output, a turn without an end. */
  async #settle(calls: Calls): Promise<void> {
    await settleCalls(this.#journal, calls, this.#equipment.environment, this.#runtime.clock);
    const { openTurn } = this.history;
    if (!openTurn) return;
    this.#runtime.observe({
      type: "notice",
      text: `turn ${openTurn.turn} was cut off when its process ended; everything that it finished is kept`,
    });
    await this.#appendEnd({ kind: "interrupted", reason: "its process ended" });
  }

  async #begin(prompt: string | undefined): Promise<void> {
    const { history } = this;
    if (prompt === undefined && !canContinue(history)) {
      throw new Failure(
        "usage",
        `Session ${this.id} has nothing left to go on with: its last turn is complete. Give it a prompt.`,
        {},
      );
    }
    const turn = history.turn + 1;
    const source = prompt === undefined ? "continuation" : "prompt";
    const started: NewEvent = {
      type: "turn-started",
      turn,
      source,
      preview: printableLine(prompt ?? "", 200),
    };
    this.#journal.log.doing(
      prompt === undefined ? `turn ${turn}` : `turn ${turn}: ${printableLine(prompt, 60)}`,
    );
    if (prompt === undefined) await this.#journal.append({ event: started });
    else await this.addInput(messageItem("user", prompt), started);
    crashPoint("turn-started");
    this.#runtime.observe({ type: "turn-started", turn });
  }

  /** The heart of it: run, ask what to do about what went wrong, do it, run again. */
  async #untilOutcome(calls: Calls, signal: AbortSignal): Promise<TurnOutcome> {
    const { provider } = this.#equipment;
    const { observe } = this.#runtime;
    const turn = {
      journal: this.#journal,
      provider,
      calls,
      project: () => this.#project(signal),
      request: () => this.#request(),
      observe,
      signal,
    };
    const situation = new Situation();
    for (;;) {
      const result = await runTurn(turn, situation.attempt);
      if (result.kind === "completed") return { kind: "completed" };
      if (result.steps > 0) situation.progressed();
      let met = result;
      let action = this.#decide(met, situation);
      await this.#logFailure(met, action);
      if (action.do === "compact") {
        const made = await this.#equipment.compact?.makeRoom(this.#compacting(signal), action.how);
        if (made?.kind === "compacted") continue;
        if (made?.kind === "failed") {
          met = { ...result, failure: made.failure, items: 0, calls: 0 };
          action = this.#decide(met, situation);
          await this.#logFailure(met, action);
        }
      }
      const outcome = await this.#carryOut(action, met.failure, signal);
      if (outcome) return outcome;
    }
  }

  /** Summarises all but the end of the window, because a person asks. A failure of the request leaves the session as it was. */
  async compact(signal: AbortSignal): Promise<Compacted> {
    const { compact } = this.#equipment;
    return compact ? compact.summarise(this.#compacting(signal), "asked") : { kind: "nothing" };
  }

  #compacting(signal: AbortSignal): Compacting {
    const now = { journal: this.#journal, project: () => this.#projected(), signal };
    return { ...this.#equipment, ...this.#runtime, ...now };
  }

  #decide({ failure }: Interrupted, situation: Situation): Action {
    const { clock, random, wait } = this.#runtime;
    const projection = this.#projected();
    return decide(failure, situation, {
      now: clock.now(),
      random: random(),
      wait,
      projection,
      upTo: this.history.lastSeq,
    });
  }

  /** Does what was decided; resolves to the turn's outcome when that was the end of it, and to nothing when it goes on. */
  async #carryOut(action: Action, failure: Failure, signal: AbortSignal): Promise<TurnOutcome | undefined> {
    const { observe } = this.#runtime;
    switch (action.do) {
      case "retry":
        return this.#pause(this.#runtime.clock.now() + action.delayMs, signal);
      case "repair":
        await this.#quarantine(action.quarantine, action.notice);
        return undefined;
      case "repair-pairs":
        return this.#repairPair(action.call, action.notice, failure);
      case "wait":
        observe({
          type: "waiting",
          until: action.until,
          notice: `waiting until ${clockTime(action.until)}; Ctrl-C stops it`,
        });
        this.#journal.log.doing(`waiting for a limit to end at ${clockTime(action.until)}`);
        return this.#pause(action.until, signal);
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
        return { kind: "failed", class: failure.class, message: failure.message };
      case "stop":
        return { kind: "failed", class: action.class, message: failure.message };
    }
  }

  async #quarantine(quarantine: Quarantine, notice: string): Promise<void> {
    await this.#journal.append({
      event: { type: "items-quarantined", turn: this.history.turn, ...quarantine, notice },
    });
    crashPoint("quarantine-appended");
    this.#runtime.observe({ type: "repaired", notice, rung: quarantine.rung, count: quarantine.count });
  }

  async #repairPair(
    call: string | undefined,
    notice: string,
    failure: Failure,
  ): Promise<TurnOutcome | undefined> {
    const repair = pairRepair(this.history, call, this.#equipment.provider.issuer, failure.class);
    if (!repair) return { kind: "failed", class: "unrecoverable", message: failure.message };
    if (repair.do === "set-aside") await this.#quarantine(repair.quarantine, notice);
    else {
      await this.#journal.append(outputEvent(repair.record, repair.item, "repair"));
      this.#runtime.observe({ type: "repaired", notice, rung: 0, count: 1 });
    }
    return undefined;
  }

  async #pause(until: number, signal: AbortSignal): Promise<TurnOutcome | undefined> {
    const ended = await pauseUntil(until, this.#runtime.clock, signal, this.#journal.log.lost);
    return ended === "cancelled" ? { kind: "interrupted", reason: "cancelled" } : undefined;
  }

  async #logFailure(result: Interrupted, action: Action): Promise<void> {
    const { failure, items, calls } = result;
    const delay = action.do === "retry" ? { delayMs: action.delayMs } : {};
    await this.#journal.append({ event: failedAttempt(this.history.turn, result, action.do, delay) });
    crashPoint("attempt-failed");
    if (action.do === "repair" || action.do === "repair-pairs") return;
    const notice = noticeOf(failure, action, {
      now: this.#runtime.clock.now(),
      items,
      outputs: calls,
      clockTime,
    });
    this.#runtime.observe({ type: "attempt-failed", failure, action: action.do, ...delay, notice });
  }

  async #appendEnd(outcome: TurnOutcome): Promise<void> {
    const { turn } = this.history;
    const [ended] = await this.#journal.append({
      event: { type: "turn-ended", turn, outcome, checkpoint: checkpointOf(this.history) },
    });
    // The log's own time: a catalogue that is made again from the log has to say the same.
    if (ended) this.#journal.log.describe(summarize(this.history, ended.event.at));
  }

  #projected(): Projection {
    const { contract, provider } = this.#equipment;
    const basis = { issuer: provider.issuer, quarantines: this.history.quarantines };
    this.#projection = project(contract, basis, this.history.items, this.#projection);
    return this.#projection;
  }

  async #project(signal: AbortSignal): Promise<RequestInput> {
    await this.#equipment.compact?.prepare(this.#compacting(signal));
    return requestInput(this.#projected(), (refs) => this.#journal.log.bodies(refs));
  }

  #request(): Omit<ModelRequest, "input"> {
    const { settings, instructions, environment } = this.#equipment;
    return {
      model: settings.model,
      ...(settings.effort !== undefined && { effort: settings.effort }),
      instructions,
      tools: environment.tools.map((tool) => tool.definition),
      sealed: this.#projected().sealed,
      cacheKey: this.id,
    };
  }
}

function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB", { timeZoneName: "short" });
}
