import { addLast, Bounded } from "./bounded.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import type { Hole } from "./holes-watch.ts";
import { turnEdge } from "../rollout/payload/outcome.ts";
import type { TextSet } from "./text-set.ts";
import { callTold, type WatchedRecord } from "./watched-record.ts";

/** A call whose record is gone, and that of its output too, while an event still tells both. */
export interface LostCall {
  readonly call: string;
  readonly event: Span;
  /** Where the call was, and where its output. */
  readonly before: Hole;
  readonly after: Hole;
}

const mostLost = 10_000;
const mostHoles = 16;
/** An event and the records that it tells of are at most so many lines apart. */
const nearby = 16;
const asCall = 8;

/**
 * Finds calls whose record and whose output's record are both gone, by the events that tell how a call went. An event alone proves
 * nothing, as commands that the person runs in Codex have no call: there has to be a hole on both sides of it, in the same turn, and no
 * record with its id.
 */
export class LostCallsWatch {
  readonly #lost = new Bounded<LostCall>(mostLost);
  readonly #ids: TextSet;
  /** Holes of this turn that no event has been matched with yet. */
  #holes: Hole[] = [];
  /** By the numbers of the calls' ids. */
  readonly #told = new Map<number, { event: Span; before: Hole; after?: Hole }>();

  /** `ids`: where the ids of calls are noted. */
  constructor(ids: TextSet) {
    this.#ids = ids;
  }

  hole(hole: Hole): void {
    for (const told of this.#told.values()) {
      if (told.after !== undefined || hole.index - told.event.index > nearby) continue;
      told.after = hole;
      return;
    }
    addLast(this.#holes, hole, mostHoles);
  }

  /** `call`: the number of the id of a call or an output. */
  see(record: WatchedRecord, line: RolloutLine, call: number | undefined): void {
    const { type, kind } = record;
    if (call !== undefined) this.#seen(call);
    else if (type === "compacted") this.#forget();
    else if (type === "event_msg") {
      if (turnEdge(kind)) this.#settle();
      else if (this.#holes.length > 0) this.#event(record, line);
    }
  }

  rolledBack(from: number): void {
    this.#settle();
    this.#lost.keep(({ event }) => event.index < from);
  }

  /** The lost calls, those at the end of the file included. */
  found(): readonly LostCall[] {
    this.#settle();
    return this.#lost.items;
  }

  #seen(call: number): void {
    this.#ids.mark(call, asCall);
    if (this.#told.size > 0) this.#told.delete(call);
  }

  #event(record: WatchedRecord, line: RolloutLine): void {
    const told = callTold(record);
    if (told === undefined || told.isPersons) return;
    const call = this.#ids.numberOf(told.call);
    if (call === 0 || this.#ids.mark(call, asCall)) return;
    const at = this.#holes.findLastIndex(({ index }) => line.index - index <= nearby);
    const [before] = at < 0 ? [] : this.#holes.splice(at, 1);
    if (before) this.#told.set(call, { event: spanOf(line), before });
  }

  #settle(): void {
    for (const [call, { event, before, after }] of this.#told)
      if (after) this.#lost.add({ call: this.#ids.textOf(call), event, before, after });
    this.#unmatch();
  }

  /** What a summary replaced is not sent any more. */
  #forget(): void {
    this.#unmatch();
    this.#lost.clear();
  }

  #unmatch(): void {
    if (this.#told.size > 0) this.#told.clear();
    if (this.#holes.length > 0) this.#holes = [];
  }
}
