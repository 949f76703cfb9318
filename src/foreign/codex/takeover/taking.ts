import type { EventOf, NewEvent } from "../../../session/event.ts";
import type { Imported } from "../../../session/imported.ts";
import type { History } from "../../../session/history.ts";
import { describeItem, isCallKind, isOutputKind } from "../../../session/item.ts";
import { outcomeUnknown } from "../../../replay/pair.ts";
import type { Append } from "../../../store.ts";
import { isMisnamed } from "../examine/misnamed-messages.ts";
import type { RolloutHeader } from "../rollout/record/header.ts";
import { answerTo } from "../rollout/payload/answer.ts";
import { isSummaryText } from "../rollout/payload/compaction.ts";
import { injectedPrompt, isInjected } from "../rollout/payload/injected.ts";
import { copiedItem, loggedItem, type LoggedItem, Room } from "../rollout/thread/logged-item.ts";
import type { RolloutLine } from "../rollout/bytes/lines.ts";
import { isContext } from "../rollout/payload/prompt.ts";
import type { Changed } from "../rollout/thread/thread-change.ts";
import type { ThreadItem } from "../rollout/thread/thread-item.ts";
import { ThreadFold } from "../rollout/thread/thread.ts";
import { titleOf } from "../rollout/payload/title.ts";
import type { TurnMark } from "../rollout/thread/turn-mark.ts";
import { OpenCalls } from "./open-calls.ts";
import { outcomeIn, type Progress, progressOf } from "./progress.ts";
import { noCounts, type TakenTally } from "./tally.ts";

/**
 * Bytes of items, roughly, that are appended at once: few for a session that is being made, so that they are turned into lines while
 * still in the processor's cache; otherwise as many as make one sync worthwhile.
 */
const groupBytes = { make: 2 ** 16, append: 2 ** 20 } as const;

/** What a session is known to hold already, for taking over what came since. */
export interface TakenBefore {
  readonly history: History;
  /** For each item of its window, what it means to a rollback. */
  readonly marks: readonly TurnMark[];
  /** The thread's header: it stands on the first line, which isn't read again, and tells who seals new items. */
  readonly header: RolloutHeader | undefined;
}

/** Who an item is from, as the log's header names it. */
type Origin = EventOf<"item-added">["origin"];

/**
 * Turns a Codex thread's lines, in order, into the events of a session's log. Nothing that the person, the model or a tool said or did is
 * left out, even where a compaction or a rollback took it out of the history: the log records those as its own would be.
 */
export class Taking {
  header: RolloutHeader | undefined;
  model: string | undefined;
  effort: string | undefined;
  cwd: string | undefined;
  /** How many lines and items were left out, by kind. */
  readonly left = new Map<string, number>();
  /** Items that were taken over. */
  items = 0;
  /** What the lines held, whether or not it is still in the history. */
  readonly counts = noCounts();

  /**
   * Compactions that were taken over and that a later rollback took back (`ThreadChange`): the session is then not the thread, and has to
   * be made anew.
   */
  readonly undone = new Set<number>();
  /** Whether something was told that adds nothing to the log by itself: the end of a turn, or what it used. */
  hasTold = false;

  readonly #fold: ThreadFold;
  readonly #most: number;
  readonly #room: Room;
  /** What is to be appended next, and the bytes of its items. */
  #group: Append[] = [];
  #bytes = 0;
  /** When what is being taken happened (milliseconds since 1970), where its line says it. */
  #at: number | undefined;
  /** The items in the room have been written, so that it can be cleared. */
  #isWritten = false;
  readonly #issuer: (provider: string | undefined) => string;
  readonly #before: History | undefined;
  #nextSeq: number;
  /** The log's numbers of the items in the thread's history. */
  #seqs: number[];
  readonly #progress: Progress;
  readonly #open = new OpenCalls();
  /** Whether a line of the file can't be read, or a message of it only because a letter was altered. */
  #isUnreadable = false;
  readonly #isMended: boolean;

  /**
   * `issuer`: who sealed what, by the provider that the thread's header names. `before`: of a session that holds a part of the thread.
   * `undone`: compactions that are known to be taken back. `isMended`: what is taken was damaged and is mended.
   */
  constructor(
    issuer: (provider: string | undefined) => string,
    {
      before,
      undone,
      isMended = false,
    }: {
      readonly before?: TakenBefore;
      readonly undone?: ReadonlySet<number>;
      readonly isMended?: boolean;
    } = {},
  ) {
    const { history, marks, header } = before ?? {};
    this.#issuer = issuer;
    this.#isMended = isMended;
    this.#most = groupBytes[history ? "append" : "make"];
    this.#room = new Room(2 * this.#most);
    this.#nextSeq = (history?.lastSeq ?? 0) + 1;
    this.#before = history;
    this.header = header;
    const answered = history?.items.findLast((_item, at) => marks?.[at] !== null)?.event;
    const isOwed = answered !== undefined && (answered.kind !== "message" || answered.role !== "assistant");
    this.#fold = new ThreadFold(marks, undone, isOwed);
    this.#seqs = history?.items.map(({ event }) => event.seq) ?? [];
    this.#progress = progressOf(history);
  }

