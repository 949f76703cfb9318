import { stringOf } from "../../../lib/json.ts";
import { addLast, Bounded } from "./bounded.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import { textIn, toldText } from "../rollout/payload/text-in.ts";
import { reviewMarks } from "../rollout/payload/told-message.ts";
import { turnEdge } from "../rollout/payload/outcome.ts";
import type { Hole } from "./holes-watch.ts";
import { uniqueId } from "./doubles-watch.ts";
import { isMisnamed, MisnamedMessages } from "./misnamed-messages.ts";
import { type UntoldMessage, UntoldWatch } from "./untold-watch.ts";
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

/** Messages that are shown on the screen and have no record: of a compaction (0.36 to 0.58), and behind what was imported (since 0.140). */
const ofNoRecord: ReadonlySet<string> = new Set(["Compact task completed", "<EXTERNAL SESSION IMPORTED>"]);
const mostLost = 10_000;
const mostTold = 64;
const mostTexts = 8;
/** A message of the person and the event that tells it are at most so many lines apart. */
const nearby = 4;

/**
 * Finds messages that only an event still tells (`agent_message` and `user_message`, since 0.148 `item_completed`). An event alone proves
 * nothing: up to 0.58 what came of a cut stream has no record. There has to be a hole too, where the record belongs: a blanked line, a
 * missing ordinal, or the end of the file. Only of a prompt before which Codex has told the model nothing the event is enough, and of an
 * answer where no message has a record: programs that convert sessions for Codex write such (casr).
 */
export class MessagesWatch {
  readonly #lost = new Bounded<LostMessage>(mostLost);
  /** Messages that only the record still tells. */
  readonly #untold = new UntoldWatch();
  /** Answers that an event told and whose record hasn't come: it comes after the event. */
  #told: Told[] = [];
  /** The words of answers whose record was seen and that no event has told: now and then the event comes after the record. */
  #answered: string[] = [];
  /** Ids of the answers whose records were seen last: what tells of one of them is late, or a copy. */
  readonly #recorded: string[] = [];
  /** Ids under which events have told prompts (0.148 and later): what tells of one again is a copy. */
  readonly #asked = new Set<string>();
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

  /** Notes a place where a record was. */
  hole(hole: Hole): void {
    addLast(this.#holes, hole, mostTexts);
    this.#untold.hole(hole);
    const waiting = this.#told.find((told) => told.hole === undefined);
    if (waiting) waiting.hole = hole;
  }

  /** Notes a record that is none of those that Codex writes messages as. */
  other(record: WatchedRecord, line: RolloutLine): void {
    if (isMisnamed(record)) this.#misnamedMessage(record, line);
  }

  rolledBack(from: number): void {
    // Lost prompts are kept even where a rollback took them back: it counts prompts, and without this one it would take back an earlier
    // turn.
    this.#lost.keep(({ event, role }) => role === "user" || event.index < from);
    this.#told = [];
    this.#misnamed.forget();
  }

  /** The lines so far were copied from another thread, whose events were copied even where their records were not (0.146). */
  copied(): void {
    this.#told = [];
    this.#untold.forget();
    this.#lost.keep(({ role, event, hole }) => role === "user" && hole.at !== event.at);
  }

  /** What is lost, also at the end of the file. `end`: the place behind the last record. */
  lost(end: Hole): readonly LostMessage[] {
    const atEnd = this.#told.flatMap(({ event, hole }): LostMessage[] => {
      const place = hole ?? (event.index === end.index - 1 ? end : undefined);
      return place ? [{ role: "assistant", event, hole: place }] : [];
    });
    return [...this.#lost.items, ...atEnd];
  }

  get untold(): readonly UntoldMessage[] {
    return this.#untold.items;
  }

  item(record: WatchedRecord, line: RolloutLine): void {
    const { kind, payload, ordinal } = record;
    if (kind === "reasoning") return;
    const role = kind === "message" ? payload.role : undefined;
    if (isMisnamed(record)) this.#misnamedMessage(record, line);
    else if (role === "assistant") this.#answer(payload, line, ordinal !== undefined);
    else if (role === "user") this.#prompt(record, line);
    else if (role === "developer") this.#isBegun = true;
  }

