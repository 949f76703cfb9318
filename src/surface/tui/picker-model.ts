import type { SaidMessage } from "../../foreign/codex/list/last-messages.ts";
import { bugWords } from "../command/failure-words.ts";
import { asFailure } from "../command/system-failure.ts";
import type { Listed } from "../codex-sessions.ts";
import type { PickerCommand } from "./picker-keys.ts";
import {
  chosenRow,
  type PickerAction,
  type PickerRows,
  type PickerState,
  pickerState,
  pickerStep,
  readySearch,
} from "./picker-state.ts";

/** The last messages, oldest first; `undefined` while they are being read; a string says why they can't be. */
export type Preview = readonly SaidMessage[] | string | undefined;

/** Lists a picker's sessions, and changes them. What is thrown is shown to the person. */
export interface PickerSource {
  /** Puts the `--home` that was given into the commands in words (`inHome`). */
  tell(words: string): string;
  list(which: Pick<PickerRows, "everywhere" | "codex">): Promise<PickerRows>;
  /** Ids of the rows' sessions whose messages have every word. */
  search(words: string, rows: readonly Listed[]): Promise<ReadonlySet<string>>;
  messages(row: Listed): Promise<readonly SaidMessage[]>;
  rename(row: Listed, name: string): Promise<void>;
  archive(row: Listed): Promise<void>;
  /** Resolves to words for what is left of it, such as forks that share its history; "" when nothing is. */
  delete(row: Listed): Promise<string>;
  /** Resolves to the new session's id. */
  fork(row: Listed): Promise<string>;
}

/** How a picker ended. "left": with Esc. "interrupted": with Ctrl-C or from outside. */
export type Picked = { kind: "picked"; row: Listed } | { kind: "left" | "interrupted" };

/** Milliseconds that a session has to stay chosen before its messages are read, so that holding an arrow key down reads none. */
const restMs = 60;
/** Rows prepared for the search at once: a millisecond or two of work. */
const readyAtOnce = 500;
/** How many sessions' messages are kept. */
const mostKept = 200;

