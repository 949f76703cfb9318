import { isAscii, isUtf8 } from "node:buffer";
import { isJsonObject, type JsonObject, parseJson } from "../../../../lib/json.ts";
import type { Writable } from "../../../../lib/writable.ts";

/**
 * The shape of a line. "bare" up to about 0.33 (an item without envelope, `{"record_type":"state"}`, a header without a type), "envelope"
 * from 0.34 (`{"timestamp","type","payload"}`; from 0.148 on with an `ordinal`). An old client goes on writing its own shape, so one file
 * may hold both, and the date says nothing (seen in 1,398 rollouts, 2025-08 to 2026-08).
 */
export type Era = "bare" | "envelope";

/**
 * A line of a rollout that can be read, whatever its era. Types and members that nobody here knows are kept as they are. Of bare lines the
 * header comes as `session_meta`, an item (`bareKinds`) as `response_item` with itself as payload, the rest under the name it gives itself.
 */
export interface RolloutRecord {
  readonly readable: true;
  readonly era: Era;
  /** session_meta, response_item, event_msg, turn_context, compacted, world_state, … ; "" for an object that says nothing of itself. */
  readonly type: string;
  /** The payload's own `type`: message, function_call, user_message, … */
  readonly kind?: string;
  readonly payload: JsonObject;
  /** Milliseconds since 1970. */
  readonly at?: number;
  /** An envelope whose timestamp is missing or no text, for which Codex ignores the whole line. */
  readonly untimed?: true;
  readonly ordinal?: number;
  /** The line's own `metadata` (0.159 and later). */
  readonly metadata?: JsonObject;
  /** The payload is the line's last member, apart from `metadata`. */
  readonly payloadLast?: true;
  /** What was ignored in order to read it, and for which Codex ignores the whole line. */
  readonly flaw?: "bom" | "nul" | "utf8";
}

/**
 * A line that says nothing. "blank": white space only. "nul": nothing but NUL bytes (the file system lost what was written). "git-lfs": the
 * pointer that stands in the place of the whole file. "too-long": more than the line reader holds.
 */
export interface Unreadable {
  readonly readable: false;
  readonly why: "blank" | "nul" | "json" | "not-an-object" | "git-lfs" | "too-long";
}

/**
 * Kinds of items that lines without an envelope hold (up to about 0.33). Other programs, and people, write lines of their own into
 * rollouts, with a type and no payload: Codex ignores them, and they are no items of the thread.
 */
export const bareKinds: ReadonlySet<string> = new Set([
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "web_search_call",
]);

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const lfsPointer = "version https://git-lfs";
const [openBracket, quote] = [0x5b, 0x22];
const unreadable = (why: Unreadable["why"]): Unreadable => ({ readable: false, why });

/** Reads the bytes of one line, whole or not. Never throws, whatever they are. */
export function readRecord(line: { bytes: Buffer; whole: boolean }): RolloutRecord | Unreadable {
  if (!line.whole) return unreadable("too-long");
  const { bytes, flaw } = withoutFrame(line.bytes);
  if (bytes.length === 0) return unreadable(flaw === "nul" ? "nul" : "blank");
  // Even a list of millions or a text of megabytes needs no parsing to be seen as no record.
  if (bytes[0] === openBracket || bytes[0] === quote) return unreadable("not-an-object");
  // Most lines are ASCII, and strings of one byte a character are made and parsed in half the time.
  const isPlain = isAscii(bytes);
  const isText = isPlain || isUtf8(bytes);
  const text = isPlain ? bytes.toString("latin1") : decoder.decode(bytes);
  const value = parseJson(text);
  if (value === undefined) {
    if (text.trim() === "") return unreadable("blank");
    return unreadable(text.startsWith(lfsPointer) ? "git-lfs" : "json");
  }
  if (!isJsonObject(value)) return unreadable("not-an-object");
  const found = isText ? flaw : "utf8";
  const record = asRecord(value);
  return found === undefined ? record : { ...record, flaw: found };
}

