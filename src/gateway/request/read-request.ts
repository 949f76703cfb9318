import { isUtf8 } from "node:buffer";
import {
  elements,
  isJsonObject,
  type JsonObject,
  type Member,
  members,
  parseJsonBytes,
} from "../../lib/json.ts";
import { parseExactJson, writeJson } from "../../lib/whole-json.ts";
import { applied } from "../../replay/edit.ts";
import { cuts } from "../../replay/rewrite.ts";
import type { ItemRecord } from "../../session/event.ts";
import type { ItemFacts } from "../../session/facts.ts";
import { describeItem, isOutputKind, replayableItem } from "../../session/item.ts";
import { describeSeal, sealedArgumentIn } from "../../session/seal.ts";
import { blobHash } from "../memory/blob-hash.ts";

/** A client's request for a response, taken apart without being parsed as a whole. */
export interface ReadRequest {
  readonly bytes: Uint8Array;
  /** The members of the body. */
  readonly members: readonly Member[];
  /** The byte range of `input`, its brackets included; absent when it is no list. */
  readonly list?: readonly [start: number, end: number];
  /** The items of `input`, well-formed: with a lone surrogate or a NUL replaced where one was. */
  readonly items: readonly Uint8Array[];
  /** Whether anything was made well-formed. */
  readonly isMended: boolean;
  readonly model?: string;
  /** `prompt_cache_key`, by which the client names the conversation. */
  readonly cacheKey?: string;
  /** Whether the provider is asked to keep items, so that an id alone stands for one. */
  readonly isStored: boolean;
}

const decoder = new TextDecoder();

/**
 * Takes a body apart; `undefined` for what is no JSON object, is an empty one, or has an item that is no JSON. Bytes that are no UTF-8 are
 * replaced, and a byte order mark before them is left out.
 */
export function readRequest(sent: Uint8Array): ReadRequest | undefined {
  const given = sent[0] === 0xef && sent[1] === 0xbb && sent[2] === 0xbf ? sent.subarray(3) : sent;
  const isEncoded = isUtf8(given);
  const bytes = isEncoded ? given : new TextEncoder().encode(decoder.decode(given));
  const found = membersOf(bytes);
  if (found === undefined || found.length === 0) return undefined;
  const value = (key: string): unknown => {
    const member = found.findLast((candidate) => candidate.key === key);
    return member && parseJsonBytes(bytes.subarray(member.valueStart, member.end));
  };
  const input = found.findLast(({ key }) => key === "input");
  const list =
    input && bytes[input.valueStart] === 0x5b ? ([input.valueStart, input.end] as const) : undefined;
  const listed = list ? itemsIn(bytes.subarray(list[0], list[1])) : [];
  if (listed === undefined) return undefined;
  const items = listed.map((item) => withNeededMembers(replayableItem(item)));
  const [model, cacheKey] = [value("model"), value("prompt_cache_key")];
  return {
    bytes,
    members: found,
    ...(list && { list }),
    items,
    isMended: !isEncoded || items.some((item, at) => item !== listed[at]),
    ...(typeof model === "string" && { model }),
    ...(typeof cacheKey === "string" && { cacheKey }),
    isStored: value("store") !== false,
  };
}

