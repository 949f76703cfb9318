import {
  type BodyRef,
  isItemRecord,
  type ItemRecord,
  type LogRecord,
  type NewEvent,
  type SessionEvent,
} from "../../src/session/event.ts";
import type { ItemFacts } from "../../src/session/facts.ts";
import { checkpointOf } from "../../src/session/checkpoint.ts";
import { advance, createHistory, type History } from "../../src/session/history.ts";
import { describeItem } from "../../src/session/item.ts";

/** A log in memory, laid out as a file would be: every line has an offset, every item a place in it. It folds as it grows. */
export class WrittenLog {
  readonly records: LogRecord[] = [];
  readonly history: History = createHistory();
  readonly #items = new Map<number, Uint8Array>();
  #end = 0;

  /** Appends an event; `item` for the two types that carry one. */
  add(event: NewEvent | { type: string }, item?: Uint8Array): LogRecord {
    const seq = this.records.length;
    const full = { seq, fence: 1, at: 1_000 + seq, ...event } as SessionEvent;
    const offset = this.#end;
    const header = JSON.stringify(full).length;
    const body = item && { offset: offset + header, length: item.length };
    if (body) this.#items.set(body.offset, item);
    this.#end = offset + header + (item?.length ?? 0) + 1;
    const record: LogRecord = { event: full, offset, ...(body && { body }) };
    this.records.push(record);
    advance(this.history, record);
    return record;
  }

  addItem(
    item: object | Uint8Array,
    place: {
      turn: number;
      step: number;
      origin?: "input" | "model" | "tool" | "repair";
      issuer?: string;
      followUp?: string;
      model?: string;
    },
  ): ItemRecord {
    const bytes = item instanceof Uint8Array ? item : new TextEncoder().encode(JSON.stringify(item));
    const facts = describeItem(bytes) as ItemFacts;
    const record = this.add({ type: "item-added", origin: "model", ...place, ...facts }, bytes);
    if (!isItemRecord(record)) throw new Error("an item has bytes");
    return record;
  }

  /** Ends the turn with the checkpoint that the history gives. */
  endTurn(): void {
    this.add({
      type: "turn-ended",
      turn: this.history.turn,
      outcome: { kind: "completed" },
      checkpoint: checkpointOf(this.history),
    });
  }

  bytesOf(ref: BodyRef): Uint8Array {
    const bytes = this.#items.get(ref.offset);
    if (bytes?.length !== ref.length) throw new Error("no item stands there");
    return bytes;
  }

  /** The items' bytes in parts of at most `part` bytes and batches of at most five parts, as a store may hand them over. */
  bodies(part = 64): (refs: readonly BodyRef[]) => AsyncIterable<readonly Uint8Array[]> {
    const bytesOf = this.bytesOf.bind(this);
    return async function* bodies(refs) {
      let batch: Uint8Array[] = [];
      for (const ref of refs) {
        const bytes = bytesOf(ref);
        for (let at = 0; at < bytes.length; at += part) {
          batch.push(bytes.subarray(at, at + part));
          if (batch.length < 5) continue;
          yield batch;
          batch = [];
        }
      }
      yield batch;
    };
  }
}

/** A Fernet token as far as a reader without its key can tell, sealed at `seconds`; `seed` makes its tail its own. */
export function sealedBlob(seconds: number, seed: string): string {
  const bytes = new Uint8Array(57).fill(7);
  bytes[0] = 0x80;
  new DataView(bytes.buffer).setBigUint64(1, BigInt(seconds));
  const end = new TextEncoder().encode(seed).slice(-12);
  bytes.set(end, bytes.length - end.length);
  return Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return Buffer.concat(parts).toString("utf8");
}
