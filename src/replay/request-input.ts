import type { BodyRef } from "../session/event.ts";
import { type Bodies, itemsOf } from "../session/items.ts";
import type { Edit } from "./edit.ts";
import {
  editsOf,
  type ElementKind,
  frame,
  type ProjectedItems,
  sentCallId,
  sentElements,
  sizeOfFirst,
} from "./element.ts";
import { flag } from "./flag.ts";
import { unknownOutcome } from "./pair.ts";
import type { Projection } from "./project.ts";

/** A projection as a request sends it; has the shape of `RequestInput` in `provider.ts`. */
export interface ProjectedInput {
  /** Exact length of what `chunks` gives. */
  readonly bytes: number;
  readonly items: number;
  /** JSON items joined by commas, in chunks of 1 MiB; the same bytes each time, whatever the projection takes on meanwhile. */
  chunks(): AsyncIterable<Uint8Array>;
}

const chunkBytes = 1024 * 1024;
const comma = new Uint8Array([0x2c]);
/** Runs of at most this many bytes are copied faster byte by byte than with `set` on a subarray. */
const fewBytes = 48;

/** Reads the few bytes that a projection has to look at (none, as a rule), and gives its input, without its first `from` elements. */
export async function requestInput(
  projection: Projection,
  bodies: Bodies,
  from = 0,
): Promise<ProjectedInput> {
  for await (const { record, item } of itemsOf(projection.unlocated(), bodies))
    projection.locate(record.index, item);
  const projected = projection.snapshot();
  const bytes = projection.bytes - sizeOfFirst(projected, from);
  return { bytes, items: projection.count - from, chunks: () => write(projected, bytes, bodies, from) };
}

async function* write(
  projected: ProjectedItems,
  total: number,
  bodies: Bodies,
  from: number,
): AsyncIterable<Uint8Array> {
  const { items, flags, edits } = projected;
  const refs: BodyRef[] = [];
  for (const [kind, index] of elementsFrom(projected, from))
    if (kind === "item") refs.push(items[index]!.body);
  const chunks = new Chunks(total);
  const elements = elementsFrom(projected, from)[Symbol.iterator]();
  /** Writes what stands before the next item, and gives that item's index; -1 at the end. */
  const advance = (): number => {
    for (let next = elements.next(); !next.done; next = elements.next()) {
      const [kind, index] = next.value;
      if (chunks.written > 0) chunks.put(comma);
      if (kind === "item") return index;
      if (kind === "answer")
        chunks.put(unknownOutcome(items[index]!.event.kind, sentCallId(projected, index)));
      else chunks.put(frame[kind]);
    }
    return -1;
  };
  let done = 0;
  let index = advance();
  let writer: ItemWriter | undefined;
  for await (const batch of bodies(refs)) {
    for (const buffer of batch) {
      const record = items[index]!;
      const how = flags[index]! & ~flag.answered;
      const isWhole = buffer.length === record.body.length;
      if (isWhole && how === flag.sent) chunks.put(buffer);
      else if (isWhole && how === (flag.sent | flag.detached)) putWithout(chunks, buffer, record.event.cut);
      else {
        writer ??= new ItemWriter(chunks, editsOf(record, how, edits.get(index)));
        writer.write(buffer);
        if (writer.read < record.body.length) continue;
        writer = undefined;
      }
      done++;
      index = advance();
    }
    yield* chunks.full();
  }
  yield* chunks.rest();
  if (done !== refs.length || chunks.written !== total) {
    throw new Error(`the input has ${chunks.written} bytes in ${done} items, not ${total} in ${refs.length}`);
  }
}

function elementsFrom(projected: ProjectedItems, from: number): Iterable<readonly [ElementKind, number]> {
  return from === 0 ? sentElements(projected) : sentElements(projected).drop(from);
}

/** How most items are sent: whole, but for their id. */
function putWithout(chunks: Chunks, buffer: Uint8Array, cut: readonly [number, number] | undefined): void {
  if (!cut) return chunks.put(buffer);
  chunks.put(buffer, 0, cut[0]);
  chunks.put(buffer, cut[1]);
}

/** Writes one item's bytes, which may come in parts, with its edits. */
class ItemWriter {
  readonly #chunks: Chunks;
  readonly #edits: readonly Edit[];
  #next = 0;
  #begun = false;
  /** Bytes of the stored item seen so far. */
  read = 0;

  constructor(chunks: Chunks, edits: readonly Edit[]) {
    this.#chunks = chunks;
    this.#edits = edits;
  }

  write(buffer: Uint8Array): void {
    const start = this.read;
    this.read += buffer.length;
    let offset = 0;
    for (let edit = this.#edits[this.#next]; edit; edit = this.#edits[this.#next]) {
      if (edit.from - start > buffer.length) break;
      if (!this.#begun) {
        this.#chunks.put(buffer.subarray(offset, edit.from - start));
        this.#chunks.put(edit.bytes);
        this.#begun = true;
      }
      if (edit.to - start > buffer.length) return;
      offset = edit.to - start;
      this.#next++;
      this.#begun = false;
    }
    this.#chunks.put(offset === 0 ? buffer : buffer.subarray(offset));
  }
}

/** Gathers what is written into large buffers, so that a socket is not handed a hundred thousand small ones. */
class Chunks {
  readonly #total: number;
  #buffer: Uint8Array;
  #used = 0;
  #full: Uint8Array[] = [];
  written = 0;

  /** @param total How many bytes will be put. */
  constructor(total: number) {
    this.#total = total;
    this.#buffer = this.#next();
  }

  put(bytes: Uint8Array, start = 0, end = bytes.length): void {
    for (let from = start; from < end;) {
      const size = Math.min(end - from, this.#buffer.length - this.#used);
      if (size === 0) throw new Error(`the input has more than the ${this.#total} bytes that were counted`);
      this.#copy(bytes, from, from + size);
      from += size;
      this.#used += size;
      this.written += size;
      if (this.#used < chunkBytes) continue;
      this.#full.push(this.#buffer);
      this.#buffer = this.#next();
      this.#used = 0;
    }
  }

  #next(): Uint8Array {
    return new Uint8Array(Math.min(chunkBytes, this.#total - this.written));
  }

  #copy(bytes: Uint8Array, from: number, to: number): void {
    if (to - from > fewBytes) {
      this.#buffer.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#used);
      return;
    }
    for (let at = from, into = this.#used; at < to; at++, into++) this.#buffer[into] = bytes[at]!;
  }

  full(): Uint8Array[] {
    if (this.#full.length === 0) return this.#full;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  rest(): Uint8Array[] {
    return this.#used === 0 ? [] : [this.#buffer.subarray(0, this.#used)];
  }
}
