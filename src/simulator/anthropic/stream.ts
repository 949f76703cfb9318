import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import { deltas } from "../deltas.ts";
import type { StreamPoint } from "../fault.ts";
import type { ModelOutput } from "../model.ts";
import { outputTokens } from "../tokens.ts";
import type { AnswerFacts, StreamEvent } from "../wire.ts";
import type { MessagesRequest } from "./request.ts";
import { digestOf, signatureOf } from "./signature.ts";

const newId = (prefix: string): string => `${prefix}_01${randomBytes(11).toString("hex")}`;

export function eventOf(type: string, members: JsonObject, ...points: StreamPoint[]): StreamEvent {
  return { type, data: { type, ...members }, points };
}

/** The events of an answer in the official order (Messages API over SSE, as of 2026-11), up to and including `message_stop`. */
export function* messageEvents(
  request: MessagesRequest,
  outputs: readonly ModelOutput[],
  facts: AnswerFacts,
): Generator<StreamEvent> {
  const said = outputs.filter(({ type }) => type !== "reasoning" || request.thinking !== "off");
  const cached = JSON.stringify(request.body).includes('"cache_control"') ? facts.cachedTokens : 0;
  const usage = {
    input_tokens: facts.inputTokens - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: 1,
    service_tier: "standard",
  };
  const message = {
    id: newId("msg"),
    type: "message",
    role: "assistant",
    model: request.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  yield eventOf("message_start", { message }, "created");
  for (const [index, output] of said.entries()) {
    yield* blockEvents(output, index, facts, index === said.length - 1);
    if (index === 0) yield eventOf("ping", {});
  }
  const { reasoning, visible } = outputTokens(said);
  const calls = said.some(({ type }) => type.endsWith("_call"));
  yield eventOf("message_delta", {
    delta: { stop_reason: calls ? "tool_use" : "end_turn", stop_sequence: null },
    // The one that `message_start` has told is among them.
    usage: { output_tokens: 1 + reasoning + visible },
  });
  yield eventOf("message_stop", {});
}

const textOf = (output: ModelOutput): string => ("text" in output ? output.text : output.input);

function* blockEvents(
  output: ModelOutput,
  index: number,
  facts: AnswerFacts,
  isLast: boolean,
): Generator<StreamEvent> {
  const text = textOf(output);
  const end = isLast ? (["end"] as const) : [];
  const delta = (members: JsonObject): StreamEvent =>
    eventOf("content_block_delta", { index, delta: members });
  const stop = (...points: StreamPoint[]): StreamEvent =>
    eventOf("content_block_stop", { index }, "item", ...points, ...end);
  if (output.type === "reasoning") {
    yield start(index, { type: "thinking", thinking: "", signature: "" });
    yield* deltas(text, facts.deltaSize, "reasoning", (thinking) =>
      delta({ type: "thinking_delta", thinking }),
    );
    yield delta({ type: "signature_delta", signature: signatureOf(facts.seal(digestOf(text))) });
    yield stop();
  } else if (output.type === "function_call" || output.type === "custom_tool_call") {
    yield start(index, { type: "tool_use", id: newId("toolu"), name: output.name, input: {} });
    yield delta({ type: "input_json_delta", partial_json: "" });
    yield* deltas(text, facts.deltaSize, "arguments", (partial_json) =>
      delta({ type: "input_json_delta", partial_json }),
    );
    yield stop("call");
  } else {
    yield start(index, { type: "text", text: "" });
    yield* deltas(text, facts.deltaSize, "text", (piece) => delta({ type: "text_delta", text: piece }));
    yield stop("message");
  }
}

function start(index: number, content_block: JsonObject): StreamEvent {
  return eventOf("content_block_start", { index, content_block });
}

/** The answer to a request without `stream`. */
export function wholeMessage(events: readonly StreamEvent[]): JsonObject {
  const content: JsonObject[] = [];
  let message: JsonObject = {};
  let json = "";
  for (const { type, data } of events) {
    const block = content.at(-1);
    if (type === "message_start") message = data["message"] as JsonObject;
    if (type === "content_block_start") content.push({ ...(data["content_block"] as JsonObject) });
    if (type === "content_block_stop" && block?.["type"] === "tool_use") {
      block["input"] = JSON.parse(json === "" ? "{}" : json) as unknown;
      json = "";
    }
    if (type === "message_delta") {
      const usage = { ...(message["usage"] as JsonObject), ...(data["usage"] as JsonObject) };
      message = { ...message, ...(data["delta"] as JsonObject), usage };
    }
    if (type !== "content_block_delta" || !block) continue;
    const { type: _type, partial_json, ...pieces } = data["delta"] as Record<string, string>;
    json += partial_json ?? "";
    for (const [member, piece] of Object.entries(pieces)) block[member] = String(block[member]) + piece;
  }
  return { ...message, content };
}
