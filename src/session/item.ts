import {
  elements,
  isJsonObject,
  type JsonObject,
  type Member,
  memberCut,
  memberNamed,
  members,
  parseJsonBytes,
} from "../lib/json.ts";
import { wellFormedJson, writeJson } from "../lib/whole-json.ts";
import { type ItemFacts, itemFacts } from "./facts.ts";
import { describeSeal, isSealedPart, sealedArgumentIn, sealedPart, unsealedArguments } from "./seal.ts";

const decoder = new TextDecoder();

/**
 * What the log's header says of an item, derived once from its bytes when it is logged. The bytes must be a JSON object with a string
 * `type` (an OpenAI Responses item, unknown types included); otherwise `undefined`.
 */
export function describeItem(item: Uint8Array): ItemFacts | undefined {
  const found = members(item);
  const text = (key: string): string | undefined => {
    const member = found.find((candidate) => candidate.key === key);
    if (!member || item[member.valueStart] !== 0x22) return undefined;
    return JSON.parse(decoder.decode(item.subarray(member.valueStart, member.end))) as string;
  };
  const kind = text("type");
  if (kind === undefined) return undefined;
  const facts: ItemFacts = { kind };
  for (const [fact, key] of toldByName) {
    const told = text(key);
    if (told !== undefined) facts[fact] = told;
  }
  const cut = memberCut(found, "id");
  if (cut) facts.cut = cut;
  if (kind === "message" && isEmptyMessage(item)) facts.empty = true;
  if (kind === "reasoning" && listOf(item, found, "content").length > 0) facts.text = true;
  if (isCallKind(kind) && found.some(({ key }) => key === "thought_signature")) facts.signed = true;
  const media = describeMedia(item, found, kind);
  if (media) facts.media = media;
  return Object.assign(facts, sealFacts(item, found, kind));
}

/** Facts that are a member's string, by the member. */
const toldByName = [
  ["role", "role"],
  ["call", "call_id"],
  ["id", "id"],
  ["name", "name"],
] as const;

/** What is sealed in an item: its own member, a call's argument, or a part; and whether words stand beside such a part. */
function sealFacts(
  item: Uint8Array,
  found: readonly Member[],
  kind: string,
): Pick<ItemFacts, "sealed" | "text"> {
  const member = found.find(({ key }) => key === "encrypted_content");
  if (member) {
    const value = decoder.decode(item.subarray(member.valueStart, member.end));
    if (value === "null") return {};
    return { sealed: describeSeal(value.startsWith('"') ? (JSON.parse(value) as string) : undefined) };
  }
  const argument = kind === "function_call" ? sealedArgumentIn(item) : undefined;
  if (argument !== undefined) return { sealed: describeSeal(argument) };
  const all = partsOf(item, found, kind);
  const parts = all.filter(isSealedPart);
  const sealed = sealedPart(parts.map((part) => parseJsonBytes(part)));
  if (sealed === undefined) return {};
  const hasWords = kind === "agent_message" && all.length > parts.length;
  return { sealed: describeSeal(sealed), ...(hasWords && { text: true }) };
}

const factNames = Object.keys(itemFacts.shape);

/**
 * The event with the facts of its item read anew from the item's bytes, in place of those on the line; `undefined` for an item without a
 * type.
 */
export function describeAnew(event: JsonObject, item: Uint8Array): JsonObject | undefined {
  const facts = describeItem(item);
  if (!facts) return undefined;
  const told = Object.entries(event).filter(([name]) => !factNames.includes(name));
  return { ...Object.fromEntries(told), ...facts };
}

/** Kinds of content parts that are no words (Responses API). */
const mediaTypes: ReadonlySet<unknown> = new Set(["input_image", "input_file", "input_audio"]);

/** Whether content parts of this type are images, files or sounds. */
export const isMediaType = (type: unknown): boolean => mediaTypes.has(type);

/** Whether a content part is an image, a file or a sound. */
export function isMediaPart(part: Uint8Array): boolean {
  const type = memberNamed(part, "type");
  return (
    type !== undefined && mediaTypes.has(decoder.decode(part.subarray(type.valueStart + 1, type.end - 1)))
  );
}

function listOf(item: Uint8Array, found: readonly Member[], key: string): Uint8Array[] {
  const member = found.find((candidate) => candidate.key === key);
  if (!member || item[member.valueStart] !== 0x5b) return [];
  const list = item.subarray(member.valueStart, member.end);
  return elements(list).map(([start, end]) => list.subarray(start, end));
}

/** The parts of a message's content, or of an output. */
const partsOf = (item: Uint8Array, found: readonly Member[], kind: string): Uint8Array[] =>
  listOf(item, found, isOutputKind(kind) ? "output" : "content");

function describeMedia(item: Uint8Array, found: readonly Member[], kind: string): ItemFacts["media"] {
  const sizes = partsOf(item, found, kind)
    .filter(isMediaPart)
    .map(({ length }) => length);
  if (sizes.length === 0) return undefined;
  return {
    count: sizes.length,
    largest: sizes.reduce((most, size) => Math.max(most, size)),
    total: sizes.reduce((sum, size) => sum + size, 0),
  };
}

