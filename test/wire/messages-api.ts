// What the Messages API sends, in the shapes of its streaming documentation (platform.claude.com/docs, as of 2026-11).
import { sse } from "./upstream.ts";

export const messageUsage = {
  input_tokens: 12,
  cache_creation_input_tokens: 30,
  cache_read_input_tokens: 100,
  output_tokens: 1,
};

export const messageStart = sse("message_start", {
  message: {
    id: "msg_01ABC",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: messageUsage,
  },
});

export const ping = sse("ping", {});

const start = (index: number, content_block: object): string =>
  sse("content_block_start", { index, content_block });
const delta = (index: number, inner: object): string => sse("content_block_delta", { index, delta: inner });
export const blockStop = (index: number): string => sse("content_block_stop", { index });

export function thinkingBlock(index: number, thinking: string, signature: string): string {
  const half = Math.ceil(thinking.length / 2);
  return [
    start(index, { type: "thinking", thinking: "", signature: "" }),
    delta(index, { type: "thinking_delta", thinking: thinking.slice(0, half) }),
    delta(index, { type: "thinking_delta", thinking: thinking.slice(half) }),
    delta(index, { type: "signature_delta", signature }),
    blockStop(index),
  ].join("");
}

export function redactedBlock(index: number, data: string): string {
  return start(index, { type: "redacted_thinking", data }) + blockStop(index);
}

export function textBlock(index: number, ...pieces: string[]): string {
  return [
    start(index, { type: "text", text: "" }),
    ...pieces.map((text) => delta(index, { type: "text_delta", text })),
    blockStop(index),
  ].join("");
}

export function toolUseBlock(index: number, id: string, name: string, ...pieces: string[]): string {
  return [
    start(index, { type: "tool_use", id, name, input: {} }),
    delta(index, { type: "input_json_delta", partial_json: "" }),
    ...pieces.map((partial_json) => delta(index, { type: "input_json_delta", partial_json })),
    blockStop(index),
  ].join("");
}

export function messageEnd(stop_reason: string, more: object = {}): string {
  const ending = { delta: { stop_reason, stop_sequence: null, ...more }, usage: { output_tokens: 89 } };
  return sse("message_delta", ending) + sse("message_stop", {});
}