  /** It is a message if an event tells its words. */
  #misnamedMessage(record: WatchedRecord, line: RolloutLine): void {
    this.#misnamed.see(record, line);
    for (const told of this.#told) {
      const hole = this.#misnamed.take(told.text);
      if (hole) told.hole = hole;
    }
  }

  #answer(payload: WatchedRecord["payload"], line: RolloutLine, hasOrdinal: boolean): void {
    this.#isRecorded = true;
    const [id, text] = [payload["id"], textIn(payload["content"])];
    if (hasOrdinal) this.#untold.answered(payload, line);
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

  #prompt(record: WatchedRecord, line: RolloutLine): void {
    const words = promptOf(record.payload);
    if (words === undefined) {
      this.#isBegun = true;
      return;
    }
    this.#isRecorded = true;
    const alone = this.#alone;
    this.#alone = undefined;
    if (alone && words.includes(alone.text)) {
      this.#lost.keep(({ event }) => event !== alone.event);
      return;
    }
    // What has no words no event tells.
    if (words === "") return;
    this.#untold.said(record, line);
    addLast(this.#said, words, mostTexts);
  }

  /** `isCopy`: it stands there a second time (`DoublesWatch.isRepeated`). */
  event(record: WatchedRecord, line: RolloutLine, isCopy: boolean): void {
    const { kind, payload } = record;
    const item = itemOf(record);
    const told = item ? item["type"] : kind;
    if (told === "agent_message" || told === "AgentMessage")
      this.#answerTold(item?.["id"], toldText(payload), line);
    else if (told === "user_message" || told === "UserMessage")
      this.#promptTold(toldText(payload), line, this.#isAskedAgain(item?.["id"]) || isCopy);
    else if (turnEdge(kind)) this.#settle();
    // What is asked of a review only events tell (0.98 to 0.169).
    else if (reviewMarks.has(told)) this.#isBegun = true;
  }

  #isAskedAgain(id: unknown): boolean {
    if (typeof id !== "string" || id.length < uniqueId) return false;
    if (this.#asked.has(id)) return true;
    if (this.#asked.size < mostLost) this.#asked.add(id);
    return false;
  }

  #answerTold(given: unknown, text: string, line: RolloutLine): void {
    const id = typeof given === "string" ? given : undefined;
    this.#untold.answerTold(id);
    const seen = this.#answered.indexOf(text);
    if (seen >= 0) return void this.#answered.splice(seen, 1);
    if (text === "" || ofNoRecord.has(text) || this.#told.length >= mostTold) return;
    const isKnown = id !== undefined && this.#recorded.includes(id);
    if (isKnown || this.#told.some((told) => told.id !== undefined && told.id === id)) return;
    const event = spanOf(line);
    const isAlone = this.#alone !== undefined && !this.#isRecorded && !this.#isBegun;
    const hole = this.#misnamed.take(text) ?? (isAlone ? { ...event, bytes: 0 } : undefined);
    this.#told.push({ id, text, event, ...(hole && { hole }) });
  }

  #promptTold(text: string, line: RolloutLine, isCopy: boolean): void {
    this.#settle();
    this.#untold.promptTold();
    if (text === "" || this.#hears(text) || isCopy) return;
    const event = spanOf(line);
    const hole =
      this.#misnamed.take(text) ?? this.#holes.findLast(({ index }) => index >= line.index - nearby);
    // A record of other words that no event has told may be this one's: both were redacted, each in its way.
    const isAlone = !this.#isBegun && this.#said.length === 0;
    if (!hole && isAlone) this.#alone = { text, event };
    const place = hole ?? (isAlone ? { ...event, bytes: 0 } : undefined);
    if (place) this.#lost.add({ role: "user", event, hole: place });
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
    for (const { event, hole } of this.#told) if (hole) this.#lost.add({ role: "assistant", event, hole });
    this.#told = [];
    this.#answered = [];
  }

  /** What a summary replaced is not sent any more. */
  replaced({ message }: WatchedRecord["payload"]): void {
    // A sealed summary tells nothing here, and the answer before it belongs to the conversation.
    if (stringOf(message) !== "") this.#untold.summarised();
    this.#told = [];
    this.#misnamed.forget();
    this.#lost.clear();
  }
}
