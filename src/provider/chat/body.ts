import type { JsonObject } from "../../lib/json.ts";
import type { ModelRequest } from "../../provider.ts";
import type { ToolDefinition } from "../../session/definition.ts";
import { inputItems, type StreamedBody, wholeBody } from "../wire/body.ts";
import { type ChatDialect, dialectOfModel } from "./dialect.ts";
import { type Messages, toMessages } from "./messages.ts";

/** A body with what its answer, or a refusal, is read with. */
export interface ChatBody extends StreamedBody {
  /** The call ids that stand in the history, as the log has them. */
  readonly callIds: ReadonlySet<string>;
  readonly conversion: Messages;
}

// Without these it would be another request.
const needed = ["model", "messages", "tools", "stream"];

/**
 * The body of `POST /chat/completions` (OpenAI API reference, 2025-08 to 2026-11). `reasoning_effort` is sent only when an effort is set,
 * because models that don't reason refuse it; what is the default anyway (`tool_choice`, `parallel_tool_calls`) isn't sent, because some
 * compatible servers don't know it.
 */
export async function requestBody(request: ModelRequest, dialect: ChatDialect): Promise<ChatBody> {
  const items = await inputItems(request.input);
  const callIds = new Set(
    items.flatMap(({ call_id: id }) => (typeof id === "string" && id !== "" ? [id] : [])),
  );
  const spoken = dialectOfModel(dialect, request.model);
  const conversion = toMessages(request.instructions, items, spoken);
  const members: JsonObject = {
    model: request.model,
    messages: conversion.messages,
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map((tool) => toTool(tool)) }),
    ...(request.effort === undefined ? {} : { reasoning_effort: request.effort }),
    stream: true,
    stream_options: { include_usage: true },
    ...(spoken.cacheKey ? { prompt_cache_key: request.cacheKey } : {}),
  };
  for (const refused of request.without ?? []) {
    const name = refused === "thinking" ? "reasoning_effort" : refused.split(/[.[]/u, 1)[0]!;
    if (!needed.includes(name)) delete members[name];
    // "messages[3].reasoning_content" means the member, not the messages.
    if (/\breasoning_content$/u.test(refused))
      for (const message of conversion.messages) delete message["reasoning_content"];
    if (/\bstrict$/u.test(refused)) members["tools"] = request.tools.map((tool) => toTool(tool, false));
  }
  const body = wholeBody(members);
  return { ...body, callIds, conversion };
}

/** A custom tool becomes a function of one text, `input`; `callItem` makes its calls custom ones again. */
function toTool(tool: ToolDefinition, mayBeStrict = true): object {
  if (tool.type === "function") {
    const { name, description, parameters, strict } = tool;
    return {
      type: "function",
      function: { name, description, parameters, ...(strict === true && mayBeStrict ? { strict } : {}) },
    };
  }
  return {
    type: "function",
    function: {
      name: tool.name,
      description: `${tool.description}\n\nThe whole text goes into \`input\` as it is.${grammarOf(tool.format)}`,
      parameters: {
        type: "object",
        properties: { input: { type: "string" } },
        required: ["input"],
        additionalProperties: false,
      },
    },
  };
}

/** This wire has no custom tools whose grammar sampling enforces, so the description tells it. */
function grammarOf(format: object | undefined): string {
  if (!format || !("definition" in format) || typeof format.definition !== "string") return "";
  const syntax = "syntax" in format && typeof format.syntax === "string" ? ` (${format.syntax})` : "";
  return ` Its grammar${syntax}:\n${format.definition}`;
}
