import { isJsonObject, parseJson, valueEnd } from "../../../lib/json.ts";
import { glance } from "../rollout/record/glance.ts";
import { asRecord } from "../rollout/record/record.ts";
import { isSound } from "./sound-record.ts";

const comma = 0x2c;
const closeBrace = 0x7d;
const closing = Buffer.from("}}");
const longest = 2 ** 24;
/** What ends a turn, the last line of most sessions: of it 0.169 needs no more than the turn's id (measured). */
const turnEnd = "task_complete";
/** The kinds of items, and of events, of which it is known what has to be there. */
const known: ReadonlySet<string | undefined> = new Set([
  turnEnd,
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

/**
 * A record that was torn off only behind its payload, or behind all of it that Codex reads it by, with its end put back: since 0.148
 * some 300 bytes that nobody is sent stand at the end of an item. Members that are whole stay as they are, but for a last one in whose place
 * the end has room; it is longer than the piece only where there is none. `undefined` for every other piece.
 */
export function closedRecord(piece: Buffer): Buffer | undefined {
  const glanced = piece.length > longest ? undefined : glance(piece);
  // A line without an envelope is its own payload.
  if (glanced === undefined || glanced.payload === 0) return undefined;
  const end = valueEnd(piece, glanced.payload);
  const ends = end !== undefined && piece[end - 1] === closeBrace ? [end - 1] : [];
  // A text that ends with the piece may be torn itself, and is no member then.
  const type = glanced.kind === turnEnd ? "event_msg" : "response_item";
  if (glanced.type === type && known.has(glanced.kind))
    ends.unshift(...memberEnds(piece, glanced.payload).slice(-3));
  const closed = ends
    .map((at) => Buffer.concat([piece.subarray(0, at), closing]))
    .filter((record) => isSoundRecord(record));
  return closed.findLast(({ length }) => length <= piece.length) ?? closed.at(-1);
}

function isSoundRecord(bytes: Buffer): boolean {
  const value = parseJson(bytes.toString("utf8"));
  if (!isJsonObject(value)) return false;
  const record = asRecord(value);
  const { kind, payload } = record;
  return isSound(record) && (kind !== turnEnd || typeof payload["turn_id"] === "string");
}

/** The offsets behind the members of the object at `from`, up to where the bytes end. */
function memberEnds(bytes: Buffer, from: number): number[] {
  const ends: number[] = [];
  for (let at = from + 1; ;) {
    const key = valueEnd(bytes, at);
    const end = key === undefined ? undefined : valueEnd(bytes, key);
    if (end === undefined) return ends;
    ends.push(end);
    if (bytes[end] !== comma) return ends;
    at = end + 1;
  }
}
