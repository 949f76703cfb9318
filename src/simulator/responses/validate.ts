import type { JsonObject } from "../../lib/json.ts";
import { entryOf } from "../../lib/table.ts";
import { isMessage, isModelItem, isOutput } from "../model.ts";
import { firstRefusal, invalidRequest, type Refusal } from "../refusal.ts";
import { refuseSeal } from "../seal-refusal.ts";
import type { RequestCheck } from "../wire.ts";
import { emptyString, longString, missing, named, unknownValue, wrongType } from "../wrong-body.ts";
import type { ResponsesRequest } from "./request.ts";

/**
 * What the API refuses of a replayed input, or `undefined` when it would take it. The checks come in the API's order: shape, ids,
 * pairing, and sealed content last, so that one error can hide behind another. What an earlier response stands for was looked at when that
 * was made: only the request's own input is looked at for its shape, and only that can be named by an index. Texts and codes as reported in
 * public issue threads, 2025-08 to 2026-11.
 */
export function validateInput(
  request: ResponsesRequest,
  { open, refusal, stored }: Pick<RequestCheck, "open" | "refusal" | "stored">,
): Refusal | undefined {
  const { input: whole, ownFrom, missing: gone } = request;
  if (gone !== undefined) {
    return invalidRequest(`Previous response with id '${gone}' not found.`, {
      param: "previous_response_id",
      code: "previous_response_not_found",
    });
  }
  const input = whole.slice(ownFrom);
  return (
    firstRefusal(input, shape) ??
    firstRefusal(input, identity) ??
    duplicates(whole) ??
    firstRefusal(input, (item) => persistence(item, stored)) ??
    pairing(whole) ??
    firstRefusal(input, (item, at) => following(item, at, input)) ??
    firstRefusal(input, (item) => preceding(item, whole, stored)) ??
    sealed(input, open, refusal)
  );
}

/** The members that an item of each type must have, as strings. */
const required: Readonly<Record<string, readonly string[]>> = {
  function_call: ["call_id", "name", "arguments"],
  custom_tool_call: ["call_id", "name", "input"],
  function_call_output: ["call_id"],
  custom_tool_call_output: ["call_id"],
  local_shell_call: ["call_id"],
  local_shell_call_output: ["call_id"],
};

/** Input items that the API knows beside those above. */
const otherTypes: readonly string[] = [
  "message",
  "reasoning",
  "compaction",
  "compaction_summary",
  "compaction_trigger",
  "item_reference",
  "additional_tools",
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "computer_call",
  "computer_call_output",
  "image_generation_call",
  "mcp_call",
  "mcp_list_tools",
  "mcp_approval_request",
  "mcp_approval_response",
  "shell_call",
  "shell_call_output",
  "apply_patch_call",
  "apply_patch_call_output",
];

function shape(item: JsonObject, at: number): Refusal | undefined {
  const param = `input[${at}]`;
  if (isMessage(item)) return messageShape(item, param);
  const type = item["type"];
  if (type === undefined) return missing(`${param}.type`);
  if (typeof type !== "string") return wrongType(`${param}.type`, "a string", type);
  const members = entryOf(required, type);
  if (members === undefined && !otherTypes.includes(type))
    return unknownValue(param, type, [...Object.keys(required), ...otherTypes]);
  for (const member of members ?? []) {
    if (item[member] === undefined) return missing(`${param}.${member}`);
    if (typeof item[member] !== "string") return wrongType(`${param}.${member}`, "a string", item[member]);
    if (item[member] === "" && member !== "arguments" && member !== "input")
      return emptyString(`${param}.${member}`);
  }
  if (isOutput(item)) {
    const output = item["output"];
    if (output === undefined) return missing(`${param}.output`);
    if (typeof output !== "string" && !Array.isArray(output))
      return wrongType(`${param}.output`, "a string or an array", output);
  }
  return type === "reasoning" || type.startsWith("compaction") ? sealedShape(item, param) : undefined;
}

function messageShape(item: JsonObject, param: string): Refusal | undefined {
  const roles = ["assistant", "system", "developer", "user"];
  if (!roles.includes(String(item["role"]))) return unknownValue(`${param}.role`, item["role"], roles);
  const content = item["content"];
  if (content === undefined) return missing(`${param}.content`);
  if (typeof content === "string") return undefined;
  if (!Array.isArray(content))
    return wrongType(`${param}.content`, "one of an array of objects or string", content);
  const types =
    item["role"] === "assistant"
      ? ["output_text", "refusal"]
      : ["input_text", "input_image", "input_file", "input_audio", "output_text"];
  for (const [part, entry] of (content as unknown[]).entries()) {
    const type = (entry as JsonObject | null)?.["type"];
    if (typeof type !== "string" || !types.includes(type))
      return unknownValue(`${param}.content[${part}]`, type, types);
  }
  return undefined;
}

function sealedShape(item: JsonObject, param: string): Refusal | undefined {
  const blob = item["encrypted_content"];
  if (blob !== undefined && blob !== null && typeof blob !== "string") {
    return invalidRequest(
      `[${param}.encrypted_content] [invalid_type] Invalid type for '${param}.encrypted_content': expected a string, but got ${named(blob)} instead.`,
      { param: `${param}.encrypted_content`, code: "invalid_type" },
    );
  }
  if (item["type"] !== "reasoning")
    return typeof blob === "string" || item["type"] === "compaction_trigger"
      ? undefined
      : missing(`${param}.encrypted_content`);
  if (item["summary"] === undefined) return missing(`${param}.summary`);
  const content = item["content"];
  if (Array.isArray(content) && content.length > 0) {
    return invalidRequest(
      `Invalid '${param}.content': array too long. Expected an array with maximum length 0, but got an array with length ${content.length} instead.`,
      { param: `${param}.content`, code: "array_above_max_length" },
    );
  }
  return undefined;
}

