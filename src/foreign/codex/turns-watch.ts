import { isJsonObject } from "../../lib/json.ts";
import type { RolloutLine } from "./lines.ts";
import { itemOf, type WatchedRecord } from "./watched-record.ts";

/** An error that a turn ended with, as the rollout says (0.148 and later: in `task_complete`; before: an `error` event, if any). */
export interface RecordedError {
  readonly line: number;
  readonly at: number;
  readonly message: string;
}

/** Follows the turns of a rollout: which one is open, where the last one began, and what it failed with. */
export class TurnsWatch {
  /** The turn that was begun and not ended, and the index of its line. */
  open: { id: string; index: number; at: number; bytes: number } | undefined;
  /** Index of the line at which the last turn began. */
  lastBegan = 0;
  /** What the last turn failed with; nothing once a later one went well. */
  error: RecordedError | undefined;
  /** Line indexes of the messages of the person, which rollbacks count. */
  readonly #prompts: number[] = [];

  /** Returns the line index from which on everything was rolled back, for a rollback. */
  see({ type, kind, payload }: WatchedRecord, line: RolloutLine): number | undefined {
    if (type !== "event_msg") return undefined;
    switch (kind) {
      case "task_started":
        this.open = {
          id: String(payload["turn_id"] ?? ""),
          index: line.index,
          at: line.offset,
          bytes: line.length,
        };
        this.lastBegan = line.index;
        break;
      case "task_complete":
      case "turn_aborted":
        this.open = undefined;
        this.#ended(
          payload["error"],
          line,
          kind === "task_complete" && payload["last_agent_message"] !== null,
        );
        break;
      case "error":
        this.#ended(payload, line, false);
        break;
      case "user_message":
        this.#prompted(line);
        break;
      case "item_completed":
        if (itemOf(payload)?.type === "UserMessage") this.#prompted(line);
        break;
      case "thread_rolled_back": {
        const turns = Number(payload["num_turns"]);
        if (!(turns > 0)) break;
        const from = this.#prompts.at(-turns) ?? 0;
        this.#prompts.length = Math.max(0, this.#prompts.length - turns);
        return from;
      }
      default:
    }
    return undefined;
  }

  #prompted({ index }: RolloutLine): void {
    this.#prompts.push(index);
    if (!this.open) this.lastBegan = index;
  }

  #ended(error: unknown, { index, offset }: RolloutLine, isAnswered: boolean): void {
    const message = isJsonObject(error) ? error["message"] : undefined;
    if (typeof message === "string") this.error = { line: index + 1, at: offset, message };
    else if (isAnswered) this.error = undefined;
  }
}
