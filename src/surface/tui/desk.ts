import { systemClock } from "../../lib/clock.ts";
import { entryOf } from "../../lib/table.ts";
import { Failure } from "../../failure.ts";
import { type Act, choices, type Composer, emptyComposer, press, remembered, returned } from "./composer.ts";
import type { Conversation } from "./conversation.ts";
import { helpRows } from "./help.ts";
import type { Command } from "./keys.ts";
import { type Completion, isSlashLine, optionsOf, readSlash, type SlashCall } from "./slash.ts";
import { readWords } from "./slash-words.ts";
import { note, type Question, type View } from "./state.ts";

/** Why the screen of the conversation is left: to quit, or to pick another session. */
export type Leaving = "quit" | "pick";

/** Everything that the screen is drawn from. */
export interface Scene {
  readonly view: View;
  readonly composer: Composer;
  readonly completions: readonly Completion[];
  /** Whether keys answer the open question. */
  readonly answering: boolean;
  /** What the next key will do where that is not its usual effect. */
  readonly hint?: string;
  /** The person has left: only the blocks that have scrolled away are still drawn. */
  readonly isLeft: boolean;
}

/** Milliseconds within which a second Ctrl-C leaves. */
const again = 2_000;

/** Milliseconds between two drawings of the scene. */
const frame = 40;

/** The keys that answer a question. */
const answers: Readonly<Record<string, "yes" | "no" | "all">> = { y: "yes", n: "no", a: "all" };

/** The controller between keyboard, conversation and screen: takes keys and provides the scene to draw. It outlives the screens it is shown on. */
export class Desk {
  readonly #listeners = new Set<() => void>();
  #conversation: Conversation | undefined;
  #composer: Composer = emptyComposer;
  #scene: Scene | undefined;
  #done: ((leaving: Leaving) => void) | undefined;
  #isLeft = false;
  /** Monotonic: after a clock was set back, one Ctrl-C would leave. */
  #interruptedAt = Number.NEGATIVE_INFINITY;
  /** The person has pressed Tab to answer the question instead of typing on. */
  #turned = false;
  #timer: NodeJS.Timeout | undefined;
  /** How many blocks have scrolled away, on this screen or earlier ones. */
  scrolled = 0;

  /** Draws the scene soon, together with whatever else changes until then. */
  readonly changed = (): void => {
    this.#timer ??= setTimeout(this.#draw, frame);
  };

  readonly #draw = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#scene = undefined;
    for (const listener of this.#listeners) listener();
  };

  sit(conversation: Conversation, past: readonly string[]): void {
    this.#conversation = conversation;
    this.#composer = past.reduce(remembered, this.#composer);
    this.#draw();
  }

  /** Sends a message that was given on the command line. */
  send(text: string): void {
    this.#composer = remembered(this.#composer, text);
    this.#act({ act: "submit", text });
  }

  readonly trouble = (error: unknown): void => this.#talk.tellTrouble(error);

  /** For React's `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly scene = (): Scene => (this.#scene ??= this.#made());

  /** A screen shows the desk from now on; `done` is called when it is left. */
  open(done: (leaving: Leaving) => void): void {
    this.#done = done;
    this.#isLeft = false;
    this.#draw();
  }

  leave(leaving: Leaving): void {
    this.#isLeft = true;
    this.#draw();
    this.#done?.(leaving);
  }

  /** A screen has drawn the question. */
  readonly seen = (question: Question): void => this.#talk.questions.seen(question, this.changed);

