import { isJsonObject, parseJson } from "../../lib/json.ts";

/** One whole event of a stream, as far as the gateway has to know it. */
export interface ScannedEvent {
  /** Its `event:` line, or the `type` in its data; empty for a comment and for what can't be told. */
  readonly name: string;
  /** Its bytes, with the empty line that ends it. */
  readonly bytes: Buffer;
}

/** An event of more bytes than this comes out in pieces. */
const largestEvent = 4 * 1024 * 1024;
/** How such a large event ends that has its type at its end, and is the last of its stream. */
const lastType = /"type"\s*:\s*"(response\.(?:completed|done|incomplete|failed|cancelled))"\s*\}\s*$/u;
const lastTypeBytes = 64;

const feedByte = 0x0a;
const returnByte = 0x0d;

/**
 * Takes a stream of server-sent events apart at the empty lines between them, without decoding it: only whole events come out, so that
 * what was cut in the middle can be dropped. Lines end with LF, CR LF or both by turns (comments that a proxy puts between), or all with
 * CR alone. Only the first bytes of each event are looked at.
 */
export class StreamScanner {
  #rest: Buffer | undefined;
  /** The byte that ends every line; not known before the first one has ended. */
  #lineEnd: number | undefined;
  /** In `#rest`: how much was looked through, and where the last line begins. */
  #scanned = 0;
  #line = 0;
  #isInLarge = false;
  /** The last bytes that came of a large event. */
  #tail: Buffer | undefined;
  /** How many events came out so far, comments included. */
  count = 0;

  /** The bytes of an event that isn't whole yet. */
  get rest(): Buffer | undefined {
    return this.#rest;
  }

