import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import { deltas } from "../deltas.ts";
import type { StreamPoint } from "../fault.ts";
import type { ModelOutput } from "../model.ts";
import { outputTokens } from "../tokens.ts";
import { type AnswerFacts, newId, type StreamEvent } from "../wire.ts";
import type { ResponsesRequest } from "./request.ts";

const callId = (): string => `call_${randomBytes(12).toString("hex")}`;

/**
 * The events of a response in the official order (Responses API over SSE, as of 2026-11), up to and including `response.completed`.
 * `sequence_number` counts from 0.
 */
export function* responseEvents(
  request: ResponsesRequest,
  outputs: readonly ModelOutput[],
  facts: AnswerFacts,
): Generator<StreamEvent> {
  const response = emptyResponse(request, facts);
  let sequence = 0;
  const event = (type: string, members: JsonObject, ...points: StreamPoint[]): StreamEvent => ({
    type,
    data: { type, sequence_number: sequence++, ...members },
    points,
  });
  yield event("response.created", { response: { ...response } });
  yield event("response.in_progress", { response: { ...response } }, "created");
  const done: JsonObject[] = [];
  for (const [index, output] of outputs.entries()) {
    const item = finishedItem(output, request, facts);
    yield event("response.output_item.added", { output_index: index, item: startedItem(item, facts) });
    yield* itemEvents(item, index, facts, event);
    yield event(
      "response.output_item.done",
      { output_index: index, item },
      "item",
      ...pointsOf[output.type],
      ...(index === outputs.length - 1 ? (["end"] as const) : []),
    );
    done.push(item);
  }
  yield event("response.completed", {
    response: { ...response, status: "completed", output: done, usage: usage(facts, outputs) },
  });
}

/** What a finished item passes beside "item". */
const pointsOf: Readonly<Record<ModelOutput["type"], readonly StreamPoint[]>> = {
  reasoning: [],
  compaction: [],
  message: ["message"],
  function_call: ["call"],
  custom_tool_call: ["call"],
};

type MakeEvent = (type: string, members: JsonObject, ...points: StreamPoint[]) => StreamEvent;

function* itemEvents(
  item: JsonObject,
  index: number,
  { deltaSize }: AnswerFacts,
  event: MakeEvent,
): Generator<StreamEvent> {
  const at = { item_id: item["id"], output_index: index };
  switch (item["type"]) {
    case "reasoning": {
      for (const [part, { text }] of (item["summary"] as { text: string }[]).entries()) {
        const where = { ...at, summary_index: part };
        yield event("response.reasoning_summary_part.added", {
          ...where,
          part: { type: "summary_text", text: "" },
        });
        yield* deltas(text, deltaSize, "reasoning", (delta) =>
          event("response.reasoning_summary_text.delta", { ...where, delta }),
        );
        yield event("response.reasoning_summary_text.done", { ...where, text });
        yield event("response.reasoning_summary_part.done", {
          ...where,
          part: { type: "summary_text", text },
        });
      }
      return;
    }
    case "message": {
      for (const [part, content] of (item["content"] as { text: string }[]).entries()) {
        const where = { ...at, content_index: part };
        const empty = { type: "output_text", annotations: [], logprobs: [], text: "" };
        yield event("response.content_part.added", { ...where, part: empty });
        yield* deltas(content.text, deltaSize, "text", (delta) =>
          event("response.output_text.delta", { ...where, delta, logprobs: [] }),
        );
        yield event("response.output_text.done", { ...where, text: content.text, logprobs: [] });
        yield event("response.content_part.done", { ...where, part: content });
      }
      return;
    }
    case "function_call":
      yield* deltas(item["arguments"] as string, deltaSize, "arguments", (delta) =>
        event("response.function_call_arguments.delta", { ...at, delta }),
      );
      yield event("response.function_call_arguments.done", {
        ...at,
        name: item["name"],
        arguments: item["arguments"],
      });
      return;
    case "custom_tool_call":
      yield* deltas(item["input"] as string, deltaSize, "arguments", (delta) =>
        event("response.custom_tool_call_input.delta", { ...at, delta }),
      );
      yield event("response.custom_tool_call_input.done", { ...at, input: item["input"] });
      return;
  }
}

function finishedItem(
  output: ModelOutput,
  { sealed, summaries }: ResponsesRequest,
  { seal }: AnswerFacts,
): JsonObject {
  switch (output.type) {
    case "reasoning":
      return {
        id: newId("rs"),
        type: "reasoning",
        summary: summaries ? [{ type: "summary_text", text: output.text }] : [],
        ...(sealed && { encrypted_content: seal(output.text) }),
      };
    case "compaction":
      return { id: newId("cmp"), type: "compaction", encrypted_content: seal(output.text) };
    case "message":
      return {
        id: newId("msg"),
        type: "message",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", annotations: [], logprobs: [], text: output.text }],
      };
    case "function_call":
      return {
        id: newId("fc"),
        type: "function_call",
        status: "completed",
        arguments: output.input,
        call_id: callId(),
        name: output.name,
      };
    case "custom_tool_call":
      return {
        id: newId("ctc"),
        type: "custom_tool_call",
        status: "completed",
        call_id: callId(),
        input: output.input,
        name: output.name,
      };
  }
}

/** The item as `response.output_item.added` shows it: empty; a sealed blob is there already, but not the final one. */
function startedItem(item: JsonObject, { seal }: AnswerFacts): JsonObject {
  switch (item["type"]) {
    case "reasoning":
      return { ...item, summary: [], ...("encrypted_content" in item && { encrypted_content: seal("") }) };
    case "message":
      return { ...item, status: "in_progress", content: [] };
    case "function_call":
      return { ...item, status: "in_progress", arguments: "" };
    case "custom_tool_call":
      return { ...item, status: "in_progress", input: "" };
    default:
      return item;
  }
}

function usage(facts: AnswerFacts, outputs: readonly ModelOutput[]): JsonObject {
  const { reasoning, visible } = outputTokens(outputs);
  return {
    input_tokens: facts.inputTokens,
    input_tokens_details: { cached_tokens: facts.cachedTokens },
    output_tokens: reasoning + visible,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: facts.inputTokens + reasoning + visible,
  };
}

function emptyResponse({ body, model, store, tools }: ResponsesRequest, { now }: AnswerFacts): JsonObject {
  const { instructions, previous_response_id: previous } = body;
  return {
    id: newId("resp"),
    object: "response",
    created_at: Math.floor(now / 1000),
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: typeof instructions === "string" ? instructions : null,
    metadata: {},
    model: snapshotOf(model),
    output: [],
    parallel_tool_calls: true,
    previous_response_id: typeof previous === "string" ? previous : null,
    reasoning: { effort: "medium", summary: null },
    store,
    temperature: 1,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools,
    top_p: 1,
    truncation: "disabled",
    usage: null,
  };
}

/** Responses name the snapshot that answered, not the alias that was asked for. */
function snapshotOf(model: string): string {
  return /-\d{4}-\d{2}-\d{2}$/.test(model) ? model : `${model}-2026-10-01`;
}
