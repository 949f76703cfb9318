import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import { pieces } from "../deltas.ts";
import type { StreamPoint } from "../fault.ts";
import type { ModelOutput } from "../model.ts";
import { outputTokens } from "../tokens.ts";
import type { AnswerFacts, StreamEvent } from "../wire.ts";
import type { ChatRequest } from "./request.ts";

/** The last word of a stream. */
export const done: StreamEvent = { type: "done", data: {}, points: [] };

/**
 * The chunks of an answer in OpenAI's order (Chat Completions over SSE, as of 2026-11): the role, deltas, the reason, usage if it was asked
 * for, `[DONE]`. Nothing marks the end of an item on this wire; its last delta passes the item's points.
 */
export function* chatEvents(
  request: ChatRequest,
  outputs: readonly ModelOutput[],
  facts: AnswerFacts,
): Generator<StreamEvent> {
  const { chat } = facts;
  const shown = outputs.filter(({ type }) => type !== "reasoning" || chat.reasoning !== "hidden");
  const base = {
    id: `chatcmpl-${randomBytes(15).toString("hex")}`,
    object: "chat.completion.chunk",
    created: Math.floor(facts.now / 1000),
    model: request.model,
    service_tier: "default",
    system_fingerprint: "fp_simulated",
  };
  const chunk = (delta: JsonObject, reason: string | null, ...points: StreamPoint[]): StreamEvent => ({
    type: "chunk",
    data: { ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }] },
    points,
  });
  yield chunk({ role: "assistant", content: "", refusal: null }, null, "created");
  let calls = 0;
  for (const [at, output] of shown.entries()) {
    const deltas = [...deltasOf(output, calls, facts)];
    if ("input" in output) calls++;
    for (const [index, { delta, points }] of deltas.entries()) {
      const last = index === deltas.length - 1;
      const passed = last
        ? [...points, ...endOf(output), ...(at === shown.length - 1 ? (["end"] as const) : [])]
        : points;
      yield { ...chunk(delta, null, ...passed), delta: true };
    }
  }
  yield chunk({}, calls > 0 ? "tool_calls" : "stop");
  if (request.usage || !request.stream)
    yield { type: "chunk", data: { ...base, choices: [], usage: usageOf(facts, outputs) }, points: [] };
  yield done;
}

interface Delta {
  delta: JsonObject;
  points: readonly StreamPoint[];
}

function* deltasOf(output: ModelOutput, index: number, { deltaSize, chat }: AnswerFacts): Generator<Delta> {
  if (!("input" in output)) {
    const [member, point] =
      output.type === "reasoning"
        ? (["reasoning_content", "reasoning"] as const)
        : (["content", "text"] as const);
    for (const { text, points } of pieces(output.text, deltaSize, point))
      yield { delta: { [member]: text }, points };
    return;
  }
  const id = chat.call_ids === "repeated" ? "call_0" : `call_${randomBytes(12).toString("hex")}`;
  const start = { index, id, type: "function", function: { name: output.name, arguments: "" } };
  yield { delta: { tool_calls: [start] }, points: [] };
  for (const { text, points } of pieces(output.input, deltaSize, "arguments"))
    yield { delta: { tool_calls: [{ index, function: { arguments: text } }] }, points };
}

function endOf(output: ModelOutput): StreamPoint[] {
  if ("input" in output) return ["item", "call"];
  return output.type === "message" ? ["item", "message"] : ["item"];
}

function usageOf(facts: AnswerFacts, outputs: readonly ModelOutput[]): JsonObject {
  const { reasoning, visible } = outputTokens(outputs);
  return {
    prompt_tokens: facts.inputTokens,
    completion_tokens: reasoning + visible,
    total_tokens: facts.inputTokens + reasoning + visible,
    prompt_tokens_details: { cached_tokens: facts.cachedTokens },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

/** What the chunks say, as one answer. */
export function wholeAnswer(events: readonly StreamEvent[]): JsonObject {
  const message: JsonObject = { role: "assistant", content: null, refusal: null };
  const calls: { id: unknown; type: unknown; function: { name: unknown; arguments: string } }[] = [];
  let reason: unknown = "stop";
  for (const { delta, finish_reason: told } of events.flatMap(choicesOf)) {
    for (const member of ["content", "reasoning_content"]) {
      const text = delta[member];
      if (typeof text === "string" && text !== "") message[member] = String(message[member] ?? "") + text;
    }
    for (const part of (delta["tool_calls"] ?? []) as {
      index: number;
      id?: string;
      type?: string;
      function: { name?: string; arguments: string };
    }[]) {
      const call = (calls[part.index] ??= {
        id: part.id,
        type: part.type,
        function: { name: part.function.name, arguments: "" },
      });
      call.function.arguments += part.function.arguments;
    }
    if (told !== null) reason = told;
  }
  if (calls.length > 0) message["tool_calls"] = calls;
  const { choices: _choices, ...base } = events[0]!.data;
  return {
    ...base,
    object: "chat.completion",
    choices: [{ index: 0, message, logprobs: null, finish_reason: reason }],
    usage: events.findLast(({ data }) => data["usage"] !== undefined)?.data["usage"],
  };
}

function choicesOf({ data }: StreamEvent): { delta: JsonObject; finish_reason: unknown }[] {
  return (data["choices"] ?? []) as { delta: JsonObject; finish_reason: unknown }[];
}
