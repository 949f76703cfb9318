import type { ToolDefinition } from "../../session/definition.ts";
import { isJsonObject } from "../../lib/json.ts";
import { parseExactJson, wellFormedJson } from "../../lib/whole-json.ts";
import type { CacheMark } from "./block.ts";

/** A tool as the Messages API has it. */
export interface MessagesTool {
  name: string;
  description: string;
  input_schema: object;
  cache_control?: CacheMark;
}

/** The tool as this wire knows it. A custom tool, which takes raw text, becomes one with a single string, `input`. */
export function messagesTool(tool: ToolDefinition): MessagesTool {
  const { name, description } = tool;
  if (tool.type === "function") return { name, description, input_schema: tool.parameters };
  const input = { type: "string", description: "The whole input of the tool, as raw text." };
  return {
    name,
    description: described(tool),
    input_schema: {
      type: "object",
      properties: { input },
      required: ["input"],
      additionalProperties: false,
    },
  };
}

/** A tool that the history calls and the request doesn't offer: the API demands that tools are defined where they are used. */
export function pastTool(name: string): MessagesTool {
  return { name, description: "Was used before; it is not available now.", input_schema: { type: "object" } };
}

function described({ description, format }: Extract<ToolDefinition, { type: "custom" }>): string {
  if (!isJsonObject(format) || typeof format["definition"] !== "string") return description;
  return `${description}\n\nThe input follows this grammar:\n${format["definition"]}`;
}

/**
 * A call's arguments as the object that this wire demands. Arguments that are no JSON object (failures.md row 32) are kept as they are
 * under a name that says so. An id of 20 digits stays the id that it was. The escapes of a string in a string come to light here: what they
 * stand for has to be text that is accepted.
 */
export function callInput(text: string): object {
  const parsed = parseExactJson(text === "" ? "{}" : wellFormedJson(text));
  return isJsonObject(parsed) ? parsed : { arguments_that_are_not_a_json_object: text };
}
