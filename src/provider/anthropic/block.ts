/** Content blocks of the Messages API (anthropic-version 2023-06-01), as far as they are sent here. */

export interface CacheMark {
  type: "ephemeral";
}

export interface TextBlock {
  type: "text";
  text: string;
  cache_control?: CacheMark;
}

export interface MediaBlock {
  type: "image" | "document";
  source: { type: "base64"; media_type: string; data: string } | { type: "url"; url: string };
  cache_control?: CacheMark;
}

export interface ToolUseBlock {
  type: "tool_use";
  id: string;
  name: string;
  input: object;
  cache_control?: CacheMark;
}

export interface ToolResultBlock {
  type: "tool_result";
  tool_use_id: string;
  content?: (TextBlock | MediaBlock)[];
  is_error?: true;
  cache_control?: CacheMark;
}

export type ThinkingBlock =
  | { type: "thinking"; thinking: string; signature: string }
  | { type: "redacted_thinking"; data: string };

export type Block = TextBlock | MediaBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock;

export const isThinking = (block: Block | undefined): block is ThinkingBlock =>
  block?.type === "thinking" || block?.type === "redacted_thinking";
