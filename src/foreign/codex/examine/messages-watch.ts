import { stringOf } from "../../../lib/json.ts";
import { isCallKind, isOutputKind } from "../../../session/item.ts";
import { addLast, Bounded } from "./bounded.ts";
import type { RolloutLine } from "../rollout/lines.ts";
import { promptOf } from "../rollout/prompt.ts";
import { type Span, spanOf } from "../rollout/span.ts";
import { textIn, toldText } from "../rollout/text-in.ts";
import { turnEdge } from "../rollout/turn-edge.ts";
import type { Hole } from "./hole.ts";
import { InvalidIds } from "./invalid-ids.ts";
import { isMisnamed, MisnamedMessages } from "./misnamed-messages.ts";
import { UnreadItems } from "./unread-items.ts";
import { UnreasonedItems } from "./unreasoned-items.ts";
import { UnsealedReasoning } from "./unsealed-reasoning.ts";
import { UntoldWatch } from "./untold-watch.ts";
import { itemOf, type WatchedRecord } from "./watched-record.ts";

/** A message that an event still tells, while its own record is gone. */
export interface LostMessage {
  readonly role: "user" | "assistant";
  readonly event: Span;
  readonly hole: Hole;
}

/** A message that an event told, until its record is seen. */
interface Told {
  readonly id: string | undefined;
  readonly text: string;
  readonly event: Span;
  hole?: Hole;
}

/** Reasoning that would be sent without the item it led to. */
export interface LoneReasoning extends Span {
  /** Whether a record is missing right after it: then it is damage, and not a turn that was cut off. */
  isDamage: boolean;
}

/** A message that is shown on the screen and has no record (0.36 to 0.58). */
const ofNoRecord = "Compact task completed";
const mostLost = 10_000;
const mostTold = 64;
/** Of so many blank lines in a row each has its ordinal. */
const mostSince = 10_000;
const mostTexts = 8;
/** A message of the person and the event that tells it are at most so many lines apart. */
const nearby = 4;

/**
 * Finds messages that only an event still tells (`agent_message` and `user_message`, since 0.148 `item_completed`). An event alone proves
 * nothing: up to 0.58 what came of a cut stream has no record. There has to be a hole too, where the record belongs: a blanked line, a
 * missing ordinal, or the end of the file. Only of a prompt before which Codex has told the model nothing the event is enough, and of an
 * answer where no message has a record: programs that convert sessions for Codex write such (casr). It also notes which of the model's
 * items a provider may refuse for their form.
 */
export class MessagesWatch {
  /** Reasoning with words in plain text, with or without a seal beside them. */
  readonly plain = new Bounded<Span>(mostLost);
  readonly unsealed = new UnsealedReasoning();
  readonly invalidIds = new InvalidIds();
  readonly unread = new UnreadItems();
  readonly unreasoned = new UnreasonedItems();
  /** Offset of the first item of the model's that has an id. */
  firstId: number | undefined;
  readonly lost = new Bounded<LostMessage>(mostLost);
  /** Messages that only the record still tells. */
  readonly untold = new UntoldWatch();
  readonly #lone = new Bounded<LoneReasoning>(mostLost);
  /** Answers that an event told and whose record hasn't come: it comes after the event. */
  #told: Told[] = [];
  /** The words of answers whose record was seen and that no event has told: now and then the event comes after the record. */
  #answered: string[] = [];
  /** Ids of the answers whose records were seen last: what tells of one of them is late, or a copy. */
  readonly #recorded: string[] = [];
  /** The person's last messages by their records: the event comes after the record. */
  readonly #said: string[] = [];
  readonly #holes: Hole[] = [];
  readonly #misnamed = new MisnamedMessages();
  /** Whether there is what Codex tells the model before the first prompt of every session. */
  #isBegun = false;
  /** Whether a prompt or an answer has a record. */
  #isRecorded = false;
  /** The last prompt that only an event tells for lack of anything of Codex's: its record may still come. */
  #alone: { readonly text: string; readonly event: Span } | undefined;
  /** The last reasoning, as long as nothing has followed it. */
  #reasoning: LoneReasoning | undefined;
  #lastOrdinal: number | undefined;
  /** Holes since the last record. */
  #since: Hole[] = [];
  #end = 0;
  #lines = 0;
  readonly #onHole: (hole: Hole) => void;

