import { isJsonObject, stringOf } from "../../../lib/json.ts";
import { addLast } from "./bounded.ts";
import { isOfAgents } from "../rollout/payload/agent-message.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import { readRecord } from "../rollout/record/record.ts";
import { turnEdge } from "../rollout/payload/outcome.ts";
import { itemOf, type WatchedRecord } from "./watched-record.ts";

/** An error that a turn ended with, as the rollout says (0.148 and later: in `task_complete`; before: an `error` event, if any). */
export interface RecordedError extends Span {
  readonly message: string;
}

/** Of copied turns that were cut off, a person's own interruptions among them, so many are remembered: the last ones. */
const mostCutOff = 256;

/** A range of lines, by their indexes. */
interface Lines {
  readonly from: number;
  readonly to: number;
}

/** Follows the turns of a rollout: which one is open, where the last one began, and what it failed with. */
export class TurnsWatch {
  /** The turn that was begun and has not ended, and the line at which it began. */
  open: (Span & { readonly id: string }) | undefined;
  /** Index of the line at which the last turn began. */
  lastBegan = 0;
  /**
   * In a sub-agent's rollout: the range of lines copied from the turn in which it was started. A call among them may have its output in
   * the parent's rollout only.
   */
  copied: Lines | undefined;
  /** The same, of the turns in which the agents above it were started: each is cut off in the copy where it had come to (0.169). */
  readonly copiedBefore: Lines[] = [];
  /** The ordinal of the first line that was not copied, where the first line says it. */
  ownOrdinal: number | undefined;
  /** Offset of the line at which the first turn began that was not copied, in a file whose lines have ordinals. */
  firstOwn: number | undefined;
  /** The name under which other agents write to this one, where the first line says it. */
  ownPath: string | undefined;
  /** Index of the line at which the turn before the last one began. */
  #beganBefore = 0;
  /** What the last turn failed with; unset once a later turn went well. */
  error: RecordedError | undefined;
  /**
   * Line indexes of the messages that begin turns, which rollbacks count; those that a summary brought along have the summary's. One
   * whose record is destroyed counts by its event, as it will be put in again.
   */
  #prompts: number[] = [];
  /** The last prompt was seen as a record, and not yet as an event. */
  #isUntold = false;

  /** Follows one more record. For a rollback, returns the line index from which everything is taken back. */
  see(record: WatchedRecord, line: RolloutLine): number | undefined {
    const { type, kind, payload, ordinal } = record;
    if (ordinal !== undefined && this.ownOrdinal !== undefined && ordinal >= this.ownOrdinal)
      this.copied ??= { from: this.lastBegan, to: line.index };
    if (type === "event_msg") return this.#event(record, line);
    if (type === "compacted") this.#replaced(payload["replacement_history"], line);
    else if (type === "inter_agent_communication") this.#addressed(line);
    else if (type === "response_item") {
      const isPrompt = kind === "message" && promptOf(payload) !== undefined;
      if (isPrompt) this.#prompted(line);
      else if (isOfAgents(kind, payload)) this.#addressed(line);
      if (isPrompt) this.#isUntold = true;
    }
    return undefined;
  }

  #event(record: WatchedRecord, line: RolloutLine): number | undefined {
    const { kind, payload, ordinal } = record;
    const edge = turnEdge(kind);
    if (edge === "began") {
      if (ordinal !== undefined && ordinal >= (this.ownOrdinal ?? 0)) this.firstOwn ??= line.offset;
      this.open = { ...spanOf(line), id: stringOf(payload["turn_id"]) };
      this.#beganBefore = this.lastBegan;
      this.lastBegan = line.index;
    } else if (edge) {
      this.open = undefined;
      if (edge === "aborted" && this.ownOrdinal !== undefined && !this.copied) this.#cutOff(line);
      this.#ended(payload["error"], line, edge === "complete" && payload["last_agent_message"] !== null);
    } else if (kind === "error") this.#ended(payload, line, false);
    else if (kind === "user_message" || itemOf(record)?.type === "UserMessage") this.#told(line);
    else if (kind === "thread_rolled_back") return this.#rolledBack(payload["num_turns"]);
    return undefined;
  }

  #rolledBack(turns: unknown): number | undefined {
    if (typeof turns !== "number" || !Number.isInteger(turns) || turns <= 0) return undefined;
    const from = this.#prompts.at(-turns) ?? this.#prompts[0];
    this.#prompts.length = Math.max(0, this.#prompts.length - turns);
    return from;
  }

  #prompted({ index }: RolloutLine): void {
    this.#prompts.push(index);
    if (!this.open) this.lastBegan = index;
  }

  /** The first message from another agent begins the sub-agent's first turn of its own. */
  #addressed(line: RolloutLine): void {
    if (!this.copied && !this.#isToParent(line))
      this.copied = { from: this.#beganBefore, to: this.lastBegan };
    this.#prompted(line);
  }

  #cutOff({ index: to }: RolloutLine): void {
    addLast(this.copiedBefore, { from: this.lastBegan, to }, mostCutOff);
  }

  /** Whether the message was copied from the parent, which had heard from another agent before. */
  #isToParent(line: RolloutLine): boolean {
    const read = this.ownPath === undefined ? undefined : readRecord(line);
    const recipient = read?.readable ? read.payload["recipient"] : undefined;
    return recipient !== undefined && recipient !== this.ownPath;
  }

  /** The event for a prompt comes right after its record. */
  #told(line: RolloutLine): void {
    if (this.#isUntold) this.#isUntold = false;
    else this.#prompted(line);
  }

  #replaced(given: unknown, { index }: RolloutLine): void {
    this.#isUntold = false;
    // Without `replacement_history` the summary is one more message, after those of the person.
    const kept = Array.isArray(given)
      ? given.filter((item) => isJsonObject(item) && promptOf(item) !== undefined)
      : [...this.#prompts, index];
    this.#prompts = kept.map(() => index);
  }

  #ended(error: unknown, line: RolloutLine, isAnswered: boolean): void {
    const message = isJsonObject(error) ? error["message"] : undefined;
    if (typeof message === "string") this.error = { ...spanOf(line), message };
    else if (isAnswered) this.error = undefined;
  }
}
