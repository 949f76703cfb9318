import type { ModelRequest } from "../../provider.ts";
import type { ToolDefinition } from "../../session/definition.ts";
import { inputItems, type StreamedBody, wholeBody } from "../wire/body.ts";
import { withoutParameters } from "../wire/without.ts";
import { type ChatDialect, dialectOfModel } from "./dialect.ts";
import { type Messages, toMessages } from "./messages.ts";

/** A body with what its answer, or a refusal, is read with. */
export interface ChatBody extends StreamedBody {
  /** The call ids that stand in the history, as the log has them. */
  readonly callIds: ReadonlySet<string>;
  readonly conversion: Messages;
}

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
  const { without = [] } = request;
  // "messages[3].reasoning_content" means the member, not the messages.
  if (without.some((name) => /\breasoning_content$/u.test(name)))
    for (const message of conversion.messages) delete message["reasoning_content"];
  const members = withoutParameters(
    {
      model: request.model,
      messages: conversion.messages,
      ...(request.tools.length === 0 ? {} : { tools: request.tools.map(toTool) }),
      ...(request.effort === undefined ? {} : { reasoning_effort: request.effort }),
      stream: true,
      stream_options: { include_usage: true },
      ...(spoken.cacheKey ? { prompt_cache_key: request.cacheKey } : {}),
    },
    without.map((name) => (name === "thinking" ? "reasoning_effort" : name)),
  );
  return { ...wholeBody(members), callIds, conversion };
}

/** A custom tool becomes a function of one text, `input`; `callItem` makes its calls custom ones again. */
function toTool(tool: ToolDefinition): object {
  if (tool.type === "function") {
    const { name, description, parameters, strict } = tool;
    return {
      type: "function",
      function: { name, description, parameters, ...(strict === true ? { strict } : {}) },
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
