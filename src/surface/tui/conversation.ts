import { systemClock } from "../../lib/clock.ts";
import { risingIds, uuidv7 } from "../../lib/ids.ts";
import { Failure, isFailureOf } from "../../failure.ts";
import type { Session } from "../../runtime.ts";
import { type FollowUpMode, longestText, sortInbox } from "../../session/follow-up.ts";
import type { Settings } from "../../session/event.ts";
import type { History } from "../../session/history.ts";
import type { SessionStore } from "../../store.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { type Choice, openWorkbench, type Resumption, type Workbench } from "../workbench.ts";
import { historyOf } from "../../store/fold.ts";
import { Looks } from "./looks.ts";
import { choiceOf } from "./model-choice.ts";
import { Questions } from "./questions.ts";
import { recall, recallSince } from "./recall.ts";
import { holderWords, opened, rested } from "./resting.ts";
import { runSlashCommand } from "./run-slash.ts";
import type { CommandCall } from "./slash.ts";
import type { Typed } from "./slash-words.ts";
import { type Block, emptyView, type Happening, note, outcomeBlocks, reduce, type View } from "./state.ts";
import { modelWords } from "../session-words.ts";
import { asNote, changeWords, happened, openedBlock, troubleWords } from "./words.ts";
import { Works } from "./works.ts";

/** What a conversation needs to know of the interface that shows it. */
interface Shown {
  /** The model and effort of a new session. */
  usual: Pick<Settings, "model" | "effort">;
  /** Called after every change of the view. */
  changed: () => void;
}

/**
 * The session that is open in the terminal interface. Turns take the same path as `exec`, one at a time; messages that are sent meanwhile are
 * queued. Between turns it holds no lease, so that every command, here and in other processes, works in the session while it rests.
 */
export class Conversation {
  readonly questions: Questions;
  readonly #invocation: Invocation;
  readonly #bench: Workbench;
  readonly #changed: () => void;
  readonly #nextId = risingIds(() => systemClock.now());
  readonly #looks: Looks;
  #view: View;
  #id: string | undefined;
  /** The history as of when the log was last read or written here. */
  #history: History | undefined;
  readonly #works: Works;
  /** The name for the first session that is begun here (`--name`). */
  #name: string | undefined;
  #choice: Choice | undefined;
  readonly #usual: Shown["usual"];
  /** Something threw: no turn begins by itself until the person has begun one. */
  #isHalted = false;
  #isClosed = false;
  /** The fence up to which the work of other processes has been shown. */
  #fence: number | undefined;

