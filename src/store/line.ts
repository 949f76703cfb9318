import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import { isJsonObject, parseJson, type JsonObject } from "../lib/json.ts";
import type { BodyRef, EventType, LogRecord, SessionEvent } from "../session/event.ts";
import { describeAnew } from "../session/item.ts";
import { fernetHead } from "../session/seal.ts";
import { isBelievable, objection } from "../session/objection.ts";
import type { Append } from "../store.ts";
import { readHead, type TypeMarks } from "./head.ts";

/**
 * A line of the log: `{"crc":"xxxxxxxx","seq":12,"fence":3,"at":…,"type":"item-added",…,"item":{…}}` and a newline. The checksum comes
 * first and covers every byte after its comma up to the newline (CRC-32 as in zlib, lower-case hex). A line whose checksum holds is what
 * a writer validated when it appended it, so a reader parses its header and nothing else; the item comes last, byte for byte.
 */

/** How every line begins. */
export const lineHead = Buffer.from('{"crc":"');
/** Bytes of `{"crc":"xxxxxxxx",`. */
export const checkedFrom = 18;
/** Inside a JSON string the quotes would be escaped, so outside of the item these bytes only stand where a member begins. */
export const itemMark = Buffer.from(',"item":');
export const newline = 0x0a;
const closingBrace = 0x7d;
const carriageReturn = 0x0d;

const itemTypes: ReadonlySet<string> = new Set<EventType>(["item-added", "history-compacted"]);

/** Why an event can't be logged with an item, or without one; `undefined` where it can. */
export function itemObjection(type: string, hasItem: boolean): string | undefined {
  if (itemTypes.has(type) === hasItem) return undefined;
  return `${type} ${hasItem ? "takes no item" : "needs an item"}`;
}

/** Throws a TypeError when the event, or its item, is not what the schema allows: a mistake of the program, not of the store. */
export function validateAppend({ event, item, sound }: Append): void {
  const wrong = objection(event);
  if (wrong !== undefined) throw new TypeError(`not an event of the log: ${event.type}: ${wrong}`);
  const misfit = itemObjection(event.type, item !== undefined);
  if (misfit !== undefined) throw new TypeError(misfit);
  if (item && !sound && !(isUtf8(item) && isJsonObject(parseJson(bufferOf(item).toString("utf8"))))) {
    throw new TypeError(`the item of ${event.type} is not a JSON object in UTF-8`);
  }
}

const emptyHead = Buffer.from('{"crc":"00000000",');
const largestKept = 2 ** 21;

/**
 * Lines one after the other, as they are written, in memory that is used again for the next ones: what an append costs beside the disk
 * counts. Memory that is grown anew for each group of an import cost a tenth of its time.
 */
export class LineBuffer {
  #memory: Buffer;
  #length = 0;

  /** `size`: bytes that it has room for before it has to grow. */
  constructor(size = 2 ** 13) {
    this.#memory = Buffer.allocUnsafeSlow(size);
  }

  /**
   * Adds the line of an event that `validateAppend` passed. Raw newlines in an item are white space there and become spaces. Returns the
   * line's length with its newline, and where the item lies in it.
   */
  add(event: SessionEvent, item?: Uint8Array): { length: number; body?: BodyRef } {
    const json = stringify(event);
    // A character of a string is three bytes of UTF-8 at most.
    const start = this.#reserve(checkedFrom + 3 * json.length + itemMark.length + (item?.length ?? 0) + 2);
    const memory = this.#memory;
    // The header's own brace makes room for the comma after the checksum, and its last one for the item.
    let end = start + checkedFrom - 1;
    end += memory.write(json, end);
    memory.set(emptyHead, start);
    const bodyStart = end - 1 + itemMark.length;
    if (item) {
      memory.set(itemMark, end - 1);
      memory.set(item, bodyStart);
      end = bodyStart + item.length;
      memory[end] = closingBrace;
      // The line's own newline stands before the item is searched for others, so that what lies after it is not searched too.
      memory[end + 1] = newline;
      for (let raw = memory.indexOf(newline, bodyStart); raw < end; raw = memory.indexOf(newline, raw))
        memory[raw] = 0x20;
      end += 2;
    } else memory[end++] = newline;
    writeHex(memory, start + 8, crc32(memory.subarray(start + checkedFrom, end - 1)));
    this.#length = end;
    if (!item) return { length: end - start };
    return { length: end - start, body: { offset: bodyStart - start, length: item.length } };
  }

  get length(): number {
    return this.#length;
  }

  /** All lines since the last `clear`; valid until then. */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#memory.length > largestKept) this.#memory = Buffer.allocUnsafe(2 ** 13);
  }

  #reserve(bytes: number): number {
    const needed = this.#length + bytes;
    if (needed > this.#memory.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#memory.length));
      this.#memory.copy(grown, 0, 0, this.#length);
      this.#memory = grown;
    }
    return this.#length;
  }
}

/** The record of a line that stands at `offset` in the log; `body`: where the item lies in the line. */
export function recordAt(offset: number, event: SessionEvent, body: BodyRef | undefined): LogRecord {
  if (!body) return { event, offset };
  return { event, offset, body: { offset: offset + body.offset, length: body.length } };
}

/** The members that a reader looks for stand first. */
function stringify(event: SessionEvent): string {
  if (isInOrder(event)) return JSON.stringify(event);
  const { seq, fence, at, type, ...members } = event;
  return JSON.stringify({ seq, fence, at, type, ...members });
}

const firstMembers = ["seq", "fence", "at", "type"];

