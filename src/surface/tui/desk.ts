import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../failure.ts";
import { type Act, choices, type Composer, emptyComposer, press, remembered, returned } from "./composer.ts";
import type { Conversation } from "./conversation.ts";
import { helpRows } from "./help.ts";
import type { Command } from "./keys.ts";
import type { Completion, SlashCall } from "./slash.ts";
import { isSlashLine, optionsOf, readSlash } from "./slash.ts";
import { readWords } from "./slash-words.ts";
import { note, type View } from "./state.ts";

/** How a screen of the conversation ends: the person leaves, or wants to pick another session. */
export type Leaving = "quit" | "pick";

/** Everything that is drawn. */
export interface Scene {
  readonly view: View;
  readonly composer: Composer;
  readonly completions: readonly Completion[];
  /** Whether keys answer the open question. */
  readonly answering: boolean;
  /** What the next key would do, when that is not what one expects. */
  readonly hint?: string;
  /** The person is gone: nothing is left to draw but what has scrolled away. */
  readonly isLeft: boolean;
}

/** A second Ctrl-C within this time leaves. In milliseconds. */
const again = 2_000;

/** Between two changes of the scene that are drawn. In milliseconds. */
const frame = 40;

/** Where a person sits: takes keys, and gives what is to be drawn. */
export class Desk {
  readonly #listeners = new Set<() => void>();
  #conversation: Conversation | undefined;
  #composer: Composer = emptyComposer;
  #scene: Scene | undefined;
  #done: ((leaving: Leaving) => void) | undefined;
  #isLeft = false;
  #interruptedAt = Number.NEGATIVE_INFINITY;
  /** The person turned to the question, away from what they were typing. */
  #turned = false;
  #timer: NodeJS.Timeout | undefined;
  /** Blocks that have scrolled away, on this screen or an earlier one. */
  scrolled = 0;

  /** Something changed: drawn soon, and with what else changes until then. */
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

  /** A message that was given before anybody sat here. */
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

  /** Until the screen is left: what the keys do. */
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
    const isLeaving = systemClock.now() - this.#interruptedAt < again;
    return {
      view,
      composer: this.#composer,
      completions: choices(this.#composer),
      answering: this.#isAnswering(),
      isLeft: this.#isLeft,
      ...(isLeaving && { hint: "Ctrl-C again leaves" }),
    };
  }

  /** A question has the keyboard when nothing is being typed, and not from its first moment on. */
  #isAnswering(): boolean {
    const { view, questions } = this.#talk;
    if (!view.question) {
      this.#turned = false;
      return false;
    }
    const inMs = questions.readyIn;
    if (inMs > 0) setTimeout(this.changed, inMs).unref();
    return inMs <= 0 && (this.#turned || this.#composer.draft.text === "");
  }

  #answer(command: Command): void {
    const { questions } = this.#talk;
    if (command.kind === "escape") questions.answer("no");
    else if (command.kind === "interrupt") this.#interrupt();
    else if (command.kind === "complete") this.#turned = false;
    else if (command.kind === "edit" && command.edit.do === "insert") {
      const answer = { y: "yes", n: "no", a: "all" }[command.edit.text.toLowerCase()];
      const isKnown = answer !== undefined && (answer !== "all" || this.#talk.view.question?.all === true);
      if (isKnown) questions.answer(answer as "yes" | "no" | "all");
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

  /** The first Ctrl-C stops what runs; the second one leaves, which stops it too. */
  #interrupt(): void {
    const now = systemClock.now();
    if (now - this.#interruptedAt < again) return this.leave("quit");
    this.#interruptedAt = now;
    this.#talk.stop();
    // The hint goes away by itself.
    setTimeout(this.changed, again).unref();
  }

  async #submit(text: string): Promise<void> {
    // What could not be reached is told, and what was meant for it is nobody else's.
    const { leading } = this.#talk;
    if (leading && !(await leading)) return this.#giveBack(text);
    const { view, id } = this.#talk;
    const { phase } = view;
    if (text.trim() === "") {
      if (phase.kind === "resting" && phase.stop) await this.#talk.turn();
    } else if (isSlashLine(text)) {
      const call = readSlash(text.trim(), id);
      this.#talk.tell({ kind: "command", line: text });
      await this.#slash(call);
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

  /** Goes to another session; where that can't be, the one that is open stays, and why is told. */
  async enter(id: string): Promise<void> {
    try {
      // A session of Codex's is taken over by being found.
      this.sit(this.#talk, await this.#talk.enter(async () => ({ id: await this.#talk.find(id) })));
    } catch (error) {
      this.#talk.tellTrouble(error);
    }
  }

  #mustRest(name: string): void {
    if (this.#talk.view.phase.kind === "resting") return;
    throw new Failure("usage", `A turn runs. Wait for it, or stop it with Esc, and then /${name}.`, {});
  }
}
