import { crc32 } from "node:zlib";
import { stringOf } from "../../../lib/json.ts";
import { describeText } from "../../../session/seal.ts";
import { Bounded } from "./bounded.ts";
import type { ReadAt } from "../../../lib/file-bytes.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { timeOf } from "../rollout/record/record.ts";
import type { TextSet } from "./text-set.ts";
import type { WatchedRecord } from "./watched-record.ts";

const mostLines = 2_000_000;
const mostDoubles = 200_000;
const mostIds = mostLines / 4;
/** Shorter item ids may repeat: `fc_0`, `msg_1` of local models and gateways. OpenAI's have 27 characters and more, Codex's own 40. */
export const uniqueId = 20;
const space = 0x20;
const asItem = 1;
/** Lines of one time and length beyond so many are not compared. */
const mostAlike = 64;
/** The lines that a fork copies follow one another faster; milliseconds. */
const longestPause = 1_000;

/** No two calls have one id at one time, and no two Fernet tokens are the same; what stands in a seal's place may be. */
const isOne = ({ payload, seal }: WatchedRecord): boolean =>
  stringOf(payload["call_id"]) !== "" || (seal !== undefined && describeText(seal).shape === "fernet");

/** The messages of every review have the same ids (0.142 to 0.144). */
const isOfReview = (id: unknown): boolean => typeof id === "string" && id.startsWith("review_rollout_");

interface FirstSeen {
  readonly index: number;
  readonly at: number;
  readonly bytes: number;
  /** Of its bytes: to compare them takes a read, and the lines of a fork, or of calls made at once, are alike by dozens. */
  sum?: number;
  /** Another line of the same time and length. */
  next?: FirstSeen;
}

/**
 * Finds records that stand there twice. Codex itself writes identical lines (`turn_context`, `token_count`, short messages: 28 of 1,398
 * real rollouts), so likeness is not enough: a doubled record has the ordinal and the very bytes of an earlier one, or an item's id that
 * was there already, or a call id or a seal and the very bytes, time included. A call id alone says nothing: some gateways count theirs anew in
 * every response; and the time says nothing in the history that a fork has copied at once, unless an item's id tells that records at
 * this distance are copies. A message without any of them counts when it follows its first copy at the distance at which such records
 * do, and so does the event that tells it: left alone it would tell of a message whose record is gone. Of what is no item, what changes
 * the history counts: a summary that is there again after later turns would take them away, and a rollback one more.
 */
export class DoublesWatch {
  /** For paginated rollouts, by ordinal: the offset of its first line, plus one; 0: not seen. */
  #places = new Float64Array(2 ** 8);
  #lastOrdinal = -1;
  /**
   * Lines without an ordinal by their time and length (modulo 2,048), of those that are identical the first: calls that the model makes at
   * once have one time, and often one length.
   */
  readonly #first = new Map<number, FirstSeen>();
  #seen = 0;
  readonly #ids: TextSet;
  /** Call ids of bare calls that are copies, until their copied outputs come. */
  readonly #copied = new Set<string>();
  readonly #strong = new Bounded<Span>(mostDoubles);
  readonly #weak = new Bounded<Span & { distance: number }>(mostDoubles);
  readonly #distances = new Set<number>();
  readonly #readAt: ReadAt;
  /** When the line before was written, in the history of its parent that a fork begins with. */
  #copiedAt: number | undefined;
  /** Whether the record seen last has the very bytes of an earlier one, time included, and no ordinal. */
  isRepeated = false;

  /** `ids`: where ids are noted. `readAt`: reads earlier lines, which this one may be the very same as. */
  constructor(ids: TextSet, readAt: ReadAt) {
    this.#ids = ids;
    this.#readAt = readAt;
  }