  /**
   * Takes lines of a batch from index `from` on (0 for a new batch) until there is enough to be appended (`group`). Returns the index of
   * the next line.
   */
  take(lines: readonly RolloutLine[], from: number): number {
    if (this.#isWritten) this.#room.clear();
    this.#isWritten = false;
    let next = from;
    while (next < lines.length && this.#bytes < this.#most) {
      for (const changed of this.#fold.take(lines[next]!)) this.#change(changed);
      next++;
    }
    return next;
  }

  /**
   * The events of the lines that were taken since the last call. They are to be appended before more is taken: their items' memory is used
   * again.
   */
  group(): Append[] {
    const group = this.#group;
    this.#group = [];
    this.#bytes = 0;
    this.#isWritten = true;
    return group;
  }

  get tally(): TakenTally {
    const { items, counts, left } = this;
    return { items, counts, left: Object.fromEntries(left), isMended: this.#isMended };
  }

  /** Notes that a file of the thread is read to its end. Whether it seems to be damaged; a repair may find nothing to mend in it. */
  endFile(): boolean {
    const isFlawed = this.#fold.endFile();
    const isDamaged = this.#isUnreadable || isFlawed || this.#open.isUneven || this.header === undefined;
    this.#isUnreadable = false;
    this.#open.isUneven = false;
    return isDamaged;
  }

  /** What was said up to now, what was known before included. */
  get messages(): number {
    return this.#progress.messages;
  }

  get isEnough(): boolean {
    return this.#bytes >= this.#most;
  }

  /**
   * What follows on the last line: answers to calls that have none, and the state that items don't tell. `begun`: when the reading began, in
   * milliseconds since 1970.
   */
  end(source: Omit<Imported, "turn" | "open">, begun: number): Append[] {
    for (const changed of this.#fold.end()) this.#change(changed);
    this.#at = begun;
    this.#answerOpen();
    const history = this.#before;
    const { turn, step, messages, usage, isOpen } = this.#progress;
    const title = this.#progress.title ?? this.header?.agentPath;
    this.#group.push({
      event: {
        type: "history-carried",
        created: history?.created ?? this.header?.created ?? begun,
        ...(title !== undefined && { title }),
        turn,
        step,
        messages,
        usage,
        amendments: [...(history?.amendments ?? [])],
        quarantines: [...(history?.quarantines ?? [])],
        repairs: history?.repairs ?? 0,
        delivered: [...(history?.delivered ?? [])],
        outcome: outcomeIn(this.#progress),
      },
    });
    this.#group.push({
      event: {
        type: "session-imported",
        ...source,
        turn,
        ...(isOpen && { open: true }),
      },
      at: begun,
    });
    return this.group();
  }

  #change({ change, at }: Changed): void {
    const progress = this.#progress;
    this.#at = at;
    switch (change.do) {
      case "begin":
        this.header = change.header;
        this.cwd ??= change.header.cwd;
        // The first prompt of what a sub-agent was given is its parent's.
        if (change.header.ownFrom !== undefined) progress.title ??= change.header.agentPath;
        break;
      case "turn":
        this.#answerOpen();
        progress.turn++;
        progress.isOpen = true;
        progress.inStep = false;
        break;
      case "end":
        // What a tool still says when the turn was broken off comes after the end; its call waits for that until the next turn.
        progress.isOpen = false;
        this.hasTold = true;
        progress.outcome = change.outcome;
        break;
      case "add":
        this.#add(change.item);
        break;
      case "replace":
        this.counts.compactions++;
        this.#answerOpen();
        this.#append({ type: "history-replaced", count: this.#seqs.length });
        this.#seqs = [];
        for (const item of change.items) this.#place(item, "repair");
        break;
      case "cut": {
        this.counts.rollbacks++;
        this.#answerOpen();
        const fromSeq = this.#seqs[change.keep];
        if (fromSeq !== undefined) this.#append({ type: "history-rewound", toStep: progress.step, fromSeq });
        this.#seqs.length = change.keep;
        break;
      }
      case "undo":
        for (const nth of change.compactions) this.undone.add(nth);
        break;
      case "undone":
        this.counts.compactions++;
        break;
      case "set":
        this.model = change.model ?? this.model;
        this.effort = change.effort ?? this.effort;
        this.cwd = change.cwd ?? this.cwd;
        break;
      case "use":
        this.hasTold = true;
        progress.usage = change.total;
        break;
      case "tell":
        if (this.#before?.title === undefined) progress.title = titleOf(change.prompt) ?? progress.title;
        break;
      case "skip":
        this.left.set(change.why, (this.left.get(change.why) ?? 0) + 1);
        if (unreadable.has(change.why) || isMisnamed({ type: change.why, kind: "", payload: {} }))
          this.#isUnreadable = true;
    }
  }

  #add(item: ThreadItem): void {
    const progress = this.#progress;
    const { kind, payload, prompt } = item;
    if (isMisnamed({ type: "response_item", kind, payload })) this.#isUnreadable = true;
    if (prompt !== undefined) {
      this.counts.prompts++;
      this.#answerOpen();
      // Only since 0.100 a line says that a turn begins.
      if (!progress.isOpen) {
        progress.turn++;
        progress.outcome = undefined;
      }
      progress.messages++;
      progress.inStep = false;
      if (!isSummaryText(prompt)) progress.title ??= titleOf(prompt);
    }
    const role = payload["role"];
    if (isInjected(kind, payload)) progress.title ??= titleOf(injectedPrompt(payload));
    if (kind === "message" && role === "assistant") {
      progress.messages++;
      this.counts.answers++;
    }
    if (kind === "message" && typeof role === "string") progress.lastRole = role;
    else if (kind !== "reasoning") progress.lastRole = kind;
    const origin = originOf(kind, role);
    if (kind === "reasoning") this.counts.reasoning++;
    if (isCallKind(kind)) this.counts.calls++;
    if (isOutputKind(kind)) this.counts.outputs++;
    if (origin === "model" && !progress.inStep) {
      progress.inStep = true;
      progress.step++;
    }
    if (origin !== "model") progress.inStep = false;
    this.#place(item, origin);
  }

