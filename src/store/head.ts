import type { EventType } from "../session/event.ts";
import type { JsonObject } from "../lib/json.ts";

// The head of a line, read from its bytes: for lines of which nothing else is wanted, parsing takes ten times as long.

const seqMark = Buffer.from('"seq":');
const fenceMark = Buffer.from(',"fence":');
const atMark = Buffer.from(',"at":');
const typeMark = Buffer.from(',"type":"');
const [zero, nine] = [0x30, 0x39];

/** Types of events, as the bytes that name them in a line. */
export type TypeMarks = readonly { readonly type: EventType; readonly mark: Buffer }[];

/** The marks of these types. */
export function typeMarks(...types: EventType[]): TypeMarks {
  return types.map((type) => ({ type, mark: Buffer.from(`${type}",`) }));
}

/**
 * Number, lease and type of the event whose members begin at `from`, if it is of one of the types and its members stand in the order in
 * which the codec writes them; otherwise `undefined`.
 */
export function readHead(bytes: Buffer, from: number, types: TypeMarks): JsonObject | undefined {
  let at = past(bytes, from, seqMark);
  let seq = 0;
  for (; isDigit(bytes[at]); at++) seq = seq * 10 + bytes[at]! - zero;
  at = past(bytes, at, fenceMark);
  let fence = 0;
  for (; isDigit(bytes[at]); at++) fence = fence * 10 + bytes[at]! - zero;
  at = past(bytes, at, atMark);
  while (isDigit(bytes[at])) at++;
  at = past(bytes, at, typeMark);
  if (at < 0) return undefined;
  const found = types.find(({ mark }) => past(bytes, at, mark) >= 0);
  return found && { seq, fence, type: found.type };
}

/** The offset after the mark, if it stands at `at`; otherwise -1, from where nothing is found. */
function past(bytes: Buffer, at: number, mark: Buffer): number {
  if (at < 0) return -1;
  for (let index = 0; index < mark.length; index++) if (bytes[at + index] !== mark[index]) return -1;
  return at + mark.length;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}