// An empty message holds only its members' names: a longer item isn't empty, and needs no look.
const longestEmpty = 2_048;

function isEmptyMessage(item: Uint8Array): boolean {
  if (item.length > longestEmpty) return false;
  const message = parseJsonBytes(item);
  if (!isJsonObject(message)) return false;
  const { content } = message;
  if (!Array.isArray(content)) return content === "";
  return content.length > 0 && content.every((part) => isJsonObject(part) && part["text"] === "");
}

/** Kinds of items that call a tool of ours, with the kind of their output. */
export const outputKinds: Readonly<Record<string, string>> = {
  function_call: "function_call_output",
  custom_tool_call: "custom_tool_call_output",
  local_shell_call: "local_shell_call_output",
};

const calls: ReadonlySet<string> = new Set(Object.keys(outputKinds));
/** Whether an item of this kind calls a tool. */
export const isCallKind = (kind: string): boolean => calls.has(kind);
const answers: ReadonlySet<string> = new Set(Object.values(outputKinds));
/** Whether an item of this kind answers a call. */
export const isOutputKind = (kind: string): boolean => answers.has(kind);

/** Kinds that every wire can say in its own way: messages, reasoning, and calls of functions and of custom tools with their outputs. */
export const commonKinds: readonly string[] = [
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
];

/**
 * Whether an output may be one more of a call that has its own: what a script of Codex's code mode says with `notify` (0.130 to 0.169, 2026-11).
 * Of custom outputs such alone name the tool.
 */
export const isFurtherOutput = (kind: string, name: unknown): boolean =>
  kind === "custom_tool_call_output" && typeof name === "string" && name !== "";

/** Kinds that hold readable content beside what is sealed; items of all other kinds are worthless without their seal. */
const holders: ReadonlySet<string> = new Set([
  "message",
  ...Object.keys(outputKinds),
  ...Object.values(outputKinds),
  "tool_search_call",
  "tool_search_output",
  "web_search_call",
  "image_generation_call",
]);

/**
 * Whether an item whose seal can't be opened is still sent, without that seal, rather than left out (Codex stores such items since
 * 2026-09).
 */
export const isSealHolder = ({ kind, sealed, text }: ItemFacts): boolean =>
  sealed !== undefined && (isHolderKind(kind) || (kind === "agent_message" && text === true));

/** Whether items of this kind may hold readable content beside what is sealed. */
export const isHolderKind = (kind: string): boolean => holders.has(kind);

/** The bytes of a message item. */
export function messageItem(role: "user" | "developer", text: string): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ type: "message", role, content: [{ type: "input_text", text: sanitise(text) }] }),
  );
}

/** The bytes of the output item that answers a call of the given kind. */
export function outputItem(callKind: string, call: string, output: string): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      type: outputKinds[callKind] ?? "function_call_output",
      call_id: call,
      output: sanitise(output),
    }),
  );
}

/** Text as every wire accepts it: no lone surrogates, no NULs (failures.md row 50). */
export function sanitise(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\uFFFD");
}

/** What a call was given, for people and for summaries: its arguments, input or action, and words where something is sealed in them. */
export function callInput(call: unknown): string {
  if (!isJsonObject(call)) return "";
  const input =
    unsealedArguments(call, "[sealed]") ?? call["arguments"] ?? call["input"] ?? call["action"] ?? "";
  return typeof input === "string" ? input : writeJson(input);
}

/** Text of a message, or of an output, for people: all its text parts joined. */
export function itemText(item: unknown): string {
  if (!isJsonObject(item)) return "";
  const parts = item["content"] ?? item["output"] ?? item["summary"];
  if (typeof parts === "string") return parts;
  if (!Array.isArray(parts)) return "";
  return parts.map(partText).join("");
}

/** `output_text`, `input_text`, `summary_text` and the rest have their words in `text`, and `refusal` in `refusal`. */
function partText(part: unknown): string {
  if (!isJsonObject(part)) return "";
  const words = part["text"] ?? part["refusal"];
  return typeof words === "string" ? words : "";
}

const escape = new TextEncoder().encode("\\u");

/**
 * The item as it may be sent back: byte for byte as it was delivered, unless it holds a lone surrogate or a NUL that a provider would
 * refuse on replay (failures.md row 50), and that is replaced.
 */
export function replayableItem(item: Uint8Array): Uint8Array {
  if (!holds(item, escape)) return item;
  const text = decoder.decode(item);
  const clean = wellFormedJson(text);
  return clean === text ? item : new TextEncoder().encode(clean);
}

function holds(bytes: Uint8Array, part: Uint8Array): boolean {
  for (let at = bytes.indexOf(part[0]!); at >= 0; at = bytes.indexOf(part[0]!, at + 1))
    if (bytes[at + 1] === part[1]) return true;
  return false;
}
