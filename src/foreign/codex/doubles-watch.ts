import { Bounded } from "./bounded.ts";
import type { RolloutLine } from "./lines.ts";
import { type Span, spanOf } from "./pairs-watch.ts";
import { timeOf } from "./record.ts";
import { TextSet } from "./text-set.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** Reads bytes of the file that lie behind: to see whether a line is the very same as an earlier one. */
export type ReadAt = (at: number, bytes: number) => Buffer;

const mostLines = 2_000_000;
const mostDoubles = 200_000;
const mostIds = mostLines / 4;
/** What an id was seen as. */
const [asItem, asCall, asOutput] = [1, 2, 4];

/**
 * Finds records that stand there twice. Codex itself writes identical lines (`turn_context`, `token_count`, short messages: 28 of 1,398
 * real rollouts), so likeness is not enough: a doubled record has an ordinal, an item id or a call id that was there already. A message
 * without any of them counts when it follows its first copy at the distance at which such records do.
 */
export class DoublesWatch {
  /** Of paginated rollouts: where the line with each ordinal stands, and its index. */
  #places = new Float64Array(2 ** 12);
  #lastOrdinal = -1;
  /** Of items without an id: by time and length. */
  readonly #first = new Map<number, { index: number; at: number }>();
  readonly #ids = new TextSet(mostIds);
  readonly #strong = new Bounded<Span>(mostDoubles);
  readonly #weak = new Bounded<Span & { distance: number }>(mostDoubles);
  readonly #distances = new Set<number>();
  readonly #readAt: ReadAt;

  constructor(readAt: ReadAt) {
    this.#readAt = readAt;
  }

  /** True for a record that is a copy beyond doubt. */
  see(record: WatchedRecord, line: RolloutLine): boolean {
    const { type, kind, payload, ordinal, era } = record;
    const isItem = type === "response_item";
    const isKnown = isItem && this.#knows(kind, payload);
    if (ordinal !== undefined) {
      if (!this.#hasOrdinal(ordinal, line) && !isKnown) return false;
      this.#strong.add(spanOf(line));
      return true;
    }
    if (isKnown || (line.index === 1 && type === "session_meta")) {
      const distance = this.#repeats(record, line);
      if (distance === undefined && !isKnown) return false;
      if (distance !== undefined) this.#distances.add(distance);
      this.#strong.add(spanOf(line));
      return true;
    }
    if ((!isItem || era === "bare") && line.index > 0) return false;
    const distance = this.#repeats(record, line);
    if (distance !== undefined) this.#weak.add({ ...spanOf(line), distance });
    return false;
  }

  found(): { spans: Span[]; count: number } {
    const weak = this.#weak.items.filter(({ distance }) => this.#distances.has(distance));
    const spans = [...this.#strong.items, ...weak.map(({ index, at, bytes }) => ({ index, at, bytes }))];
    return { spans: spans.sort((a, b) => a.at - b.at), count: this.#strong.count + weak.length };
  }

  /** Where the line with this ordinal stands, in a paginated rollout. */
  placeOf(ordinal: number): number | undefined {
    const place = this.#places[ordinal] ?? 0;
    return place > 0 ? place - 1 : undefined;
  }

  /** Whether the item's id, or its call's, was there before. */
  #knows(kind: string | undefined, payload: WatchedRecord["payload"]): boolean {
    const call = payload["call_id"];
    if (typeof call === "string" && call !== "")
      return this.#ids.note(call, kind?.endsWith("_output") ? asOutput : asCall);
    const id = payload["id"];
    return typeof id === "string" && id !== "" && this.#ids.note(id, asItem);
  }

  /** Whether the line with this ordinal has these very bytes. */
  #hasOrdinal(ordinal: number, line: RolloutLine): boolean {
    if (ordinal > this.#lastOrdinal) {
      this.#lastOrdinal = ordinal;
      if (ordinal >= mostLines || ordinal < 0) return false;
      if (ordinal >= this.#places.length) {
        const places = new Float64Array(Math.min(mostLines, 2 * ordinal));
        places.set(this.#places);
        this.#places = places;
      }
      this.#places[ordinal] = line.offset + 1;
      return false;
    }
    const place = this.#places[ordinal] ?? 0;
    return place > 0 && line.bytes.equals(this.#readAt(place - 1, line.bytes.length));
  }

  /** How many lines ago the very same bytes were seen for the first time. */
  #repeats({ timestamp }: WatchedRecord, { bytes, index, offset }: RolloutLine): number | undefined {
    const key = (timeOf(timestamp) ?? 0) * 2 ** 11 + (bytes.length % 2 ** 11);
    const first = this.#first.get(key);
    if (first === undefined) {
      if (this.#first.size < mostIds) this.#first.set(key, { index, at: offset });
      return undefined;
    }
    return bytes.equals(this.#readAt(first.at, bytes.length)) ? index - first.index : undefined;
  }
}