/** The members of the body; `undefined` for bytes that aren't JSON. */
function membersOf(bytes: Uint8Array): Member[] | undefined {
  try {
    return members(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Each item by itself; `undefined` when one of them is no JSON. */
function itemsIn(list: Uint8Array): Uint8Array[] | undefined {
  const items = elements(list).map(([start, end]) => list.subarray(start, end));
  return items.every((item) => parseJsonBytes(item) !== undefined) ? items : undefined;
}

/** The request's members without `input`, parsed so that numbers keep every digit. */
export function settingsOf({ bytes, members: found }: ReadRequest): JsonObject {
  const settings: JsonObject = {};
  for (const { key, valueStart, end } of found)
    if (key !== "input") settings[key] = parseExactJson(decoder.decode(bytes.subarray(valueStart, end)));
  return settings;
}

/** What is known of the request beside its items. */
export interface RecordFacts {
  /** Who is asked. */
  readonly issuer: string;
  /** Who was seen to seal a blob, by its hash. */
  sealedBy(hash: string): string | undefined;
  /** Whether reasoning may be sent by its id alone. */
  readonly byId: boolean;
}

/** A request's items as records of a log, in which each item's number is its index into `input`. */
export interface Replayed {
  readonly records: readonly ItemRecord[];
  /** Hashes of the sealed blobs of each item that has any, by its number. */
  readonly seals: ReadonlyMap<number, readonly string[]>;
}

/**
 * Turns and steps are told from the order alone: a message of the user's begins a turn, and what the model made begins a step when
 * something else stood before it.
 */
export function recordsOf(items: readonly Uint8Array[], { issuer, sealedBy, byId }: RecordFacts): Replayed {
  const seals = new Map<number, readonly string[]>();
  let turn = 0;
  let step = 0;
  let wasModel = false;
  const records = items.map((item, seq): ItemRecord => {
    const { facts, blobs } = described(item);
    const origin = originOf(facts);
    if (facts.kind === "message" && facts.role === "user") turn++;
    if (origin === "model" && !wasModel) step++;
    wasModel = origin === "model";
    const hashes = blobs.map(blobHash);
    if (hashes.length > 0) seals.set(seq, hashes);
    const sealer = hashes.map(sealedBy).find((found) => found !== undefined);
    // Reasoning that the provider has kept is replayed by its id, without a seal, as reasoning with text is.
    const isReference = byId && facts.kind === "reasoning" && !facts.sealed && facts.id !== undefined;
    return {
      event: {
        type: "item-added",
        seq,
        fence: 0,
        at: 0,
        turn,
        step,
        ...facts,
        ...(isReference && { text: true }),
        issuer: sealer ?? issuer,
        origin,
      },
      offset: seq,
      body: { offset: seq, length: item.length },
    };
  });
  return { records, seals };
}

function originOf({ kind, role }: ItemFacts): "input" | "model" | "tool" {
  if (kind === "message") return role === "assistant" ? "model" : "input";
  if (isOutputKind(kind) || kind.endsWith("_output")) return "tool";
  return inputKinds.has(kind) ? "input" : "model";
}

/** Items that no model made (Codex 0.169 and the Responses API, 2026-11). */
const inputKinds: ReadonlySet<string> = new Set([
  "item_reference",
  "additional_tools",
  "agent_message",
  "compaction_trigger",
  "mcp_approval_response",
  "",
]);

const typeMember = new TextEncoder().encode('"type":"message",');

/** An item's facts as the log has them, and its sealed blobs: its own, or else those inside it. */
function described(item: Uint8Array): { facts: ItemFacts; blobs: readonly string[] } {
  const told = describeItem(item) ?? describeMessage(item) ?? { kind: "" };
  const facts: ItemFacts = isWithoutContent(item, told) ? { ...told, empty: true } : told;
  const own = facts.sealed ? blobOf(parseJsonBytes(item)) : [];
  const inside = facts.kind === "function_call" ? sealedArguments : sealedParts;
  const blobs = own.length > 0 ? own : inside(item);
  const [first] = blobs;
  const isTold = facts.sealed !== undefined || first === undefined;
  return { facts: isTold ? facts : { ...facts, sealed: describeSeal(first) }, blobs };
}

const longestWithout = 512;
const noContent = /"content"\s*:\s*\[\s*\]/u;

/** Whether it is a message without any part: some clients keep such a one of a turn that was cut, and some servers refuse it (xAI). */
const isWithoutContent = (item: Uint8Array, { kind }: ItemFacts): boolean =>
  kind === "message" && item.length <= longestWithout && noContent.test(decoder.decode(item));

/** The facts of a message that comes without its `type` (`EasyInputMessage`): it is described as if it had one. */
function describeMessage(item: Uint8Array): ItemFacts | undefined {
  if (item[0] !== 0x7b) return undefined;
  const typed = new Uint8Array(item.length + typeMember.length);
  typed.set(item.subarray(0, 1));
  typed.set(typeMember, 1);
  typed.set(item.subarray(1), 1 + typeMember.length);
  const facts = item.length > 2 ? describeItem(typed) : undefined;
  if (!facts || facts.role === undefined) return undefined;
  const { cut, ...rest } = facts;
  const by = typeMember.length;
  return cut ? { ...rest, cut: [Math.max(1, cut[0] - by), cut[1] - by] } : rest;
}

const sealedKey = Buffer.from('"encrypted_content"');

/**
 * Sealed parts of a message between agents, or of a tool's output: `{"type": "encrypted_content", "encrypted_content": "…"}` (Codex 0.144
 * on).
 */
function sealedParts(item: Uint8Array): string[] {
  if (!Buffer.from(item.buffer, item.byteOffset, item.length).includes(sealedKey)) return [];
  const value = parseJsonBytes(item);
  if (!isJsonObject(value)) return [];
  return [value["content"], value["output"]]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .flatMap(blobOf);
}

function sealedArguments(item: Uint8Array): string[] {
  const blob = sealedArgumentIn(item);
  return blob === undefined ? [] : [blob];
}

function blobOf(value: unknown): string[] {
  const blob = isJsonObject(value) ? value["encrypted_content"] : undefined;
  return typeof blob === "string" ? [blob] : [];
}

const outputKey = Buffer.from('_output"');
const reasoningKey = Buffer.from('"reasoning"');

/** The item with what its type can't go without, where a client or a relay has left it out: an empty output, an empty summary. */
function withNeededMembers(item: Uint8Array): Uint8Array {
  const bytes = Buffer.from(item.buffer, item.byteOffset, item.length);
  if (!bytes.includes(outputKey) && !bytes.includes(reasoningKey)) return item;
  const value = parseJsonBytes(item);
  if (!isJsonObject(value) || typeof value["type"] !== "string") return item;
  const { type, output, summary } = value;
  const isSilent = output === undefined || output === null || (Array.isArray(output) && output.length === 0);
  if (isOutputKind(type) && isSilent) return json({ ...value, output: "" });
  return type === "reasoning" && !Array.isArray(summary) ? json({ ...value, summary: [] }) : item;
}

const json = (value: JsonObject): Uint8Array => new TextEncoder().encode(writeJson(value));

/** Roles of those who instruct the model; servers know one of them or both. */
const instructing: ReadonlySet<unknown> = new Set(["developer", "system"]);

/**
 * An item without the member of this name, which the provider doesn't know. `role=system`: with that role in place of a developer's;
 * `role=developer`: the other way round.
 */
export function withoutMember(item: Uint8Array, name: string): Uint8Array {
  const [member = name, instead] = name.split("=");
  if (instead !== undefined) {
    const value = parseJsonBytes(item);
    return isJsonObject(value) && instructing.has(value[member]) && value[member] !== instead
      ? json({ ...value, [member]: instead })
      : item;
  }
  const edits = cuts(members(item), ({ key }) => key === name);
  return edits.length === 0 ? item : applied(item, edits);
}