  readonly key = (command: Command): void => {
    if (this.#isAnswering()) return this.#answer(command);
    const { view } = this.#talk;
    if (view.question && command.kind === "complete" && choices(this.#composer).length === 0) {
      this.#turned = true;
      return this.#draw();
    }
    const { composer, act } = press(this.#composer, command);
    this.#composer = composer;
    if (command.kind !== "interrupt") this.#interruptedAt = Number.NEGATIVE_INFINITY;
    if (act) this.#act(act);
    this.#draw();
  };

  get #talk(): Conversation {
    if (!this.#conversation) throw new Error("nobody has sat down yet");
    return this.#conversation;
  }

  #made(): Scene {
    const { view } = this.#talk;
    const isLeaving = systemClock.monotonic() - this.#interruptedAt < again;
    return {
      view,
      composer: this.#composer,
      completions: choices(this.#composer),
      answering: this.#isAnswering(),
      isLeft: this.#isLeft,
      ...(isLeaving && { hint: "Ctrl-C again leaves" }),
    };
  }

  /**
   * Whether keys answer the question: when nothing is being typed or the person turned to it, and only a moment after it was drawn, so
   * that a key meant for something else doesn't answer it.
   */
  #isAnswering(): boolean {
    const { view, questions } = this.#talk;
    if (!view.question) {
      this.#turned = false;
      return false;
    }
    return questions.isReady && (this.#turned || this.#composer.draft.text === "");
  }

  #answer(command: Command): void {
    const { questions } = this.#talk;
    if (command.kind === "escape") questions.answer("no");
    else if (command.kind === "interrupt") this.#interrupt();
    else if (command.kind === "complete") this.#turned = false;
    else if (command.kind === "edit" && command.edit.do === "insert") {
      const answer = entryOf(answers, command.edit.text.toLowerCase());
      const isOffered = answer !== "all" || this.#talk.view.question?.all === true;
      if (answer !== undefined && isOffered) questions.answer(answer);
    }
    this.#draw();
  }

  #act(act: Act): void {
    switch (act.act) {
      case "escape":
        this.#talk.stop();
        return;
      case "interrupt":
        return this.#interrupt();
      case "quit":
        return this.leave("quit");
      case "submit":
        void this.#submit(act.text).catch((error: unknown) => {
          this.#talk.tellTrouble(error);
          this.#giveBack(act.text);
        });
    }
  }

  /** The first Ctrl-C stops what runs; a second one leaves. */
  #interrupt(): void {
    const now = systemClock.monotonic();
    if (now - this.#interruptedAt < again) return this.leave("quit");
    this.#interruptedAt = now;
    this.#talk.stop();
    // Draws again once the hint no longer holds.
    setTimeout(this.changed, again).unref();
  }

  async #submit(text: string): Promise<void> {
    // The text was typed for the session that is being opened: if that fails, it is given back instead of going to another session.
    const { leading } = this.#talk;
    if (leading && !(await leading)) return this.#giveBack(text);
    const { view, id } = this.#talk;
    const { phase } = view;
    if (text.trim() === "") {
      if (phase.kind === "resting" && phase.stop) await this.#talk.turn();
    } else if (isSlashLine(text)) {
      // What is no command stays in the line, to be corrected. One that is refused is told with why, and Up brings it back.
      const call = readSlash(text.trim(), id);
      this.#talk.tell({ kind: "command", line: text });
      await this.#slash(call).catch(this.trouble);
    } else if (phase.kind !== "resting") await this.#talk.queue(text, "followup");
    else if (!(await this.#talk.turn(text))) this.#giveBack(text);
  }

  #giveBack(text: string): void {
    this.#composer = returned(this.#composer, text);
    this.#draw();
  }

  async #slash(call: SlashCall): Promise<void> {
    if (call.kind === "command") return this.#talk.command(call);
    const { text } = call;
    switch (call.name) {
      case "help":
        return this.#talk.tell({ kind: "help", rows: helpRows() });
      case "quit":
        return this.leave("quit");
      case "wait":
        if (!this.#talk.wake(true)) this.#talk.tell(note("there is no limit whose end is known"));
        return;
      case "steer":
        if (text === "") throw new Failure("usage", "/steer needs a text.", {});
        if (this.#talk.view.phase.kind === "resting") await this.#talk.turn(text);
        else await this.#talk.queue(text, "steer");
        return;
      case "new":
        this.#mustRest("new");
        this.#talk.begin();
        return this.#talk.tell(note("a new session: it begins with the next message"));
      case "resume":
        this.#mustRest("resume");
        if (text === "") return this.leave("pick");
        return this.sit(this.#talk, await this.#talk.resumeAs(readWords(text, optionsOf("resume"))));
      case "model":
        this.#mustRest("model");
        return this.#talk.choose(readWords(text, optionsOf("model")));
    }
  }

  /** Opens another session. Where that fails, the person is told why and the open one stays. */
  async enter(id: string): Promise<void> {
    try {
      // `find` takes a Codex session over, where it is one.
      this.sit(this.#talk, await this.#talk.enter(async (bench) => ({ id: await bench.find(id) })));
    } catch (error) {
      this.#talk.tellTrouble(error);
    }
  }

  #mustRest(name: string): void {
    if (this.#talk.view.phase.kind === "resting") return;
    throw new Failure("usage", `A turn runs. Wait for it, or stop it with Esc, and then /${name}.`, {});
  }
}
