import { isJsonObject, type JsonObject, parseJson } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import type { ItemFacts } from "../../../session/facts.ts";
import { describeItem, isCallKind, isMediaPart, isOutputKind } from "../../../session/item.ts";
import { describeSeal, sealedArgument, sealedPart } from "../../../session/seal.ts";
import { idMember } from "./item-head.ts";
import { passthrough, passthroughMark } from "./passthrough.ts";
import type { Room } from "./room.ts";
import type { SkimmedItem } from "./thread-skim.ts";

/** Members that Codex keeps of an item and that no API takes back. */
const ownMembers: ReadonlySet<string> = new Set([
  passthrough,
  "metadata",
  "end_turn",
  // Names the sealed arguments of a call; only the backend that Codex itself asks knows it (since 2026-07).
  "encrypted_function_args",
]);
const encoder = new TextEncoder();

/** An item as a log takes it: its bytes, and what its header says of it. */
export interface LoggedItem {
  readonly facts: ItemFacts;
  readonly bytes: Uint8Array;
}

/**
 * A Responses item out of a rollout's payload, without what only Codex has a use for. `raw`: the payload's own bytes (`ThreadItem`), taken
 * as they are where nothing has to be left out but what stands at their end; the copy lies in the room. `describeItem` says the same of
 * the bytes; here it is read off the parsed payload, in a tenth of its time: 100,000 items come at once.
 */
export function loggedItem(kind: string, payload: JsonObject, room: Room, raw?: Buffer): LoggedItem {
  const { bytes, cut } = (raw && sliced(payload, raw, room)) ?? written(kind, payload);
  if (hasUnusualContent(kind, payload) || cut === undefined) {
    const facts = describeItem(bytes);
    if (!facts) throw new Error("an item with a type has one in its bytes");
    return { facts, bytes };
  }
  const facts: ItemFacts = { kind };
  if (typeof payload["role"] === "string") facts.role = payload["role"];
  if (typeof payload["call_id"] === "string") facts.call = payload["call_id"];
  if (cut.length > 0) {
    facts.id = payload["id"] as string;
    facts.cut = cut as [number, number];
  }
  if (typeof payload["name"] === "string") facts.name = payload["name"];
  const { content } = payload;
  if (kind === "reasoning" && Array.isArray(content) && content.length > 0) facts.text = true;
  if (isCallKind(kind) && "thought_signature" in payload) facts.signed = true;
  const media = mediaIn(isOutputKind(kind) ? payload["output"] : content);
  if (media) facts.media = media;
  const sealed = payload["encrypted_content"];
  if (sealed !== undefined && sealed !== null)
    facts.sealed = describeSeal(typeof sealed === "string" ? sealed : undefined);
  else {
    const parts = isOutputKind(kind) ? payload["output"] : content;
    const blob = Array.isArray(parts) ? sealedPart(parts) : undefined;
    const seal = kind === "function_call" ? sealedArgument(payload) : blob;
    if (seal !== undefined) facts.sealed = describeSeal(seal);
  }
  return { facts, bytes };
}

/** A copy of an item that need not be parsed; it lies in the room. */
export function copiedItem({ facts, bytes: raw }: SkimmedItem, room: Room): LoggedItem {
  const bytes = room.take(raw.length);
  raw.copy(bytes);
  bytes[raw.length - 1] = 0x7d;
  return { facts, bytes };
}

/** An item's bytes, and the range of `id` with its comma in them: nowhere (empty), or not known (`undefined`). */
interface Cut {
  bytes: Uint8Array;
  cut: readonly [number, number] | readonly [] | undefined;
}

/** A copy of the payload's own bytes; `undefined` where something stands in their middle that has to be left out. */
function sliced(payload: JsonObject, raw: Buffer, room: Room): Cut | undefined {
  let end = raw.length;
  for (const member of ownMembers) {
    if (!(member in payload)) continue;
    if (member !== passthrough) return undefined;
    const at = raw.lastIndexOf(passthroughMark);
    const value = at < 0 ? undefined : parseJson(raw.toString("utf8", at + passthroughMark.length, end - 1));
    if (!isJsonObject(value)) return undefined;
    end = at + 1;
  }
  const bytes = room.take(end);
  raw.copy(bytes, 0, 0, end);
  bytes[end - 1] = 0x7d;
  if (!("id" in payload)) return { bytes, cut: [] };
  if (typeof payload["id"] !== "string") return undefined;
  const found = idMember.exec(raw.toString("latin1", 0, 300));
  if (!found || found[0].length >= end) return { bytes, cut: undefined };
  return { bytes, cut: [found[1]!.length, found[0].length] };
}

/** The payload written anew. An `id` that is none (`null` in bare rollouts) is left out. */
function written(kind: string, payload: JsonObject): Cut {
  const { type: _type, id, ...rest } = payload;
  for (const member of ownMembers) if (member in rest) delete rest[member];
  const head = `{"type":${JSON.stringify(kind)}`;
  const ownId = typeof id === "string" ? `,"id":${JSON.stringify(id)}` : "";
  const tail = writeJson(rest).slice(1);
  const isAlone = tail === "}";
  const bytes = encoder.encode(isAlone ? `${head}${ownId}}` : `${head}${ownId},${tail}`);
  if (ownId === "") return { bytes, cut: [] };
  const start = Buffer.byteLength(head) + 1;
  return { bytes, cut: isAlone ? undefined : [start, start + Buffer.byteLength(ownId)] };
}

/** Whether the content needs `describeItem`, which alone tells empty messages. */
function hasUnusualContent(kind: string, { content }: JsonObject): boolean {
  if (kind !== "message") return false;
  if (!Array.isArray(content)) return true;
  return content.every((part) => isJsonObject(part) && (part["text"] === "" || part["text"] === undefined));
}

function mediaIn(parts: unknown): ItemFacts["media"] {
  if (!Array.isArray(parts)) return undefined;
  const sizes: number[] = [];
  for (const part of parts) {
    if (!isJsonObject(part) || part["type"] === "input_text" || part["type"] === "output_text") continue;
    const bytes = encoder.encode(writeJson(part));
    if (isMediaPart(bytes)) sizes.push(bytes.length);
  }
  if (sizes.length === 0) return undefined;
  return {
    count: sizes.length,
    largest: sizes.reduce((most, size) => Math.max(most, size)),
    total: sizes.reduce((sum, size) => sum + size, 0),
  };
}
