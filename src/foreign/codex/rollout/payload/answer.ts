import type { JsonObject } from "../../../../lib/json.ts";
import { isCallKind, isOutputKind, outputKinds } from "../../../../session/item.ts";

/** A search for tools that Codex itself does has a call id; one of the provider's has none, and needs no answer. */
export const toolSearch = { call: "tool_search_call", output: "tool_search_output" } as const;

/** Whether an item asks for something that Codex itself does, and needs an answer. */
export const needsAnswer = (kind: string, call: string): boolean =>
  isCallKind(kind) || (kind === toolSearch.call && call !== "");

/** Whether an item is such an answer. */
export const isAnswerKind = (kind: string): boolean => isOutputKind(kind) || kind === toolSearch.output;

/**
 * The kind of output with which Codex answers a call: for its local shell (`codex-mini-latest`) it stores, sends and reads a function's
 * output, and ignores `local_shell_call_output` (0.23 to 0.169, 2026-11).
 */
export function answerKind(callKind: string): string {
  const isLocal = callKind === "local_shell_call";
  return (isLocal ? undefined : outputKinds[callKind]) ?? "function_call_output";
}

/**
 * The item that answers a call of which there is no output: these words, or, for a search of tools, that nothing was found, as Codex
 * answers one that was broken off, since nothing happens when it is done again.
 */
export function answerTo(callKind: string, call: string, words: string): JsonObject {
  if (callKind !== toolSearch.call) return { type: answerKind(callKind), call_id: call, output: words };
  return { type: toolSearch.output, call_id: call, status: "completed", execution: "client", tools: [] };
}