/** The record that a parsed line, or an item of the old JSON document, is. */
export function asRecord(value: JsonObject): RolloutRecord {
  const { type, payload, timestamp, ordinal, metadata } = value;
  if (typeof type === "string" && isJsonObject(payload)) {
    // Member by member: a hundred thousand lines come at once, and spreading takes longer than reading their heads.
    const record: Writable<RolloutRecord> = { readable: true, era: "envelope", type, payload };
    const at = timeOf(timestamp);
    if (at !== undefined) record.at = at;
    else if (typeof timestamp !== "string") record.untimed = true;
    if (typeof payload["type"] === "string") record.kind = payload["type"];
    if (typeof ordinal === "number") record.ordinal = ordinal;
    if (isJsonObject(metadata)) record.metadata = metadata;
    if (isPayloadLast(value)) record.payloadLast = true;
    return record;
  }
  if (typeof type === "string") {
    if (bareKinds.has(type))
      return { readable: true, era: "bare", type: "response_item", kind: type, payload: value };
    // An envelope around something that is no object (damaged, or another program's) still has its ordinal.
    const place = typeof ordinal === "number" ? { ordinal } : {};
    return { readable: true, era: "bare", type, payload: value, ...place };
  }
  const named = value["record_type"];
  if (typeof named === "string") return { readable: true, era: "bare", type: named, payload: value };
  const isHeader = typeof value["id"] === "string" && typeof timestamp === "string";
  const at = isHeader ? timeOf(timestamp) : undefined;
  return {
    readable: true,
    era: "bare",
    type: isHeader ? "session_meta" : "",
    payload: value,
    ...(at !== undefined && { at }),
  };
}

function isPayloadLast(value: JsonObject): boolean {
  const [before, last] = Object.keys(value).slice(-2);
  return (
    last === "payload" || (last === "metadata" && before === "payload" && isJsonObject(value["metadata"]))
  );
}

/** Milliseconds since 1970 of a date as Codex writes it (RFC 3339, UTC); `undefined` for anything else. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}

/** `timeOf` of the text in `bytes[start, end)`, without making it where it is as Codex writes it. */
export function timeIn(bytes: Buffer, start: number, end: number): number | undefined {
  const day =
    digitsIn(bytes, start, 4) * 10_000 + digitsIn(bytes, start + 5, 2) * 100 + digitsIn(bytes, start + 8, 2);
  const [hour, minute] = [digitsIn(bytes, start + 11, 2), digitsIn(bytes, start + 14, 2)];
  const [second, milli] = [digitsIn(bytes, start + 17, 2), digitsIn(bytes, start + 20, 3)];
  const isUsual =
    end - start === 24 &&
    bytes[start + 4] === dash &&
    bytes[start + 7] === dash &&
    bytes[start + 10] === 0x54 &&
    bytes[start + 13] === colon &&
    bytes[start + 16] === colon &&
    bytes[start + 19] === 0x2e &&
    bytes[start + 23] === 0x5a &&
    hour < 24 &&
    minute < 60 &&
    second < 60 &&
    milli >= 0;
  if (!isUsual) return timeOf(bytes.toString("latin1", start, end));
  if (day !== known.day) {
    known.day = day;
    known.start = Date.parse(`${bytes.toString("latin1", start, start + 10)}T00:00:00.000Z`);
  }
  const at = known.start + ((hour * 60 + minute) * 60 + second) * 1_000 + milli;
  return Number.isNaN(at) ? undefined : at;
}

/** The day of the time read last: the next one is mostly of the same day. */
const known = { day: Number.NaN, start: Number.NaN };
const [dash, colon] = [0x2d, 0x3a];

/** The number that so many digits are; `NaN` where there are other ones. */
function digitsIn(bytes: Buffer, at: number, count: number): number {
  let value = 0;
  for (let end = at + count; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** Cuts off a byte order mark before the line and NULs around it, which editors and crashed file systems leave. */
function withoutFrame(bytes: Buffer): { bytes: Buffer; flaw?: "bom" | "nul" } {
  let start = 0;
  let end = bytes.length;
  while (start < end && bytes[start] === 0) start++;
  while (end > start && bytes[end - 1] === 0) end--;
  const hasNul = end - start < bytes.length;
  const hasBom = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
  if (hasBom) return { bytes: bytes.subarray(start + 3, end), flaw: "bom" };
  return hasNul ? { bytes: bytes.subarray(start, end), flaw: "nul" } : { bytes };
}