  /** Follows one more record. True for one that is a copy beyond doubt. */
  see(record: WatchedRecord, line: RolloutLine): boolean {
    const { type, kind, payload, ordinal, era } = record;
    this.isRepeated = false;
    const isItem = type === "response_item";
    const isKnown = isItem && this.#isKnown(record);
    if (ordinal !== undefined) {
      if (!this.#hasOrdinal(ordinal, line) && !isKnown) return false;
      this.#strong.add(spanOf(line));
      return true;
    }
    const isEvent = type === "event_msg";
    const isTurning = type === "compacted" || (isEvent && kind === "thread_rolled_back");
    const isTold =
      isEvent && (kind === "agent_message" || kind === "user_message" || kind === "item_completed");
    if (!isItem && !isTurning && !isTold && line.index > 1) return false;
    if (isItem && era === "bare") return this.#seeBare(payload["call_id"], isKnown, line);
    const distance = this.#repeats(record, line);
    this.isRepeated = distance !== undefined;
    const isOfBlock = distance !== undefined && this.#distances.has(distance);
    const isTimed = !this.#isCopied(record, line.index, distance) || isOfBlock;
    const isSure =
      distance !== undefined && (isTurning || line.index === 1 || (isItem && isTimed && isOne(record)));
    if (isKnown || isSure) {
      if (distance !== undefined) this.#distances.add(distance);
      this.#strong.add(spanOf(line));
      return true;
    }
    if (distance !== undefined) this.#weak.add({ ...spanOf(line), distance });
    return false;
  }

  /** `distances`: how many lines after its original a copy stands, for copies without an ordinal. */
  found(): {
    readonly spans: readonly Span[];
    readonly count: number;
    readonly distances: ReadonlySet<number>;
  } {
    const weak = this.#weak.items.filter(({ distance }) => this.#distances.has(distance));
    const spans = [...this.#strong.items, ...weak.map(({ index, at, bytes }) => ({ index, at, bytes }))];
    const count = this.#strong.count + weak.length;
    return { spans: spans.sort((a, b) => a.at - b.at), count, distances: this.#distances };
  }

  /** Where the line with this ordinal stands, in a paginated rollout. */
  placeOf(ordinal: number): number | undefined {
    const place = this.#places[ordinal] ?? 0;
    return place > 0 ? place - 1 : undefined;
  }

  /** Whether the item's own id, where that is unique, was seen before. */
  #isKnown(record: WatchedRecord): boolean {
    const id = record.idIn(this.#ids, uniqueId);
    return id !== undefined && this.#ids.mark(id, asItem) && !isOfReview(record.payload["id"]);
  }

  /** Whether the line belongs to what a fork copied at once from its parent, whose header stands in the second line. */
  #isCopied({ type, timestamp }: WatchedRecord, index: number, distance: number | undefined): boolean {
    const isParents = index === 1 && type === "session_meta" && distance === undefined;
    if (!isParents && this.#copiedAt === undefined) return false;
    const at = timeOf(timestamp) ?? 0;
    const pause = at - (this.#copiedAt ?? at);
    this.#copiedAt = pause >= 0 && pause <= longestPause ? at : undefined;
    return this.#copiedAt !== undefined;
  }

  /** Bare lines have no time, and a tool may well print the same twice: of a call that is a copy, one output is a copy too. */
  #seeBare(call: unknown, isKnown: boolean, line: RolloutLine): boolean {
    const isCopy = isKnown || (typeof call === "string" && this.#copied.delete(call));
    if (isKnown && typeof call === "string") this.#copied.add(call);
    if (isCopy) this.#strong.add(spanOf(line));
    return isCopy;
  }

  /** Notes the ordinal. Whether an earlier line has it and the very same bytes. */
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
    // An ordinal that comes late, after higher ones.
    if (place === 0) this.#places[ordinal] = line.offset + 1;
    return place > 0 && line.bytes.equals(this.#readAt(place - 1, line.bytes.length));
  }

  /** How many lines ago the same bytes were first seen; spaces that a repair left around them don't count. */
  #repeats({ timestamp }: WatchedRecord, { bytes, index, offset }: RolloutLine): number | undefined {
    let [from, to] = [0, bytes.length];
    while (bytes[from] === space) from++;
    while (to > from && bytes[to - 1] === space) to--;
    const own = bytes.subarray(from, to);
    const key = (timeOf(timestamp) ?? 0) * 2 ** 11 + (own.length % 2 ** 11);
    const seen: FirstSeen = { index, at: offset + from, bytes: own.length };
    let first = this.#first.get(key);
    if (first === undefined) {
      if (this.#seen++ < mostIds) this.#first.set(key, seen);
      return undefined;
    }
    seen.sum = crc32(own);
    for (let alike = 1; ; alike++, first = first.next) {
      if (this.#isSame(first, seen.sum, own)) return index - first.index;
      if (alike === mostAlike) return undefined;
      if (first.next === undefined) break;
    }
    if (this.#seen++ < mostIds) first.next = seen;
    return undefined;
  }

  #isSame(first: FirstSeen, sum: number, own: Buffer): boolean {
    if (first.bytes !== own.length) return false;
    first.sum ??= crc32(this.#readAt(first.at, own.length));
    return first.sum === sum && own.equals(this.#readAt(first.at, own.length));
  }
}
