import { type JsonObject, objectOf } from "../../../../lib/json.ts";
import { goalOf, toldPrompt } from "../payload/prompt.ts";
import { textIn } from "../payload/text-in.ts";
import { reviewMarks, toldMessage } from "../payload/told-message.ts";
import type { RolloutHeader } from "../record/header.ts";
import { asItem, isAnswer, type ThreadItem } from "./thread-item.ts";
import type { TurnMark } from "./turn-mark.ts";

/** What comes of an event that tells a message. */
export interface Told {
  /** What was asked first, where this is the event that tells it. */
  readonly asked?: string;
  /** A message that was told before, and has got no record up to here: it counts now. */
  readonly alone?: ThreadItem | undefined;
}

/**
 * Follows the messages that events tell a second time. Programs that convert sessions for Codex tell them by events alone: where nothing of
 * Codex's stands in a thread, such a message counts unless its record follows, which may say more.
 */
export class ToldMessages {
  /** Whether there is what Codex tells the model before the first prompt of every session. */
  #isCodexs: boolean;
  /** Whether an event has told a prompt. */
  #isTold = false;
  /** Whether an event has told what was asked first. */
  #isAsked = false;
  /** Whether a prompt or an answer has a record. */
  #isRecorded = false;
  /** How many of the prompts so far no event has told yet. */
  #untold = 0;
  /** The message that was told last, while it has no record. */
  #alone: ThreadItem | undefined;

  /** `isCodexs`: whether what went before is Codex's. */
  constructor(isCodexs: boolean) {
    this.#isCodexs = isCodexs;
  }

  /** Notes the thread's header: what is copied from another thread may hold events without their records (0.146). */
  begin({ parent, forkedFrom }: RolloutHeader): void {
    this.#isCodexs = parent !== undefined || forkedFrom !== undefined;
  }

  /** Whether an event may tell what was said and counts, or that what follows is Codex's, by its first bytes. */
  mayTell(line: Buffer, kind: string | undefined): boolean {
    if (this.#isTold && this.#isCodexs) return false;
    if (kind === "agent_message") return this.#areAnswersAlone;
    if (kind === "item_completed") return completedMark.test(line.toString("latin1", 0, 512));
    if (kind === "thread_goal_updated") return !this.#isAsked;
    return kind === "user_message" || kind === "entered_review_mode";
  }

  /** Takes an event. */
  event(kind: string | undefined, payload: JsonObject): Told {
    switch (kind) {
      case "thread_goal_updated":
        return this.#untold > 0 ? {} : this.#ask(goalOf(payload));
      case "agent_message":
        return this.#areAnswersAlone ? this.#tell(toldMessage("assistant", payload)) : {};
      case "user_message":
      case "item_completed":
      case "entered_review_mode":
        return this.#prompt(payload);
      default:
        return {};
    }
  }

  /** Notes an item that has a record. */
  record(item: ThreadItem, mark: TurnMark): void {
    const { kind, payload } = item;
    const isContext = mark === null && payload["role"] === "user";
    if (isContext || (kind === "message" && payload["role"] === "developer")) this.#isCodexs = true;
    const isPrompt = typeof mark === "string" && mark !== "";
    if (isPrompt || isAnswer(item, mark)) this.#isRecorded = true;
    if (this.#alone && isRecordOf(this.#alone, item)) this.#alone = undefined;
    else if (isPrompt) this.#untold++;
  }

  /** The message that was told last and has no record: it counts from now on. */
  take(): ThreadItem | undefined {
    const item = this.#alone;
    this.#alone = undefined;
    return item;
  }

  /** Whether events have told prompts, and nothing else has told a message. */
  get #areAnswersAlone(): boolean {
    return this.#isTold && !this.#isRecorded && !this.#isCodexs;
  }

  #prompt(payload: JsonObject): Told {
    // What is asked of a review only events tell.
    if (reviewMarks.has(payload["type"]) || reviewMarks.has(objectOf(payload["item"])["type"]))
      this.#isCodexs = true;
    const prompt = toldPrompt(payload);
    if (prompt === undefined) return {};
    this.#isTold = true;
    const isSaid = this.#untold > 0;
    // Where the words differ both were redacted, each in its way.
    if (isSaid) this.#untold--;
    const message = this.#isCodexs || isSaid ? undefined : toldMessage("user", payload);
    return { ...this.#ask(prompt), ...this.#tell(message) };
  }

  #ask(prompt: string | undefined): Told {
    if (prompt === undefined || this.#isAsked) return {};
    this.#isAsked = true;
    return { asked: prompt };
  }

  #tell(message: JsonObject | undefined): Told {
    if (!message) return {};
    const alone = this.take();
    this.#alone = asItem("message", message);
    return { alone };
  }
}

const completedMark = /"item":\{"type":"(?:UserMessage|EnteredReviewMode)"/u;

/** Whether an item says what an event has told, or more. */
function isRecordOf(told: ThreadItem, item: ThreadItem): boolean {
  if (told.prompt !== undefined) return item.prompt?.includes(told.prompt) === true;
  return isAnswer(item, undefined) && textIn(item.payload["content"]) === textIn(told.payload["content"]);
}