  /** `onHole`: called for each place where a record was. */
  constructor(onHole: (hole: Hole) => void) {
    this.#onHole = onHole;
  }

  /** Notes a line that can't be read. */
  unreadable(line: RolloutLine): void {
    this.hole(line);
    this.unreasoned.missing();
  }

  /** Notes a line that is blank or can't be read. */
  hole(line: RolloutLine): void {
    if (line.length > 0) this.#hole(spanOf(line));
    if (this.#since.length > mostSince) this.#since.shift();
  }

  /** `isCopy`: it stands there a second time (`DoublesWatch.isRepeated`). */
  see(record: WatchedRecord, line: RolloutLine, isCopy = false): void {
    const { type, kind, payload, ordinal } = record;
    const { length } = this.#since;
    if (ordinal !== undefined) {
      for (const hole of this.#since)
        if (hole.ordinal !== undefined && hole.ordinal >= ordinal) delete hole.ordinal;
      // Ordinals are missing beyond those of blank lines: whole lines are gone.
      if (this.#lastOrdinal !== undefined && ordinal > this.#lastOrdinal + 1 + length) {
        this.#hole({ index: line.index, at: line.offset, bytes: 0 });
        this.unreasoned.missing(ordinal - this.#lastOrdinal - 1 - length);
      }
      this.#lastOrdinal = ordinal;
    }
    if (this.#since.length > 0) this.#since = [];
    this.#end = line.offset + line.length + line.ending.length;
    this.#lines = line.index + 1;
    const isKnown = type === "response_item" || type === "event_msg";
    if (isKnown && kind === "") {
      this.unread.see(record, line);
      // It may have been reasoning.
      this.unreasoned.missing();
    } else if (type === "response_item") {
      this.invalidIds.see(record, line);
      this.unread.see(record, line);
      this.unsealed.see(record, line);
      this.#item(record, line);
    } else if (type === "event_msg") this.#event(record, line, isCopy);
    else if (type === "compacted") this.#replaced(payload, line);
    else if (isMisnamed(record)) this.#misnamedMessage(payload, line, ordinal);
  }

  rolledBack(from: number): void {
    // Lost prompts are kept even where a rollback took them back: it counts prompts, and without this one it would take back an earlier
    // turn.
    this.lost.keep(({ event, role }) => role === "user" || event.index < from);
    this.#lone.keep(({ index }) => index < from);
    this.plain.keep(({ index }) => index < from);
    this.unsealed.rolledBack(from);
    this.invalidIds.rolledBack(from);
    this.unread.rolledBack(from);
    this.unreasoned.rolledBack(from);
    this.#told = [];
    this.#misnamed.forget();
    this.#reasoning = undefined;
  }

  /** The lines so far were copied from another thread, whose events were copied even where their records were not (0.146). */
  copied(): void {
    this.#told = [];
    this.untold.forget();
    this.lost.keep(({ role, event, hole }) => role === "user" && hole.at !== event.at);
  }

  /** Reasoning without what it led to, that at the end of the file included. */
  get lone(): readonly LoneReasoning[] {
    return this.#reasoning ? [...this.#lone.items, this.#reasoning] : this.#lone.items;
  }

  /** What is lost, also at the end of the file. */
  found(): readonly LostMessage[] {
    const atEnd: LostMessage[] = this.#told.flatMap(({ event, hole }) => {
      const isLast = event.index === this.#lines - 1;
      const ordinal = this.#lastOrdinal === undefined ? {} : { ordinal: this.#lastOrdinal + 1 };
      const place =
        hole ?? (isLast ? { index: this.#lines, at: this.#end, bytes: 0, ...ordinal } : undefined);
      return place ? [{ role: "assistant", event, hole: place }] : [];
    });
    return [...this.lost.items, ...atEnd];
  }

  #hole(span: Span): void {
    const hole: Hole = { ...span };
    this.#since.push(hole);
    if (this.#lastOrdinal !== undefined) hole.ordinal = this.#lastOrdinal + this.#since.length;
    addLast(this.#holes, hole, mostTexts);
    this.#onHole(hole);
    this.untold.hole(hole);
    const waiting = this.#told.find((told) => told.hole === undefined);
    if (waiting) waiting.hole = hole;
    if (this.#reasoning) this.#reasoning.isDamage = true;
  }

  #item(record: WatchedRecord, line: RolloutLine): void {
    const { kind, payload, ordinal } = record;
    if (kind === "reasoning") {
      // Several reasoning items of one response stand together. After damage the first one's item stood between them.
      if (this.#reasoning?.isDamage) this.#lone.add(this.#reasoning);
      this.#reasoning = { ...spanOf(line), isDamage: false };
      const { content } = payload;
      if (Array.isArray(content) && content.length > 0) this.plain.add(spanOf(line));
      // Codex drops an id that is no text with its item, and a repair drops it alone.
      this.unreasoned.reasoning(record.isText("id") || (payload["id"] ?? null) === null);
      return;
    }
    const role = kind === "message" ? payload["role"] : undefined;
    const isAnswer = role === "assistant";
    const isModels = isAnswer || isCallKind(kind);
    if (this.firstId === undefined && isModels && typeof payload["id"] === "string")
      this.firstId = line.offset;
    this.unreasoned.item(isModels, line);
    const reasoning = this.#reasoning;
    this.#reasoning = undefined;
    // An output had a call before it, and a call that is gone will be put in.
    const isFollowed = isAnswer || isOutputKind(kind) || kind.endsWith("_call");
    if (reasoning && !isFollowed) this.#lone.add(reasoning);
    if (isMisnamed(record)) this.#misnamedMessage(payload, line, ordinal);
    else if (isAnswer) this.#answer(payload, line, ordinal !== undefined);
    else if (role === "user") this.#prompt(payload, line, ordinal !== undefined);
    else if (role === "developer") this.#isBegun = true;
  }

  /** It is a message if an event tells its words. */
  #misnamedMessage(
    { content }: WatchedRecord["payload"],
    line: RolloutLine,
    ordinal: number | undefined,
  ): void {
    this.#misnamed.see(content, line, ordinal);
    for (const told of this.#told) {
      const hole = this.#misnamed.take(told.text);
      if (hole) told.hole = hole;
    }
  }

  #answer(payload: WatchedRecord["payload"], line: RolloutLine, hasOrdinal: boolean): void {
    this.#isRecorded = true;
    const [id, text] = [payload["id"], textIn(payload["content"])];
    if (hasOrdinal) this.untold.answered(payload, line);
    if (typeof id === "string") addLast(this.#recorded, id, mostTold);
    const at = this.#told.findIndex(
      (told) => (told.id !== undefined && told.id === id) || told.text === text,
    );
    // Records come in the order of their events: earlier events without a record, and without a hole, never had one.
    if (at >= 0) {
      this.#told = this.#told.filter(({ hole }, nth) => nth > at || (nth < at && hole !== undefined));
      return;
    }
    addLast(this.#answered, text, mostTexts);
  }

  #prompt(payload: WatchedRecord["payload"], line: RolloutLine, hasOrdinal: boolean): void {
    const words = promptOf(payload);
    if (words === undefined) {
      this.#isBegun = true;
      return;
    }
    this.#isRecorded = true;
    const alone = this.#alone;
    this.#alone = undefined;
    if (alone && words.includes(alone.text)) {
      this.lost.keep(({ event }) => event !== alone.event);
      return;
    }
    // What has no words no event tells.
    if (words === "") return;
    if (hasOrdinal) this.untold.said(payload, line);
    addLast(this.#said, words, mostTexts);
  }

  #event(record: WatchedRecord, line: RolloutLine, isCopy: boolean): void {
    const { kind, payload } = record;
    const item = itemOf(record);
    const told = item ? item["type"] : kind;
    if (told === "agent_message" || told === "AgentMessage")
      this.#answerTold(item?.["id"], toldText(payload), line);
    else if (told === "user_message" || told === "UserMessage")
      this.#promptTold(toldText(payload), line, isCopy);
    else if (told === "Reasoning") this.unreasoned.told();
    else if (turnEdge(kind)) this.#settle();
    // What is asked of a review only events tell (0.98 to 0.150).
    else if (kind === "entered_review_mode") this.#isBegun = true;
  }

  #answerTold(given: unknown, text: string, line: RolloutLine): void {
    const id = typeof given === "string" ? given : undefined;
    this.untold.answerTold(id);
    const seen = this.#answered.indexOf(text);
    if (seen >= 0) return void this.#answered.splice(seen, 1);
    if (text === "" || text === ofNoRecord || this.#told.length >= mostTold) return;
    const isKnown = id !== undefined && this.#recorded.includes(id);
    if (isKnown || this.#told.some((told) => told.id !== undefined && told.id === id)) return;
    const event = spanOf(line);
    const isAlone = this.#alone !== undefined && !this.#isRecorded && !this.#isBegun;
    const hole = this.#misnamed.take(text) ?? (isAlone ? { ...event, bytes: 0 } : undefined);
    this.#told.push({ id, text, event, ...(hole && { hole }) });
  }

  #promptTold(text: string, line: RolloutLine, isCopy: boolean): void {
    this.#settle();
    this.untold.promptTold();
    if (text === "" || this.#hears(text) || isCopy) return;
    const event = spanOf(line);
    const hole =
      this.#misnamed.take(text) ?? this.#holes.findLast(({ index }) => index >= line.index - nearby);
    // A record of other words that no event has told may be this one's: both were redacted, each in its way.
    const isAlone = !this.#isBegun && this.#said.length === 0;
    if (!hole && isAlone) this.#alone = { text, event };
    const place = hole ?? (isAlone ? { ...event, bytes: 0 } : undefined);
    if (place) this.lost.add({ role: "user", event, hole: place });
  }

  /**
   * Whether the record of a message of the person's was seen that says this. It tells of one event: the next one with the same words
   * ("continue") is another message's.
   */
  #hears(text: string): boolean {
    // The record may say more than the event: the names of pictures, for one.
    const at = this.#said.includes(text) ? this.#said.indexOf(text) : this.#said.length - 1;
    if (this.#said[at]?.includes(text) !== true) return false;
    this.#said.splice(at, 1);
    return true;
  }

  /** Settles what events told: no record of it can come any more. */
  #settle(): void {
    for (const { event, hole } of this.#told) if (hole) this.lost.add({ role: "assistant", event, hole });
    this.#told = [];
    this.#answered = [];
  }

  /** What a summary replaced is not sent any more. */
  #replaced({ message, replacement_history: kept }: WatchedRecord["payload"], line: RolloutLine): void {
    this.invalidIds.replaced(kept, line);
    this.unread.forget();
    this.unreasoned.replaced();
    // A sealed summary tells nothing here, and the answer before it belongs to the conversation.
    if (stringOf(message) !== "") this.untold.summarised();
    this.#told = [];
    this.#misnamed.forget();
    this.#reasoning = undefined;
    this.lost.clear();
    this.#lone.clear();
    this.plain.clear();
    this.unsealed.replaced();
  }
}
