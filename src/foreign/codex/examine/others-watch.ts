import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { reviewMarks } from "../rollout/payload/told-message.ts";
import type { RolloutHeader } from "../rollout/record/header.ts";
import { Bounded } from "./bounded.ts";
import { itemOf, type WatchedRecord } from "./watched-record.ts";

/** An event that says of which other thread it tells. */
export interface OthersEvent extends Span {
  readonly thread: string;
}

const told = /"thread_id":"([\w-]{36})"/u;
const headBytes = 512;

/**
 * Finds events that tell of another thread than the file's own (0.148 and later say in each which one that is). Into the files of forks and
 * sub-agents Codex itself copies another thread's lines: nothing is looked for there. Nor in a review, which is a thread of its own whose
 * events stand in this one's file (0.169).
 */
export class OthersWatch {
  readonly found = new Bounded<OthersEvent>(1_000);
  #own: Buffer | undefined;
  /** A review has begun, and no event of this thread has come since. */
  #isReviewing = false;

  begin(header: RolloutHeader | undefined): void {
    const isAlone = header?.forkedFrom === undefined && header?.origin !== "subagent";
    if (header && isAlone) this.#own = Buffer.from(`"thread_id":"${header.id}"`);
  }

  event(record: WatchedRecord, line: RolloutLine): void {
    if (this.#own === undefined || record.kind !== "item_completed") return;
    // Its own id stands in the first bytes of nearly every one.
    if (line.bytes.includes(this.#own)) {
      this.#isReviewing = reviewMarks.has(itemOf(record)?.["type"]);
      return;
    }
    const thread = told.exec(line.bytes.toString("latin1", 0, headBytes))?.[1];
    if (thread !== undefined && !this.#isReviewing) this.found.add({ ...spanOf(line), thread });
  }
}