/** Holds a picker's state, and does everything but drawing: lists, searches, previews, and changes of sessions. */
export class PickerModel {
  readonly #source: PickerSource;
  readonly #done: (picked: Picked) => void;
  readonly #listeners = new Set<() => void>();
  readonly #previews = new Map<string, Preview>();
  #state: PickerState;
  #rest: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(source: PickerSource, rows: PickerRows, done: (picked: Picked) => void) {
    this.#source = source;
    this.#state = pickerState(rows);
    this.#done = done;
    this.#look();
    this.#ready(0);
  }

  get state(): PickerState {
    return this.#state;
  }

  get preview(): Preview {
    const row = chosenRow(this.#state);
    return row && this.#previews.get(keyOf(row));
  }

  /** Calls the listener after every change; returns the function that ends this. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  do(command: PickerCommand): void {
    if (this.#ended) return;
    const row = chosenRow(this.#state);
    switch (command.kind) {
      case "leave":
        return this.#end({ kind: "left" });
      case "interrupt":
        return this.#end({ kind: "interrupted" });
      case "pick":
        return row && this.#end({ kind: "picked", row });
      case "everywhere":
        return this.#during("reading the sessions", () => {
          const { everywhere, codex } = this.#state;
          return this.#list({ everywhere: !everywhere, codex });
        });
      case "codex":
        return this.#during("reading Codex's sessions", () => {
          const { everywhere, codex } = this.#state;
          return this.#list({ everywhere, codex: !codex });
        });
      case "search":
        return this.#search();
      case "rename":
        return this.#change(row, "naming it", async (chosen) => {
          await this.#source.rename(chosen, command.name);
          return `named "${command.name}"`;
        });
      case "archive":
        return this.#change(row, "archiving it", async (chosen) => {
          await this.#source.archive(chosen);
          return this.#source.tell(`archived; back with: throughline unarchive ${chosen.id}`);
        });
      case "delete":
        return this.#change(row, "deleting it", async (chosen) => {
          const left = await this.#source.delete(chosen);
          return `deleted${left && `; ${left}`}`;
        });
      case "fork":
        return this.#fork(row);
      default:
        return this.#step(command);
    }
  }

  /** Tells whom the change under way waits for. */
  wait(words: string): void {
    const { busy } = this.#state;
    if (busy !== undefined) this.#step({ kind: "busy", words: `${busy}: ${words}` });
  }

  #end(picked: Picked): void {
    this.#ended = true;
    clearTimeout(this.#rest);
    clearTimeout(this.#idle);
    this.#done(picked);
  }

  #step(action: PickerAction): void {
    const before = chosenRow(this.#state);
    const next = pickerStep(this.#state, action);
    if (next === this.#state) return;
    this.#state = next;
    if (chosenRow(next) !== before) this.#look();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #list(which: Pick<PickerRows, "everywhere" | "codex">, keep?: string): Promise<void> {
    const rows = await this.#source.list(which);
    clearTimeout(this.#idle);
    this.#ready(0);
    this.#step({ kind: "rows", rows, ...(keep !== undefined && { keep }) });
  }

  #search(): void {
    const { query, rows } = this.#state;
    if (query.trim() === "") return this.#step({ kind: "note", words: "type the words to look for first" });
    this.#during("looking into the messages", async () => {
      const ids = await this.#source.search(query, rows);
      if (this.#state.query === query) {
        const before = this.#state.shown.length;
        this.#step({ kind: "said", query, ids });
        const more = this.#state.shown.length - before;
        this.#step({ kind: "note", words: more > 0 ? `${more} more` : "no more in the messages" });
      } else this.#step({ kind: "note", words: `that was for "${query}"` });
    });
  }

  #change(row: Listed | undefined, what: string, act: (row: Listed) => Promise<string>): void {
    this.#step({ kind: "ask", asking: undefined });
    if (!row) return;
    this.#during(what, async () => {
      const words = await act(row);
      await this.#list(this.#state);
      this.#step({ kind: "note", words });
    });
  }

  #fork(row: Listed | undefined): void {
    if (!row) return;
    this.#during("forking it", async () => {
      const id = await this.#source.fork(row);
      await this.#list(this.#state, id);
      this.#step({ kind: "note", words: `this is the fork of ${row.id}` });
    });
  }

  /** Does one thing at a time; while something is under way, others are ignored. */
  #during(what: string, act: () => Promise<void>): void {
    if (this.#state.busy !== undefined) return;
    this.#step({ kind: "busy", words: what });
    // In a later task, so that the words are drawn before work that may block the thread.
    setTimeout(() => {
      act().catch((error: unknown) => this.#step({ kind: "note", words: this.#wordsOf(error) }));
    }, 0);
  }

  /** Prepares the rows for the search, a few at a time so that keys are handled in between. */
  #ready(from: number): void {
    this.#idle = setTimeout(() => {
      const next = readySearch(this.#state.rows, from, readyAtOnce);
      if (next !== undefined) this.#ready(next);
    }, 0);
  }

  /** Reads the messages of the chosen session once it has stayed chosen for a moment. */
  #look(): void {
    clearTimeout(this.#rest);
    const row = chosenRow(this.#state);
    if (!row || this.#previews.has(keyOf(row))) return;
    this.#rest = setTimeout(() => void this.#read(row), restMs);
  }

  async #read(row: Listed): Promise<void> {
    let preview: Preview;
    try {
      preview = await this.#source.messages(row);
    } catch (error) {
      preview = this.#wordsOf(error);
    }
    if (this.#previews.size >= mostKept) this.#previews.clear();
    this.#previews.set(keyOf(row), preview);
    this.#state = { ...this.#state };
    this.#tell();
  }

  /** Words for an error. Anything but a `Failure` is a mistake of the program, and said to be. */
  #wordsOf(error: unknown): string {
    const failure = asFailure(error);
    return failure ? this.#source.tell(failure.message) : bugWords(error);
  }
}

/** With the log's length, so that a preview isn't kept for a session that has grown. */
const keyOf = ({ id, bytes }: Listed): string => `${id} ${bytes}`;