const longestId = 64;

const prefixes: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  custom_tool_call: "ctc",
};

function identity(item: JsonObject, at: number): Refusal | undefined {
  for (const member of ["id", "call_id"]) {
    const value = item[member];
    if (value === undefined || value === null) continue;
    const param = `input[${at}].${member}`;
    if (typeof value !== "string") return wrongType(param, "a string", value);
    if (value.length > longestId) return longString(param, longestId, value.length);
    if (value === "") return emptyString(param);
    const prefix =
      member === "id" ? entryOf(prefixes, isMessage(item) ? "message" : String(item["type"])) : undefined;
    // What a person says may carry any id of the client's.
    if (prefix === undefined || value.startsWith(prefix) || !isModelItem(item)) continue;
    return invalidRequest(
      `[${param}] [invalid_id_prefix] Invalid '${param}': '${value}'. Expected an ID that begins with '${prefix}'.`,
      { param, code: "invalid_value" },
    );
  }
  return undefined;
}

function duplicates(input: readonly JsonObject[]): Refusal | undefined {
  const seen = new Set<unknown>();
  for (const { id } of input) {
    if (typeof id !== "string") continue;
    if (seen.has(id)) {
      return invalidRequest(
        `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`,
        { param: "input" },
      );
    }
    seen.add(id);
  }
  return undefined;
}

/** An item that is sent as a mere reference: by `item_reference`, or as reasoning with an id and nothing sealed in it. */
function persistence(item: JsonObject, stored: RequestCheck["stored"]): Refusal | undefined {
  const { id, type } = item;
  const reference = type === "item_reference" || (type === "reasoning" && !item["encrypted_content"]);
  if (!reference || typeof id !== "string" || stored.hasItem(id)) return undefined;
  return invalidRequest(
    `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
    { param: "input", status: 404, about: "item not persisted" },
  );
}

/** Calls by the type of their output. What Codex sends for its local shell's are outputs of functions (0.23 to 0.169, 2026-11). */
const callsOf: Readonly<Record<string, readonly string[]>> = {
  function_call_output: ["function_call", "local_shell_call"],
  custom_tool_call_output: ["custom_tool_call"],
  local_shell_call_output: ["local_shell_call"],
};
const callTypes: ReadonlySet<string> = new Set(Object.values(callsOf).flat());

function pairing(input: readonly JsonObject[]): Refusal | undefined {
  // Ids can come again in a later turn: they are paired by occurrence.
  const open = new Map<string, number>();
  for (const item of input) {
    const type = String(item["type"]);
    if (callTypes.has(type)) count(open, `${type} ${String(item["call_id"])}`, 1);
    const calls = entryOf(callsOf, type);
    if (calls === undefined) continue;
    const key = calls.map((call) => `${call} ${String(item["call_id"])}`).find((each) => open.get(each));
    if (key === undefined) {
      return invalidRequest(
        `No tool call found for ${type.replaceAll("_", " ")} with call_id ${String(item["call_id"])}.`,
        { param: "input" },
      );
    }
    count(open, key, -1);
  }
  for (const [key, left] of open) {
    if (left === 0) continue;
    const [type = "", id = ""] = key.split(" ");
    return invalidRequest(`No tool output found for ${type.replaceAll("_", " ")} ${id}.`, { param: "input" });
  }
  return undefined;
}

function count(open: Map<string, number>, key: string, by: number): void {
  open.set(key, (open.get(key) ?? 0) + by);
}

/** Reasoning that is known by its id goes with the item that the model made after it. */
function following(item: JsonObject, at: number, input: readonly JsonObject[]): Refusal | undefined {
  if (item["type"] !== "reasoning" || typeof item["id"] !== "string") return undefined;
  const next = input[at + 1];
  if (next !== undefined && isModelItem(next)) return undefined;
  return invalidRequest(
    `Item '${item["id"]}' of type 'reasoning' was provided without its required following item.`,
    { param: "input" },
  );
}

/** An item that the provider has kept goes with the reasoning that it was made with. */
function preceding(
  item: JsonObject,
  whole: readonly JsonObject[],
  stored: RequestCheck["stored"],
): Refusal | undefined {
  const { id, type } = item;
  const reasoning = typeof id === "string" ? stored.reasoningOf(id) : undefined;
  if (reasoning === undefined || whole.some((other) => other["id"] === reasoning)) return undefined;
  return invalidRequest(
    `Item '${String(id)}' of type '${String(type)}' was provided without its required 'reasoning' item: '${reasoning}'.`,
    { param: "input" },
  );
}

function sealed(
  input: readonly JsonObject[],
  open: RequestCheck["open"],
  refusal: RequestCheck["refusal"],
): Refusal | undefined {
  for (const item of input) {
    const blob = item["encrypted_content"];
    if (typeof blob === "string" && blob !== "" && open(blob) === undefined) return refuseSeal(refusal, item);
  }
  return undefined;
}