  #place({ kind, payload, bytes, skimmed, prompt }: ThreadItem, origin: Origin): void {
    const logged = skimmed ? copiedItem(skimmed, this.#room) : loggedItem(payload, this.#room, bytes);
    const { call = "" } = logged.facts;
    this.#open.see(kind, call);
    const isSealed = logged.facts.sealed !== undefined;
    this.#seqs.push(this.#nextSeq);
    this.#item(logged, origin, {
      ...((origin === "model" || isSealed) && { issuer: this.#issuer(this.header?.modelProvider) }),
      ...(origin === "model" && this.model !== undefined && { model: this.model }),
      // A summary stands in the person's name, and isn't theirs.
      ...((isContext(payload) || (prompt !== undefined && isSummaryText(prompt))) && { context: true }),
    });
  }

  /**
   * A call that Codex left without output is answered, as Codex itself does for each request: whoever goes on would run it else. The log
   * keeps the answer apart from the thread's items, so that a rollback counts what it counted.
   */
  #answerOpen(): void {
    for (const { kind, call } of this.#open.leave()) {
      const bytes = Buffer.from(JSON.stringify(answerTo(kind, call, unknown)));
      const facts = describeItem(bytes);
      if (!facts) throw new Error("an output is an item");
      this.#item({ facts, bytes }, "repair");
    }
  }

  #item(
    { facts, bytes }: LoggedItem,
    origin: Origin,
    more: { issuer?: string; model?: string; context?: true } = {},
  ): void {
    const step = origin === "input" ? this.#progress.step + 1 : this.#progress.step;
    this.items++;
    this.#append({ type: "item-added", turn: this.#progress.turn, step, ...facts, ...more, origin }, bytes);
  }

  #append(event: NewEvent, item?: Uint8Array): void {
    this.#nextSeq++;
    this.#bytes += item?.length ?? 0;
    // Written out: a spread costs as much as all the rest.
    const append: Append = item ? { event, item, sound: true } : { event };
    if (this.#at !== undefined) append.at = this.#at;
    this.#group.push(append);
  }
}

/** Why lines are skipped in which anything may have stood. */
const unreadable: ReadonlySet<string> = new Set(["json", "nul", "not-an-object", "git-lfs"]);

const unknown = `${outcomeUnknown}: Codex has no output of this call, which may have run`;

function originOf(kind: string, role: unknown): Exclude<Origin, "repair"> {
  if (kind === "message") return role === "assistant" ? "model" : "input";
  return isOutputKind(kind) || kind.endsWith("_output") ? "tool" : "model";
}