function isInOrder(event: SessionEvent): boolean {
  let at = 0;
  // A list of all names would be made for each event.
  for (const name in event) {
    if (name !== firstMembers[at]) return false;
    if (++at === firstMembers.length) return true;
  }
  return false;
}

/** Eight lower-case digits. */
function writeHex(bytes: Buffer, at: number, value: number): void {
  for (let digit = 7, left = value; digit >= 0; digit--, left >>>= 4) {
    const nibble = left & 0xf;
    bytes[at + digit] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble;
  }
}

/** A line that could be read. Offsets are those of the buffer that was given. */
export interface DecodedLine {
  event: JsonObject;
  itemStart: number;
  /** 0 where there is no item. */
  itemLength: number;
}

/**
 * The event of the line in `bytes[from, to)` (without its newline) if its checksum holds, without looking at its item; otherwise
 * `undefined`. Events of the types in `brief` come with number, lease and type only.
 */
export function decodeVerified(
  bytes: Buffer,
  from: number,
  to: number,
  brief?: TypeMarks,
): DecodedLine | undefined {
  const checksum = readChecksum(bytes, from, to);
  if (checksum < 0) return undefined;
  // A tool that changes line ends (git's autocrlf, say) has changed nothing else: no line that was written ends so.
  const end = bytes[to - 1] === carriageReturn ? to - 1 : to;
  const checked = bytes.subarray(from + checkedFrom, end);
  if (crc32(checked) !== checksum) return undefined;
  const event = brief && readHead(bytes, from + checkedFrom, brief);
  if (event) return { event, itemStart: 0, itemLength: 0 };
  const mark = checked.indexOf(itemMark);
  const header = mark < 0 ? undefined : parseHeader(bytes, from, from + checkedFrom + mark);
  if (header) {
    const itemStart = from + checkedFrom + mark + itemMark.length;
    return { event: header, itemStart, itemLength: end - 1 - itemStart };
  }
  const whole = parseJson(`{${checked.toString("utf8")}`);
  return isJsonObject(whole) ? { event: whole, itemStart: 0, itemLength: 0 } : undefined;
}

const sealMember = Buffer.from('"encrypted_content"');
const sealHead = Buffer.from(fernetHead);

/** Puts into the header what an older writer didn't know of the item: that something is sealed within it. Few items are parsed for that. */
export function describeFurther(line: DecodedLine, bytes: Buffer): void {
  const { event, itemStart, itemLength } = line;
  // Reasoning and compactions were known to be sealed from the first version on.
  if (itemLength === 0 || event["sealed"] !== undefined || event["kind"] === "reasoning") return;
  const item = bytes.subarray(itemStart, itemStart + itemLength);
  if (item.includes(event["kind"] === "function_call" ? sealHead : sealMember))
    line.event = describeAnew(event, item) ?? event;
}

/** Closes the header's braces in place for the moment of parsing: joining strings would cost a tenth of the time of a whole reading. */
function parseHeader(bytes: Buffer, from: number, to: number): JsonObject | undefined {
  const start = from + checkedFrom - 1;
  const [before, after] = [bytes[start]!, bytes[to]!];
  bytes[start] = 0x7b;
  bytes[to] = closingBrace;
  const header = parseJson(bytes.toString("utf8", start, to + 1));
  bytes[start] = before;
  bytes[to] = after;
  return isJsonObject(header) ? share(header) : undefined;
}

/** Members of items whose values are few. Their strings are shared: in a log of 100,000 items that is a third of the memory. */
const sharedMembers = ["kind", "name", "issuer", "model"] as const;
const mostShared = 4096;
const shared = new Map<string, string>();

function share(header: JsonObject): JsonObject {
  for (const member of sharedMembers) {
    const value = header[member];
    if (typeof value !== "string") continue;
    const known = shared.get(value);
    if (known !== undefined) header[member] = known;
    else if (shared.size < mostShared) shared.set(value, value);
  }
  return header;
}

/** The checksum that the line names, or -1. */
function readChecksum(bytes: Buffer, from: number, to: number): number {
  if (to - from <= checkedFrom + 1 || bytes[from + 16] !== 0x22 || bytes[from + 17] !== 0x2c) return -1;
  for (let at = 0; at < 8; at++) if (bytes[from + at] !== lineHead[at]) return -1;
  let value = 0;
  for (let at = from + 8; at < from + 16; at++) {
    const digit = hexDigit(bytes[at]!);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

/**
 * The event of a line without a valid checksum, or `undefined` when it isn't one. Parses all of it. What the header says of its item is read
 * anew from the item, which may be what was changed.
 */
export function decodeAltered(line: Buffer): DecodedLine | undefined {
  if (!isUtf8(line)) return undefined;
  const whole = parseJson(line.toString("utf8"));
  if (!isJsonObject(whole)) return undefined;
  const { crc: _crc, item, ...event } = whole;
  if (!isBelievable(event)) return undefined;
  if (item === undefined) {
    return itemTypes.has(event["type"] as string) ? undefined : { event, itemStart: 0, itemLength: 0 };
  }
  // Edited by hand, the item may not be the last member any more; then its bytes can't be cut out.
  const mark = line.indexOf(itemMark);
  const itemStart = mark + itemMark.length;
  const itemEnd = line.lastIndexOf(closingBrace);
  if (mark < 0 || !isJsonObject(parseJson(line.toString("utf8", itemStart, itemEnd)))) return undefined;
  const described = describeAnew(event, line.subarray(itemStart, itemEnd));
  if (!described) return undefined;
  return { event: described, itemStart, itemLength: itemEnd - itemStart };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
