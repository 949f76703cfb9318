import { isAt } from "../../../lib/bytes.ts";
import { type TurnEdge, turnEdge } from "../rollout/payload/outcome.ts";
import { ordinalMark, payloadMark, recordMark, typeMarks, usualTimeEnd } from "../rollout/record/glance.ts";

/** What a line is to a list. "told" and "completed": events that may tell a prompt. "settings": from there on a model, a folder is used. */
export type Mark =
  | "message"
  | "bare-message"
  | "told"
  | "completed"
  | "answer"
  | "goal"
  | "settings"
  | TurnEdge;

/** Where a line stands that is something to a list. */
export interface MarkedLine {
  readonly mark: Mark;
  readonly start: number;
  /** Offset of its newline, or of where the bytes end. */
  readonly end: number;
  /** Offset of the type that it was known by. */
  readonly at: number;
}

/** The lines of a part of a rollout that are something to a list, in order. */
export interface MarkedLines {
  /** Messages, of whoever. */
  readonly messages: readonly MarkedLine[];
  /** Events that tell what was asked or answered. */
  readonly events: readonly MarkedLine[];
  /** The last one that says what is used from there on. */
  readonly settings: MarkedLine | undefined;
  /** The last one that begins or ends a turn. */
  readonly edge: MarkedLine | undefined;
}

const newline = 0x0a;
const quote = 0x22;

/** Finds the lines of a part of a rollout that begin as Codex writes them, from its beginning on. */
export function markedIn(bytes: Buffer): MarkedLines {
  const messages: MarkedLine[] = [];
  const bare: MarkedLine[] = [];
  const events: MarkedLine[] = [];
  let settings: MarkedLine | undefined;
  let edge: MarkedLine | undefined;
  eachMarked(bytes, 0, bytes.length, (line) => {
    const { mark } = line;
    if (mark === "message") messages.push(line);
    else if (mark === "bare-message") bare.push(line);
    else if (mark === "settings") settings = line;
    else if (isEdge(mark)) edge = line;
    else events.push(line);
  });
  return { messages: messages.length > 0 ? messages : bare, events, settings, edge };
}

/** Whether a line begins or ends a turn. */
export const isEdge = (mark: Mark): mark is TurnEdge =>
  mark === "began" || mark === "complete" || mark === "aborted";

/**
 * Goes through the lines that begin in `[from, to)`, one of them at `from`. From newline to newline it takes a tenth of the time of a
 * search for all that is looked for.
 */
export function eachMarked(bytes: Buffer, from: number, to: number, visit: (line: MarkedLine) => void): void {
  for (let start = from; start < to;) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    const at = typeStart(bytes, start, end);
    const mark = at === undefined ? undefined : markAt(bytes, at);
    if (mark !== undefined) visit({ mark, start, end, at: at! });
    start = end + 1;
  }
}

const bareMark = Buffer.from('{"type":"');

/** Where in a line its type stands, without the quote; `undefined` where there is none. */
function typeStart(bytes: Buffer, start: number, end: number): number | undefined {
  if (isAt(bytes, start, recordMark)) {
    let at = start + usualTimeEnd;
    const hasOrdinal = isAt(bytes, at, ordinalMark);
    if (hasOrdinal) for (at += ordinalMark.length; isDigit(bytes[at]!); at++);
    const mark = typeMarks[hasOrdinal ? 1 : 0];
    if (isAt(bytes, at, mark)) return at + mark.length;
  }
  if (isAt(bytes, start, bareMark)) return start + bareMark.length;
  // Something stands before the record, or among its members.
  const at = end - start < payloadMark.length ? -1 : bytes.subarray(start, end).indexOf(payloadMark);
  return at < 0 ? undefined : bytes.lastIndexOf(quote, start + at - 1) + 1;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

const itemMark = Buffer.from('response_item","payload":{"type":"message"');
const eventMark = Buffer.from('event_msg","payload":{"type":"');
const contextMark = Buffer.from('turn_context","payload":{');
const bareMessage = Buffer.from('message"');
const [itemKind, eventKind] = [itemMark.length - bareMessage.length, eventMark.length];
const [letterA, letterE, letterM, letterO, letterR, letterT, letterU] = Buffer.from("aemortu");

function markAt(bytes: Buffer, at: number): Mark | undefined {
  const letter = bytes[at];
  if (letter === letterR)
    return bytes[at + itemKind] === letterM && isAt(bytes, at, itemMark) ? "message" : undefined;
  if (letter === letterE) return isAt(bytes, at, eventMark) ? eventAt(bytes, at + eventKind) : undefined;
  if (letter === letterT) return isAt(bytes, at, contextMark) ? "settings" : undefined;
  return letter === letterM && isAt(bytes, at, bareMessage) ? "bare-message" : undefined;
}

const eventKinds: readonly { readonly mark: Mark; readonly kind: Buffer }[] = [
  { mark: "told", kind: Buffer.from('user_message"') },
  { mark: "answer", kind: Buffer.from('agent_message"') },
  { mark: "completed", kind: Buffer.from('item_completed"') },
  { mark: "goal", kind: Buffer.from('thread_goal_updated"') },
  { mark: "settings", kind: Buffer.from('thread_settings_applied"') },
];
const longestEdge = 16;

function eventAt(bytes: Buffer, at: number): Mark | undefined {
  const first = bytes[at];
  const second = bytes[at + 1];
  if (first === letterT && (second === letterA || second === letterU)) return edgeAt(bytes, at);
  // Of the usage of tokens an event tells after each step.
  if (second === letterO) return undefined;
  for (const { mark, kind } of eventKinds) if (isAt(bytes, at, kind)) return mark;
  return undefined;
}

function edgeAt(bytes: Buffer, at: number): TurnEdge | undefined {
  return turnEdge(/^\w+/u.exec(bytes.toString("latin1", at, at + longestEdge))?.[0]);
}
