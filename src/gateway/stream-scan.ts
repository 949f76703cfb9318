import { parseJson } from "../lib/json.ts";

/** One whole event of a stream, as far as the gateway has to know it. */
export interface ScannedEvent {
  /** Its `event:` line, or the `type` in its data; empty for a comment and for what can't be told. */
  readonly name: string;
  /** Its bytes, with the empty line that ends it. */
  readonly bytes: Buffer;
}

/** An event that is larger than this goes on in pieces. */
const largestEvent = 4 * 1024 * 1024;

/**
 * Takes a stream of server-sent events apart at the empty lines between them, without decoding it: only whole events come out, so that what
 * was cut in the middle can be dropped. Only the first bytes of each event are looked at.
 */
export class StreamScanner {
  #rest: Buffer | undefined;
  #separator: "\n\n" | "\r\n\r\n" | undefined;
  #isInLarge = false;
  /** Events that came out so far, comments included. */
  count = 0;

  /** The bytes of an event that isn't whole yet. */
  get rest(): Buffer | undefined {
    return this.#rest;
  }

  /**
   * Gives the whole events that the chunk completes to `take`, as one run of bytes with the names in it. Nothing is given when no event ends
   * in the chunk.
   */
  feed(chunk: Buffer, take: (bytes: Buffer, names: readonly string[]) => void): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    // An event's end can lie across two chunks.
    const from = this.#rest ? Math.max(0, this.#rest.length - 3) : 0;
    this.#rest = undefined;
    const separator = (this.#separator ??= separatorOf(bytes));
    const names: string[] = [];
    let start = 0;
    if (separator) {
      for (let at = bytes.indexOf(separator, from); at >= 0; at = bytes.indexOf(separator, start)) {
        const end = at + separator.length;
        if (this.#isInLarge) this.#isInLarge = false;
        else {
          names.push(nameOf(bytes, start, at));
          this.count++;
        }
        start = end;
      }
    }
    if (this.#isInLarge || bytes.length - start > largestEvent) {
      if (!this.#isInLarge) {
        names.push(nameOf(bytes, start, bytes.length));
        this.count++;
      }
      this.#isInLarge = true;
      start = bytes.length;
    }
    if (start < bytes.length) this.#rest = start === 0 ? bytes : bytes.subarray(start);
    if (start > 0) take(start === bytes.length ? bytes : bytes.subarray(0, start), names);
  }

  /** The last event of a stream that ended without an empty line behind it, with one; `undefined` when nothing is left, or not a whole one. */
  last(): ScannedEvent | undefined {
    const rest = this.#rest;
    if (!rest || this.#isInLarge) return undefined;
    const data = dataOf(rest);
    if (data !== "[DONE]" && parseJson(data) === undefined) return undefined;
    this.#rest = undefined;
    this.count++;
    const line = rest.at(-1) === 0x0a ? "" : "\n";
    return { name: nameOf(rest, 0, rest.length), bytes: Buffer.concat([rest, Buffer.from(`${line}\n`)]) };
  }

  /** Whether an event went out whose end did not come. */
  get isTorn(): boolean {
    return this.#isInLarge;
  }
}

function separatorOf(bytes: Buffer): "\n\n" | "\r\n\r\n" | undefined {
  const line = bytes.indexOf(0x0a);
  if (line < 0) return undefined;
  return bytes[line - 1] === 0x0d ? "\r\n\r\n" : "\n\n";
}

const longestName = 64;

/** Of the event that begins at `start`: the field names are ASCII, and an event's own type stands near the beginning of its data. */
function nameOf(bytes: Buffer, start: number, end: number): string {
  let at = start;
  while (at < end && (bytes[at] === 0x0a || bytes[at] === 0x0d)) at++;
  const first = bytes[at];
  if (first === 0x65 /* e */) {
    const head = bytes.toString("latin1", at, Math.min(end, at + longestName + 8));
    const name = /^event: ?([\w.-]+)/u.exec(head)?.[1];
    if (name !== undefined) return name;
  }
  if (first !== 0x64 /* d */ && first !== 0x69 /* i */) return "";
  const head = bytes.toString("latin1", at, Math.min(end, at + 512));
  if (/^data: ?\[DONE\]/u.test(head)) return "[DONE]";
  // Chat endpoints, and gateways in front of them, tell a failure as an error object and nothing else.
  if (/^data: ?\{\s*"error"\s*:\s*[{"]/u.test(head)) return "error";
  return /"type"\s*:\s*"([\w.-]+)"/u.exec(head)?.[1] ?? /^event: ?([\w.-]+)/mu.exec(head)?.[1] ?? "";
}

/** The events of a run of whole events, for the few that have to be read. */
export function* eventsIn(bytes: Buffer): Iterable<ScannedEvent> {
  const separator = separatorOf(bytes) ?? "\n\n";
  let start = 0;
  for (let at = bytes.indexOf(separator); at >= 0; at = bytes.indexOf(separator, start)) {
    const end = at + separator.length;
    yield { name: nameOf(bytes, start, at), bytes: bytes.subarray(start, end) };
    start = end;
  }
}

/** The data of one event as text, its lines joined as the format says. */
export function dataOf(event: Buffer): string {
  return event
    .toString("utf8")
    .split(/\r?\n/u)
    .flatMap((line) => (line.startsWith("data:") ? [line.slice(line[5] === " " ? 6 : 5)] : []))
    .join("\n");
}
