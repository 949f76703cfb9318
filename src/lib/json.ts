/** Bytes of JSON without parsing it: what the log and the projection need to cut and join items as they were delivered. */

/** One member of an object: byte offsets relative to the start of the scanned bytes; `end` is after the value. */
export interface Member {
  key: string;
  keyStart: number;
  valueStart: number;
  end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const decoder = new TextDecoder();

function skipSpace(bytes: Uint8Array, at: number): number {
  while (
    at < bytes.length &&
    (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)
  )
    at++;
  return at;
}

/** The offset after the string that begins at `at`. */
function skipString(bytes: Uint8Array, at: number): number {
  for (let from = at + 1; ;) {
    const end = bytes.indexOf(quote, from);
    if (end < 0) return bytes.length;
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

/** The offset after the value that begins at `at` (no validation: the bytes are known to be JSON). */
const skipValue = (bytes: Uint8Array, at: number): number => valueEnd(bytes, at) ?? bytes.length;

/** The offset after the text, object or list that begins at `at`; `undefined` where the bytes end before it does. */
export function valueEnd(bytes: Uint8Array, at: number): number | undefined {
  let depth = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === quote) at = skipString(bytes, at);
    else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      at++;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth === 0 && byte === comma) return at;
    else {
      at++;
      continue;
    }
    if (depth === 0) return at;
  }
  return undefined;
}

/**
 * The members of the object that the bytes hold, in order. The bytes must be valid JSON with an object at the top; anything else gives
 * no members.
 */
export function members(bytes: Uint8Array): Member[] {
  const found: Member[] = [];
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== 0x7b) return found;
  at = skipSpace(bytes, at + 1);
  while (at < bytes.length && bytes[at] === quote) {
    const keyStart = at;
    at = skipString(bytes, at);
    const key = textOf(bytes, keyStart, at);
    at = skipSpace(bytes, at);
    if (bytes[at] !== colon) return found;
    const valueStart = skipSpace(bytes, at + 1);
    const end = trimEnd(bytes, valueStart, skipValue(bytes, valueStart));
    found.push({ key, keyStart, valueStart, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
  }
  return found;
}

/** The string in `[start, end)`, which begins and ends with quotes. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at]!;
    // Names of members hardly ever have anything to decode.
    if (byte < 0x20 || byte > 0x7e || byte === backslash) return decoded(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  // Where the bytes end before the string does, it has no quote at its end.
  return bytes[end - 1] === quote && end - start > 1 ? text : decoded(bytes, start, end);
}

const decoded = (bytes: Uint8Array, start: number, end: number): string =>
  JSON.parse(decoder.decode(bytes.subarray(start, end))) as string;

/** The first member of that name; `undefined` where there is none, or no object. */
export function memberNamed(bytes: Uint8Array, name: string): Member | undefined {
  return members(bytes).find(({ key }) => key === name);
}

/** The byte ranges of the first `most` elements of the list that the bytes hold, in order. Anything but a valid JSON list gives none. */
export function elements(
  bytes: Uint8Array,
  most: number = Number.POSITIVE_INFINITY,
): [start: number, end: number][] {
  const found: [number, number][] = [];
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== 0x5b) return found;
  at = skipSpace(bytes, at + 1);
  while (at < bytes.length && bytes[at] !== 0x5d && found.length < most) {
    const end = trimEnd(bytes, at, skipValue(bytes, at));
    if (end === at) return found;
    found.push([at, end]);
    at = skipSpace(bytes, end);
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
  }
  return found;
}

function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  while (
    end > start &&
    (bytes[end - 1] === 0x20 || bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d || bytes[end - 1] === 0x09)
  )
    end--;
  return end;
}

/** The byte range that takes the named member out of the object together with one comma, so that what is left is JSON again. */
export function memberCut(found: readonly Member[], key: string): [start: number, end: number] | undefined {
  const at = found.findIndex((member) => member.key === key);
  const member = found[at];
  if (!member) return undefined;
  const next = found[at + 1];
  if (next) return [member.keyStart, next.keyStart];
  const previous = found[at - 1];
  return [previous ? previous.end : member.keyStart, member.end];
}

/** A record for `JSON.parse` results: every field is unknown until it is looked at. */
export type JsonObject = { [key: string]: unknown };

/** Whether parsed JSON is an object, and neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in a list; none where the value is no list. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/**
 * The value if it is a string, else "". (`String(value)` would call the `toString` that somebody put into an object, which need be no
 * function.)
 */
export function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value if it is an object, else one without members. */
export function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The value where it is a text that isn't empty, else `undefined`. */
export function nonEmptyString(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What UTF-8 bytes hold as JSON, or `undefined` when they are not JSON. */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  return parseJson(decoder.decode(bytes));
}

/** Parsed JSON, or `undefined` when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
