import type { RolloutRecord } from "./record.ts";

/** What the first bytes of a line say of it, without parsing the rest: types as in `RolloutRecord`. */
export interface Glance {
  readonly type: string;
  readonly kind?: string;
  readonly ordinal?: number;
  /** As written. */
  readonly timestamp?: string;
  /** Offset of the payload in the line. */
  readonly payload: number;
}

// The order in which Codex writes the members (0.34 to 0.169). A file that another program has written again may have another one.
const envelope =
  /^\{"timestamp":"([^"\\]{10,40})",(?:"ordinal":(\d{1,15}),)?"type":"([\w.-]{1,64})","payload":(?=\{)(?:\{"type":"([\w.-]{1,64})")?/u;
const bare = /^\{"type":"([\w.-]{1,64})",(?!"payload":)/u;
const state = /^\{"record_type":"([\w.-]{1,64})"/u;
const enough = 288;

/**
 * The type of a line from its first bytes. `undefined`: they don't tell, and the line has to be parsed. Says nothing of whether the rest
 * of the line is whole.
 */
export function glance(bytes: Buffer): Glance | undefined {
  const head = bytes.toString("latin1", 0, enough);
  const found = envelope.exec(head);
  if (found) {
    const [{ length }, timestamp, ordinal, type, kind] = found;
    const behindKind = kind === undefined ? 0 : kind.length + 10;
    return {
      type: type!,
      ...(kind !== undefined && { kind }),
      ...(ordinal !== undefined && { ordinal: Number(ordinal) }),
      timestamp: timestamp!,
      payload: length - behindKind,
    };
  }
  const item = bare.exec(head);
  if (item) return { type: "response_item", kind: item[1]!, payload: 0 };
  const named = state.exec(head);
  return named ? { type: named[1]!, payload: 0 } : undefined;
}

/** What the head of a line that is too long to be parsed says of the record: what it is, and which call it belongs to. */
export function recordOfHead(head: Buffer): RolloutRecord | undefined {
  const glanced = glance(head);
  if (glanced === undefined) return undefined;
  const { type, kind, ordinal, payload: start } = glanced;
  const text = head.toString("latin1", start);
  const members = ["id", "role", "call_id", "name"].flatMap((key) => {
    const value = new RegExp(`^\\{(?:"\\w+":(?:"[^"\\\\]*"|null),)*?"${key}":"([^"\\\\]*)"`, "u").exec(
      text,
    )?.[1];
    return value === undefined ? [] : [[key, value] as const];
  });
  const isPaginated = ordinal !== undefined;
  return {
    readable: true,
    era: start === 0 ? "bare" : isPaginated ? "paginated" : "envelope",
    type,
    ...(kind !== undefined && { kind }),
    payload: Object.fromEntries(members),
    ...(isPaginated && { ordinal }),
  };
}
