import { base64Number } from "../lib/base64.ts";
import { type SkimmedText, skimmedText } from "../lib/skimmed-text.ts";
import { isJsonObject, type Member, members, parseJson } from "../lib/json.ts";
import { parseExactJson, writeJson } from "../lib/whole-json.ts";
import type { ItemFacts } from "./facts.ts";

const decoder = new TextDecoder();

/** How Fernet tokens begin. */
export const fernetHead = "gAAAAA";

/** Whether an item of this kind is a compaction that only its provider can read (Responses API; Codex 0.73 to 0.169). */
export const isSealedSummary = (kind: string): boolean =>
  kind === "compaction" || kind === "compaction_summary";

/** What takes the place of something sealed where words can stand. */
export const sealedText = "[Sealed content stood here. It can't be opened any more.]";

/** As `describeText`, also of what is no string (`undefined`): that is malformed. */
export function describeSeal(blob: string | undefined): NonNullable<ItemFacts["sealed"]> {
  const text = skimmedText(blob);
  return text ? describeText(text) : { tail: "", shape: "malformed" };
}

/**
 * A sealed blob that begins `gAAAAA` is a Fernet token (base64url): byte 0 is 0x80 and bytes 1–8 are the time it was sealed in
 * big-endian seconds, readable without a key (OpenAI Responses, seen 2025-08 to 2026-11). Anything that is not a string, holds an
 * ellipsis or characters outside base64 is malformed: it was cut or edited and would only be refused.
 */
export function describeText(text: SkimmedText): NonNullable<ItemFacts["sealed"]> {
  const tail = text.slice(-16);
  const padding = tail.endsWith("==") ? 2 : tail.endsWith("=") ? 1 : 0;
  const length = text.length - padding;
  if (length <= 0 || !text.isBase64(length)) return { tail, shape: "malformed" };
  if (!text.startsWith(fernetHead)) return { tail, shape: "opaque" };
  // Base64 never has a length of 4n + 1, and padded base64 always has one of 4n. Anything else was cut, as was a token too short to hold
  // its time.
  if (length < 12 || text.length % 4 === 1 || (padding > 0 && text.length % 4 !== 0))
    return { tail, shape: "malformed" };
  // The first six characters are byte 0 and the zeros after it, the next six the rest of the time.
  const seconds = base64Number(text, 6, 12);
  // Version, time, vector and checksum are 57 bytes; what is sealed comes in blocks of 16 (the Fernet specification).
  const bytes = Math.floor((length * 3) / 4);
  const isOdd = bytes < 73 || (bytes - 57) % 16 !== 0;
  return { at: seconds, tail, shape: "fernet", ...(isOdd && { odd: true }) };
}

/** Whether a content part is something sealed; where null stands, nothing is. */
export function isSealedPart(part: Uint8Array): boolean {
  const isSeal = ({ key, valueStart }: Member): boolean =>
    key === "encrypted_content" && part[valueStart] === 0x22;
  return part[0] === 0x7b && members(part).some(isSeal);
}

/**
 * What is sealed of a message between agents, or of what a tool gave: it stands in a part of the content or of the output (Codex 0.144 to
 * 0.169, 2026-11).
 */
export function sealedPart(content: readonly unknown[]): string | undefined {
  for (const part of content)
    if (isJsonObject(part) && typeof part["encrypted_content"] === "string") return part["encrypted_content"];
  return undefined;
}

/**
 * What is sealed in a call's arguments: what an agent tells another is a Fernet token in their `message` (`spawn_agent`, `send_message` and
 * `followup_task` of Codex 0.138 on; openai/codex#26210, 2026-06). An `encrypted_function_args` that doesn't name it says that it is in words
 * (openai/codex#35845, 2026-07). `undefined` where nothing is sealed.
 */
export function sealedArgument(call: unknown): string | undefined {
  if (!isJsonObject(call)) return undefined;
  const { arguments: given, encrypted_function_args: told } = call;
  if (typeof given !== "string" || !given.includes(fernetHead)) return undefined;
  if (Array.isArray(told) && !told.includes("message")) return undefined;
  const value = parseJson(given);
  const message = isJsonObject(value) ? value["message"] : undefined;
  if (typeof message !== "string" || !message.startsWith(fernetHead)) return undefined;
  const { shape, odd } = describeSeal(message);
  return shape === "fernet" && odd !== true ? message : undefined;
}

/** As `sealedArgument`, from a call's bytes, which are parsed only where they may hold such a token. */
export function sealedArgumentIn(item: Uint8Array): string | undefined {
  const text = decoder.decode(item);
  return text.includes(fernetHead) ? sealedArgument(parseJson(text)) : undefined;
}

/** The arguments of such a call with words in the place of what is sealed in them; `undefined` where nothing is. */
export function unsealedArguments(call: unknown, words: string): string | undefined {
  if (!isJsonObject(call) || sealedArgument(call) === undefined) return undefined;
  const given = parseExactJson(String(call["arguments"]));
  return isJsonObject(given) ? writeJson({ ...given, message: words }) : undefined;
}
