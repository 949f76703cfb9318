import { type JsonObject, objectsIn, stringOf } from "../../lib/json.ts";
import type { ThinkingBlock } from "./block.ts";

/**
 * How thinking is kept in the log: as a Responses reasoning item whose `encrypted_content` is what Anthropic sealed, verbatim, with
 * `format` to say whose. A block without a signature (an endpoint that gives none) is kept for people; it is never sent back, because
 * the API refuses it ("thinking.signature: Field required"; github.com/earendil-works/pi/issues/2063, 2026-03).
 */
const thinkingFormat = "anthropic-thinking-v1";
const redactedFormat = "anthropic-redacted-v1";

/** `undefined` for a block that holds nothing. */
export function reasoningItem(
  id: string,
  block: { thinking: string; signature: string } | { data: string },
): JsonObject | undefined {
  if ("data" in block) {
    if (block.data === "") return undefined;
    return { type: "reasoning", id, summary: [], encrypted_content: block.data, format: redactedFormat };
  }
  const { thinking, signature } = block;
  if (thinking === "" && signature === "") return undefined;
  return {
    type: "reasoning",
    id,
    summary: [],
    content: [{ type: "reasoning_text", text: thinking }],
    ...(signature !== "" && { encrypted_content: signature }),
    format: thinkingFormat,
  };
}

/** The block that a reasoning item was made from; `undefined` for the reasoning of other wires, which has no place on this one. */
export function thinkingBlock(item: JsonObject): ThinkingBlock | undefined {
  const { format, encrypted_content: sealed, content } = item;
  if (typeof sealed !== "string" || sealed === "") return undefined;
  if (format === redactedFormat) return { type: "redacted_thinking", data: sealed };
  if (format !== thinkingFormat) return undefined;
  const texts = objectsIn(content).map(({ text }) => stringOf(text));
  return { type: "thinking", thinking: texts.join(""), signature: sealed };
}