  private constructor(
    invocation: Invocation,
    bench: Workbench,
    questions: Questions,
    { usual, changed }: Shown,
  ) {
    this.#invocation = invocation;
    this.#bench = bench;
    this.questions = questions;
    this.#usual = usual;
    this.#view = emptyView(modelWords(usual));
    this.#name = optionText(invocation, "name");
    this.#changed = changed;
    this.#works = new Works(invocation.signal, () => {
      this.#rest();
      void this.#looks.look();
    });
    this.#looks = new Looks(
      () => this.#look(),
      (error) => this.#unseen(error),
      (trouble) => this.tell(note(trouble, "trouble")),
    );
  }

  static async open(invocation: Invocation, shown: Shown): Promise<Conversation> {
    const made: { conversation?: Conversation } = {};
    const tell = (happening: Happening): void => {
      if (made.conversation) made.conversation.#tell(happening);
    };
    const { terminal } = invocation;
    const questions = new Questions(tell, terminal.ask);
    const ask = (title: string, signal: AbortSignal): Promise<boolean> => questions.ask(title, signal);
    const err = (text: string): void => (questions.isShown ? tell(asNote(text)) : terminal.err(text));
    const bench = await openWorkbench(
      {
        ...invocation,
        terminal: { ...terminal, ask, err },
        get signal() {
          return (made.conversation ? made.conversation.#works : invocation).signal;
        },
      },
      (update) => tell(happened(update, invocation)),
      (request, signal) => questions.approve(request, signal),
    );
    made.conversation = new Conversation(invocation, bench, questions, shown);
    return made.conversation;
  }

  get view(): View {
    return this.#view;
  }

  get store(): SessionStore {
    return this.#bench.store;
  }

  get id(): string | undefined {
    return this.#id;
  }

  /** Set while another session or model is being opened, for which whatever is typed meanwhile is meant; resolves to whether that worked. */
  get leading(): Promise<boolean> | undefined {
    return this.#works.leading;
  }

  /**
   * Opens a session and shows how it ended. Its lease is taken once, so that whatever keeps it from being gone on with is said now. Throws
   * what `resume` throws. Resolves to the person's messages in it, oldest first.
   */
  async enter(
    find: (bench: Workbench) => Promise<{ id: string; resumption?: Resumption }>,
  ): Promise<string[]> {
    if (this.#works.isBusy)
      throw new Failure("usage", "A turn runs. Wait for it, or stop it with Esc, and then go elsewhere.", {});
    const said = await this.#lead("/resume", async () => {
      const { id, resumption = { here: false, force: false } } = await find(this.#bench);
      const session = await this.#bench.resume(id, resumption);
      await session.close();
      const { history, blocks, prompts } = await recall(this.#bench.store, session.id, 2);
      this.tell(openedBlock(history), ...blocks, ...outcomeBlocks(history.lastOutcome));
      this.#take(history);
      return prompts;
    });
    if (this.#invocation.options["wait"] === true) this.wake(true);
    await this.#looks.look();
    return said;
  }

  /** Opens the session that the words of `/resume` name, or the open one anew where they name none. Otherwise as `enter`. */
  async resumeAs({ args, options }: Typed): Promise<string[]> {
    const named = args.length > 0 ? [args.join(" ")] : this.#id === undefined ? [] : [this.#id];
    if (named.length === 0 && options["last"] !== true) {
      const why = "/resume needs a session, and none is begun yet: /resume without words picks one.";
      throw new Failure("usage", why, {});
    }
    const words = options["last"] === true ? args : named;
    return this.enter(async (bench) => {
      const { readResumption } = await import("../resumption.ts");
      const { find, resumption } = await readResumption({ ...this.#invocation, args: words, options });
      return { id: await find(bench), resumption };
    });
  }

  /** Chooses the model from the next turn on; without words, tells which it is. Throws what `resume` throws. */
  async choose(typed: Typed): Promise<void> {
    if (typed.args.length > 1)
      throw new Failure("usage", "A model's name is one word: /model gpt-5.5/high", {});
    const choice = choiceOf(typed);
    const isChanged = Object.keys(choice).length > 0;
    const id = this.#id;
    if (isChanged && id !== undefined) {
      await this.#lead("/model", async () => {
        const session = await this.#bench.resume(id, { here: false, force: false, choice });
        await session.close();
        this.#take(session.history);
      });
    } else if (isChanged) {
      this.#choice = { ...this.#choice, ...choice };
      this.begin();
    }
    this.tell(note(`the model is ${this.#view.model}${isChanged ? "" : "; for another one: /model NAME"}`));
  }

  /** Leaves the session: the next message begins a new one. */
  begin(): void {
    this.#id = undefined;
    this.#history = undefined;
    const model = modelWords({ ...this.#usual, ...this.#choice });
    this.#tell({ type: "session", session: undefined, model });
    this.#tell({ type: "queue", queued: [] });
    this.#rest();
  }

  /**
   * Runs a turn with the text, or, without one, goes on where the session stopped; queued follow-ups come after it. Resolves when nothing is
   * left to do, to whether a turn was begun, so that the text is in the log. Never rejects: errors are told.
   */
  turn(text?: string): Promise<boolean> {
    // A look at the queue that is still under way when the person leaves would begin one that nobody sees.
    if (this.#isClosed) return Promise.resolve(false);
    this.#tell({ type: "begun", at: systemClock.now(), ...(text !== undefined && { text }) });
    return this.#run(async (signal) => {
      let turns = 0;
      let session: Session | undefined;
      try {
        session = await this.#own();
        turns = session.history.turn;
        await session.serve(text, signal);
      } catch (error) {
        this.#isHalted = true;
        this.tellTrouble(error);
      } finally {
        await session?.close();
        if (session) this.#take(session.history);
      }
      return session !== undefined && session.history.turn > turns;
    });
  }

  /** Queues a message for the session; it is durable when this resolves. Throws `usage` for one that is too long or has no session yet. */
  async queue(text: string, mode: FollowUpMode): Promise<void> {
    if (text.length > longestText) {
      const why = `The message has ${text.length} characters; providers take ${longestText}.`;
      throw new Failure("usage", why, {});
    }
    if (this.#id === undefined)
      throw new Failure("usage", "The session is only being made. Send it again in a moment.", {});
    await this.#bench.store.queue(this.#id, { id: this.#nextId(), at: systemClock.now(), text, mode });
    await this.#looks.look();
  }

  /** Stops the turn, the command, or the wait for a limit; what has finished is kept. False when there is nothing to stop. */
  stop(): boolean {
    if (this.wake(false)) return true;
    if (!this.#works.canStop) return false;
    this.#tell({ type: "stopping", at: systemClock.now() });
    this.#works.stop();
    return true;
  }

  /** Sets whether a session that a limit stopped goes on by itself when the limit ends. Returns whether that changed anything. */
  wake(wakes: boolean): boolean {
    const { phase } = this.#view;
    const stop = phase.kind === "resting" ? phase.stop : undefined;
    if (stop?.kind !== "limited" || stop.until === undefined || stop.wakes === wakes) return false;
    this.#tell({ type: "rested", stop: { ...stop, wakes } });
    return true;
  }

  /** Runs a command of the command line's table. Throws `usage` when it can't run while a turn does. */
  async command(call: CommandCall): Promise<void> {
    const { slash } = call.command;
    // A turn that only waits for a limit gives way to a command that needs the session for itself.
    if (slash.alone && this.#view.phase.kind === "waiting") {
      this.stop();
      await this.#works.settled();
    }
    if (this.#view.phase.kind === "resting") {
      const work = (signal: AbortSignal): Promise<boolean> => this.#command(call, signal);
      await (slash.leads ? this.#lead(`/${slash.name}`, work) : this.#run(work, `/${slash.name}`));
    } else if (slash.alone || slash.leads) {
      const words = `/${slash.name} works in a session that rests. Wait for the turn, or stop it with Esc.`;
      throw new Failure("usage", words, {});
    } else await this.#runCommand(call, this.#invocation.signal);
  }

  tell(...blocks: readonly Block[]): void {
    this.#tell({ type: "told", blocks });
  }

  tellTrouble(error: unknown): void {
    this.tell(note(troubleWords(error, this.#invocation), "trouble"));
  }

  /** Stops what runs, waits for its end, and closes the workbench. No turn begins from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#looks.stop();
    this.stop();
    await this.#works.settled();
    await this.#bench.close();
  }

  /** Runs one piece of work after the other; however it ends, the view then rests (R27). `what`: the command, where it is one. */
  #run<T>(work: (signal: AbortSignal) => Promise<T>, what?: string): Promise<T> {
    this.#begun(what);
    return this.#works.run(work);
  }

  /** As `#run`, for what leads to another session or model. */
  #lead<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#begun(what);
    return this.#works.lead(work);
  }

  #begun(what: string | undefined): void {
    if (what !== undefined) this.#tell({ type: "commanding", what, at: systemClock.now() });
    this.#isHalted = false;
  }

  async #own(): Promise<Session> {
    if (this.#id !== undefined) return this.#bench.resume(this.#id, { here: false, force: false });
    const id = uuidv7(systemClock.now());
    const session = await this.#bench.create(id, this.#name, this.#choice);
    this.#name = undefined;
    this.#choice = undefined;
    this.#take(session.history);
    return session;
  }

  /** Runs a command and reads the session anew, which it may have changed. Resolves to whether it led to another session. */
  async #command(call: CommandCall, signal: AbortSignal): Promise<boolean> {
    const leadsTo = await this.#runCommand(call, signal);
    const id = leadsTo ?? this.#id;
    if (id === undefined) return false;
    try {
      const history = await historyOf(this.#bench.store, await this.#bench.store.head(id));
      if (leadsTo !== undefined && history.id !== this.#id)
        this.tell(note(`now in session ${history.id}; back with: /resume ${this.#id}`));
      this.#take(history);
    } catch (error) {
      // Deleted by the command, or by somebody else.
      if (isFailureOf(error, "session-missing")) this.#gone();
      else this.tellTrouble(error);
    }
    return leadsTo !== undefined;
  }

  #runCommand(call: CommandCall, signal: AbortSignal): Promise<string | undefined> {
    const tell = (text: string, failed: boolean): void => this.tell({ kind: "printed", text, failed });
    const ask = (title: string, until: AbortSignal): Promise<boolean> => this.questions.ask(title, until);
    return runSlashCommand(
      call,
      this.#invocation,
      { tell, ask, ...(this.#id !== undefined && { session: this.#id }) },
      signal,
    );
  }

  #take(history: History): void {
    this.#id = history.id;
    this.#history = history;
    for (const happening of opened(history)) this.#tell(happening);
  }

  #gone(): void {
    this.tell(note("the session is gone; the next message begins a new one"));
    this.begin();
  }

  #rest(): void {
    this.#tell(rested(this.#history, this.#view));
  }

  /** Looks at the queue, which others write to, and begins a turn when one is due: a limit has ended, or something was queued. */
  async #look(): Promise<void> {
    if (this.#id === undefined) return;
    const id = this.#id;
    const { due } = sortInbox(await this.#bench.store.queued(id), this.#history?.delivered ?? []);
    if (id !== this.#id) return;
    this.#tell({ type: "queue", queued: due });
    const holder = await this.#bench.store.holder(id);
    const isResting = this.#view.phase.kind === "resting";
    this.#tell({ type: "elsewhere", who: isResting ? holderWords(holder) : undefined });
    if (isResting && holder.state === "free") await this.#catchUp(holder.fence);
    const { phase } = this.#view;
    if (phase.kind !== "resting" || this.#isHalted || id !== this.#id) return;
    const { stop } = phase;
    const isAwake = stop?.kind === "limited" && stop.wakes && (stop.until ?? 0) <= systemClock.now();
    if (isAwake || (stop === undefined && due.length > 0 && holder.state === "free"))
      this.turn().catch((error: unknown) => this.tellTrouble(error));
  }

  /** What is told of a look that failed. */
  #unseen(error: unknown): string | undefined {
    this.#isHalted = true;
    if (!isFailureOf(error, "session-missing")) return troubleWords(error, this.#invocation);
    this.#gone();
    return undefined;
  }

  /** Shows what other processes have done in the session while it rested here. */
  async #catchUp(fence: number): Promise<void> {
    const known = this.#history;
    if (!known || fence === this.#fence) return;
    const { store } = this.#bench;
    const { history, blocks } = await recallSince(store, await store.head(known.id), known.turn);
    if (this.#works.isBusy || this.#history !== known) return;
    this.#fence = fence;
    if (history.id === known.id && history.lastSeq === known.lastSeq) return;
    const what = changeWords(known, history);
    if (what !== undefined) this.tell(note(what));
    if (blocks.length > 0) this.tell(...blocks, ...outcomeBlocks(history.lastOutcome));
    this.#take(history);
    this.#rest();
  }

  #tell(happening: Happening): void {
    this.#view = reduce(this.#view, happening);
    this.#changed();
  }
}