  /**
   * Gives the whole events that the chunk completes to `take`, in runs of bytes, each with the names of its events. Events that carry
   * words are a run of their own, with `words` as its one name. Nothing is given when no event ends in the chunk.
   */
  feed(chunk: Buffer, take: (bytes: Buffer, names: readonly string[]) => void): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    const lineEnd = (this.#lineEnd ??= lineEndOf(bytes));
    let names: string[] = [];
    /** Where the run, the event and the line begin. */
    let [run, start, line] = [0, 0, this.#line];
    const begin = (end: number): void => {
      const name = this.#begun(bytes, start, end);
      if (name === undefined || name === names.at(-1)) return;
      if (names.length > 0 && (name === words || names[0] === words)) {
        take(bytes.subarray(run, start), names);
        [run, names] = [start, []];
      }
      names.push(name);
    };
    let at = lineEnd === undefined ? -1 : bytes.indexOf(lineEnd, this.#scanned);
    for (; at >= 0; at = bytes.indexOf(lineEnd!, line)) {
      const isEmpty = isEmptyLine(bytes, line, at);
      line = at + 1;
      if (!isEmpty) continue;
      if (this.#isInLarge) names.push(...this.#endOfLarge(bytes.subarray(0, at)));
      else begin(at);
      start = line;
    }
    if (this.#isInLarge || bytes.length - start > largestEvent) {
      if (!this.#isInLarge) begin(bytes.length);
      this.#isInLarge = true;
      this.#tail = this.#tailWith(bytes.subarray(start));
      // Half of a line's end can't be told from a line.
      start = bytes.length - (bytes.at(-1) === returnByte ? 1 : 0);
    }
    // Copied, since the chunk's memory is the caller's.
    const rest = start === 0 ? bytes : bytes.subarray(start);
    this.#rest = start === bytes.length ? undefined : bytes === chunk ? Buffer.from(rest) : rest;
    this.#scanned = lineEnd === undefined ? 0 : bytes.length - start;
    this.#line = line - start;
    if (start > run) take(start - run === bytes.length ? bytes : bytes.subarray(run, start), names);
  }

  #tailWith(bytes: Buffer): Buffer {
    const tail = this.#tail ?? bytes.subarray(0, 0);
    return Buffer.concat([tail, bytes.subarray(-lastTypeBytes)]).subarray(-lastTypeBytes);
  }

  #endOfLarge(bytes: Buffer): string[] {
    const name = lastTypeOf(this.#tailWith(bytes));
    this.#isInLarge = false;
    this.#tail = undefined;
    return name === undefined ? [] : [name];
  }

  /** The name of what lies between two empty lines, or behind one; `undefined` when it is empty itself. */
  #begun(bytes: Buffer, start: number, end: number): string | undefined {
    if (end - start <= 1 && (end === start || bytes[start] === returnByte)) return undefined;
    this.count++;
    return isWords(bytes, start) ? words : nameOf(bytes, start, end);
  }

  /**
   * The last event of a stream that ended without an empty line behind it, with one; `undefined` when nothing is left, or not a whole one.
   */
  last(): ScannedEvent | undefined {
    const rest = this.#rest;
    if (!rest || this.#isInLarge) return undefined;
    const data = dataOf(rest);
    if (data !== "[DONE]" && parseJson(data) === undefined) return undefined;
    this.#rest = undefined;
    this.count++;
    const line = rest.at(-1) === feedByte ? "" : "\n";
    return { name: nameOf(rest, 0, rest.length), bytes: Buffer.concat([rest, Buffer.from(`${line}\n`)]) };
  }

  /** Whether an event went out whose end did not come. */
  get isTorn(): boolean {
    return this.#isInLarge;
  }
}

/** The byte that ends lines; `undefined` while no line has ended, and when the last byte may be half of an end (CR LF). */
function lineEndOf(bytes: Buffer): number | undefined {
  const at = bytes.indexOf(returnByte);
  const isFed = at < 0 ? bytes.includes(feedByte) : bytes.subarray(0, at + 2).includes(feedByte);
  if (isFed) return feedByte;
  return at < 0 || at === bytes.length - 1 ? undefined : returnByte;
}

function isEmptyLine(bytes: Buffer, start: number, end: number): boolean {
  return start === end || (start === end - 1 && bytes[start] === returnByte);
}

/** The name that stands for a run of events that carry words and end nothing. */
export const words = "response.words";
const beginnings = ["event: response.", 'data: {"type":"response.'].map((text) => Buffer.from(text));

/**
 * Whether it is one of the many events that carry words, as far as that shows at once: `response.output_text.…`, `response.reasoning_…`.
 */
function isWords(bytes: Buffer, start: number): boolean {
  const beginning = bytes[start] === 0x65 /* e */ ? beginnings[0]! : beginnings[1]!;
  for (let at = 0; at < beginning.length; at++) if (bytes[start + at] !== beginning[at]) return false;
  const next = start + beginning.length;
  if (bytes[next] === 0x72 /* r */) return true;
  return bytes[next] === 0x6f /* o */ && bytes[next + outputBytes] === 0x74; /* t */
}

const outputBytes = "output_".length;

const longestName = 64;
/** The default of the format, and what some frameworks call every event: the type in the data says what it is. */
const unnamed: ReadonlySet<string> = new Set(["message", "data"]);

/**
 * The name of the event between `start` and `end`, mostly from its first bytes: field names are ASCII, and the type usually stands first
 * in the data.
 */
function nameOf(bytes: Buffer, start: number, end: number): string {
  let at = start;
  while (at < end && (bytes[at] === feedByte || bytes[at] === returnByte)) at++;
  if (bytes[at] === 0x65 /* e */) {
    const head = bytes.toString("latin1", at, Math.min(end, at + longestName + 8));
    const name = /^event: ?([\w.-]+)/u.exec(head)?.[1];
    if (name !== undefined && !unnamed.has(name)) return name;
  } else if (bytes[at] === 0x64 /* d */) {
    const head = bytes.toString("latin1", at, Math.min(end, at + longestName + 32));
    if (/^data: ?\[DONE\]/u.test(head)) return "[DONE]";
    const type = /^data: ?\{\s*"type"\s*:\s*"([\w.-]+)"/u.exec(head)?.[1];
    if (type !== undefined) return type;
  }
  return oddName(bytes.subarray(at, end));
}

const lastTypeOf = (event: Buffer): string | undefined =>
  lastType.exec(event.toString("latin1", Math.max(0, event.length - lastTypeBytes)))?.[1];

/** The name of an event that begins with another field than its name or its data, or whose type stands somewhere else in its data. */
function oddName(event: Buffer): string {
  const head = event.toString("latin1", 0, 512);
  const named = /^event: ?([\w.-]+)/mu.exec(head)?.[1];
  if (named !== undefined && !unnamed.has(named)) return named;
  const isLarge = event.length > largestEvent;
  const last = isLarge ? lastTypeOf(event) : undefined;
  if (last !== undefined) return last;
  const text = isLarge ? "" : dataOf(event);
  if (text === "[DONE]") return text;
  const data = parseJson(text);
  if (isJsonObject(data) && typeof data["type"] === "string") return data["type"];
  // Chat endpoints, and gateways in front of them, tell a failure as an error object and nothing else.
  if (/^data: ?\{\s*"error"\s*:\s*[{"]/mu.test(head)) return "error";
  return isJsonObject(data) ? (named ?? "") : (/"type"\s*:\s*"([\w.-]+)"/u.exec(head)?.[1] ?? named ?? "");
}

/** Takes a run of whole events apart, for the few runs that have to be read. */
export function* eventsIn(bytes: Buffer): Iterable<ScannedEvent> {
  const lineEnd = lineEndOf(bytes) ?? feedByte;
  let [start, line] = [0, 0];
  for (let at = bytes.indexOf(lineEnd); at >= 0; at = bytes.indexOf(lineEnd, line)) {
    const isEmpty = isEmptyLine(bytes, line, at);
    line = at + 1;
    if (!isEmpty) continue;
    yield { name: nameOf(bytes, start, at), bytes: bytes.subarray(start, line) };
    start = line;
  }
}

/** The same whole events without the `[DONE]` of chat endpoints. */
export const withoutDone = (events: Buffer): Buffer =>
  Buffer.concat([...eventsIn(events)].flatMap(({ name, bytes }) => (name === "[DONE]" ? [] : [bytes])));

/** The data of one event as text, its lines joined as the format says. The first of a stream may begin with a byte order mark. */
export function dataOf(event: Buffer): string {
  return event
    .toString("utf8")
    .replace(/^\uFEFF/u, "")
    .split(/\r\n?|\n/u)
    .flatMap((line) => (line.startsWith("data:") ? [line.slice(line[5] === " " ? 6 : 5)] : []))
    .join("\n");
}
