import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import type { RolloutHeader } from "../rollout/record/header.ts";
import { Bounded } from "./bounded.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** An event that says of which other thread it tells. */
export interface OthersEvent extends Span {
  readonly thread: string;
}

const told = /"thread_id":"([\w-]{36})"/u;
const headBytes = 512;

/**
 * Finds events that tell of another thread than the file's own (0.148 and later say in each which one that is). Into the files of forks and
 * sub-agents Codex itself copies another thread's lines: nothing is looked for there.
 */
export class OthersWatch {
  readonly found = new Bounded<OthersEvent>(1_000);
  #own: Buffer | undefined;

  begin(header: RolloutHeader | undefined): void {
    const isAlone = header?.forkedFrom === undefined && header?.origin !== "subagent";
    if (header && isAlone) this.#own = Buffer.from(`"thread_id":"${header.id}"`);
  }

  event({ kind }: WatchedRecord, line: RolloutLine): void {
    // Its own id stands in the first bytes of nearly every one.
    if (kind !== "item_completed" || this.#own === undefined || line.bytes.includes(this.#own)) return;
    const thread = told.exec(line.bytes.toString("latin1", 0, headBytes))?.[1];
    if (thread !== undefined) this.found.add({ ...spanOf(line), thread });
  }
}
