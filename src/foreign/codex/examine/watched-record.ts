import { isUtf8 } from "node:buffer";
import { isJsonObject, stringOf } from "../../../lib/json.ts";
import { type SkimmedText, skimmedText } from "../../../lib/skimmed-text.ts";
import type { Era, RolloutRecord } from "../rollout/record/record.ts";
import { passthrough } from "../rollout/payload/passthrough.ts";
import type { TextSet } from "./text-set.ts";

/** The members of a payload that those who examine a rollout ask for; of its `item`, those of `askedOfItem`. */
export const askedOfPayload = [
  "type",
  "id",
  "call_id",
  "name",
  "role",
  "content",
  "summary",
  "encrypted_content",
  passthrough,
  "replacement_history",
  "message",
  "turn_id",
  "error",
  "last_agent_message",
  "num_turns",
  "source",
  "item",
] as const;
/** The members of an `item` in a payload that they ask for. */
export const askedOfItem = ["type", "id", "content", "source"] as const;

/** Members of a call or an output that may be long: of these only the form is asked. */
export const formedOfPayload = ["arguments", "input", "output"] as const;

/** Some members of an object, of unknown types. */
export type AskedOf<Names extends readonly string[]> = { readonly [Name in Names[number]]?: unknown };

/** A record as the watches see it. It is reused for the next line: nothing of it may be kept. */
export interface WatchedRecord {
  readonly era: Era;
  readonly type: string;
  /** The payload's own type; "" where it has none. */
  readonly kind: string;
  readonly payload: AskedOf<typeof askedOfPayload>;
  readonly ordinal?: number | undefined;
  /** The payload's `output` is a list of parts. */
  readonly hasParts: boolean;
  /** The first bytes of that list, as Latin-1; "" where there is none. */
  readonly partsHead: string;
  /** Whether a member of the payload is a string. */
  isText(name: "id" | "call_id" | "name" | (typeof formedOfPayload)[number]): boolean;
  /** The timestamp as it stands in the line, whatever its type. */
  readonly timestamp?: unknown;
  /** Codex takes the line for a record, as far as its timestamp goes: it is a text, or a bare line, which needs none. */
  readonly isTimed: boolean;
  /** The payload's `encrypted_content`, where that is a string. */
  readonly seal?: SkimmedText | undefined;
  /** The payload's `id`, where that is a string. */
  readonly ownId?: SkimmedText | undefined;
  /**
   * The payload's id as a number in `ids`; `undefined` where it isn't a string of at least `shortest` characters, or is a placeholder
   * (`isPlaceholder`).
   */
  idIn(ids: TextSet, shortest: number): number | undefined;
  /** The payload's `call_id` (`idText`) as a number in `ids`, 0 where it isn't noted; `undefined` where it is none, or empty. */
  callIn(ids: TextSet): number | undefined;
}

/** The head of a list is so many bytes. */
export const partsHeadBytes = 64;

/** What a line says that was parsed. */
export function watched(
  { era, type, kind = "", payload, ordinal, untimed }: RolloutRecord,
  timestamp?: unknown,
): WatchedRecord {
  const { id, call_id: call } = payload;
  const idIn = (ids: TextSet, shortest: number): number | undefined => numberOfId(id, ids, shortest);
  const callIn = (ids: TextSet): number | undefined => numberOfCall(call, ids);
  const { output } = payload;
  const [seal, ownId] = [skimmedText(payload["encrypted_content"]), skimmedText(id)];
  const isTimed = !untimed;
  const isText = (name: string): boolean => typeof payload[name] === "string";
  return {
    era,
    type,
    kind,
    payload,
    ordinal,
    timestamp,
    isTimed,
    seal,
    ownId,
    isText,
    idIn,
    callIn,
    hasParts: Array.isArray(output),
    get partsHead() {
      return Array.isArray(output) ? JSON.stringify(output.slice(0, 1)).slice(0, partsHeadBytes) : "";
    },
  };
}

/**
 * An id decoded: lines are read as Latin-1, and an id beyond ASCII (one that was mended, or another program's) may stand there as bytes
 * or as escapes of them.
 */
export function idText(id: unknown): string | undefined {
  if (typeof id !== "string" || /^[\x00-\x7f]*$/u.test(id)) return typeof id === "string" ? id : undefined;
  return id.replaceAll(/[\x80-\xff]+/gu, (bytes) => {
    const read = Buffer.from(bytes, "latin1");
    return isUtf8(read) ? read.toString("utf8") : bytes;
  });
}

/** The number that an item's id has in `ids` (`idIn`). */
export function numberOfId(id: unknown, ids: TextSet, shortest: number): number | undefined {
  const isOwn = typeof id === "string" && id.length >= shortest && !isPlaceholder(id.charCodeAt(0));
  return isOwn ? ids.numberOf(id) : undefined;
}

/** The number that a call's id has in `ids` (`callIn`). */
export function numberOfCall(id: unknown, ids: TextSet): number | undefined {
  const text = idText(id);
  return text === undefined || text === "" ? undefined : ids.numberOf(text);
}

/**
 * Whether a text that begins with this character was put in the place of ids by a program that anonymises sessions: `[trimmed]`,
 * `<redacted>`, `***`.
 */
export function isPlaceholder(first: number): boolean {
  const isDigit = first >= 0x30 && first <= 0x39;
  return !isDigit && !((first | 0x20) >= 0x61 && (first | 0x20) <= 0x7a);
}

/** The item that an event tells of, as `item_completed` does since 0.148. */
export function itemOf({
  kind,
  payload,
}: Pick<WatchedRecord, "kind" | "payload">): AskedOf<typeof askedOfItem> | undefined {
  const item = kind === "item_completed" ? payload["item"] : undefined;
  return isJsonObject(item) ? item : undefined;
}

/** Events, and items of events, that tell how a call went and carry its id. */
const telling: ReadonlySet<unknown> = new Set([
  "exec_command_end",
  "patch_apply_end",
  "mcp_tool_call_end",
  "view_image_tool_call",
  "CommandExecution",
  "FileChange",
  "McpToolCall",
  "ImageView",
]);

/** Ids that Codex gives to calls made by a script of the model's (code mode, 0.150 and later): only the script itself has a record. */
const scripted = /^exec-[0-9a-f]{8}-[0-9a-f-]{27}$/u;

/** Whether an event tells how a call of a script's went. */
export function isOfScript({ kind, payload }: Pick<RolloutRecord, "kind" | "payload">): boolean {
  const { item } = payload;
  const id = kind === "item_completed" && isJsonObject(item) ? item["id"] : payload["call_id"];
  return typeof id === "string" && scripted.test(id);
}

/** The call that an event tells of. `isPersons`: the person ran it in Codex (`!ls`), and it has no record. */
export function callTold(
  record: WatchedRecord,
): { readonly call: string; readonly isPersons: boolean } | undefined {
  const { kind, payload } = record;
  const item = itemOf(record);
  const isTold = telling.has(item ? item["type"] : kind);
  const call = isTold ? idText(item ? item["id"] : payload["call_id"]) : undefined;
  if (call === undefined || scripted.test(call)) return undefined;
  const source = stringOf((item ?? payload)["source"]);
  return { call, isPersons: /^user/iu.test(source) };
}
