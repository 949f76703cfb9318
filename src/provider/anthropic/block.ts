/** Content blocks of the Messages API (anthropic-version 2023-06-01), as far as they are sent here. */

export interface CacheMark {
  type: "ephemeral";
}

/** Text of either side. */
export interface TextBlock {
  type: "text";
  text: string;
  cache_control?: CacheMark;
}

/** An image or a document. */
export interface MediaBlock {
  type: "image" | "document";
  source: { type: "base64"; media_type: string; data: string } | { type: "url"; url: string };
  cache_control?: CacheMark;
}

/** A call of a tool. */
export interface ToolUseBlock {
  type: "tool_use";
  id: string;
  name: string;
  input: object;
  cache_control?: CacheMark;
}

/** The output that answers a call. */
export interface ToolResultBlock {
  type: "tool_result";
  tool_use_id: string;
  content?: (TextBlock | MediaBlock)[];
  is_error?: true;
  cache_control?: CacheMark;
}

/** Thinking with its signature, or thinking whose words the provider keeps to itself. */
export type ThinkingBlock =
  | { type: "thinking"; thinking: string; signature: string }
  | { type: "redacted_thinking"; data: string };

/** Any content block. */
export type Block = TextBlock | MediaBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock;

/** Whether the block is thinking of either kind. */
export const isThinking = (block: Block | undefined): block is ThinkingBlock =>
  block?.type === "thinking" || block?.type === "redacted_thinking";
