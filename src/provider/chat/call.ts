import { isJsonObject, type JsonObject, parseJson } from "../../lib/json.ts";
import type { ToolDefinition } from "../../session/definition.ts";

/** A call as its fragments come. */
export interface PartialCall {
  /** The wire's number of the call in this answer; some servers give none, or 0 to all. */
  readonly index: number | undefined;
  id: string;
  name: string;
  arguments: string;
  signature: string | undefined;
}

/** Takes a fragment in. The name comes once as a rule; servers that repeat it repeat it whole. */
export function addFragment(call: PartialCall, delta: JsonObject): void {
  const told = isJsonObject(delta["function"]) ? delta["function"] : {};
  if (call.id === "" && typeof delta["id"] === "string") call.id = delta["id"];
  if (call.name === "" && typeof told["name"] === "string") call.name = told["name"];
  const part = told["arguments"];
  if (typeof part === "string") {
    // Gateways in front of other wires begin with an empty object and then give the arguments.
    if (call.arguments.trim() === "{}" && part.startsWith("{")) call.arguments = "";
    call.arguments += part;
  }
  // Some compatible servers give them as an object.
  else if (isJsonObject(part)) call.arguments += JSON.stringify(part);
  const extra = isJsonObject(delta["extra_content"]) ? delta["extra_content"]["google"] : undefined;
  if (isJsonObject(extra) && typeof extra["thought_signature"] === "string")
    call.signature = extra["thought_signature"];
}

/** Whether a fragment goes on with this call, rather than beginning the next. */
export function continues(call: PartialCall, delta: JsonObject): boolean {
  const { index, id } = delta;
  if (typeof index === "number" && index !== call.index) return false;
  const told = isJsonObject(delta["function"]) ? delta["function"] : {};
  // Only what begins a call names its tool; some servers give every fragment an id of its own.
  if (typeof told["name"] !== "string" || told["name"] === "") return true;
  const isOther = typeof id === "string" && id !== "" && call.id !== "" && id !== call.id;
  // Whole calls one after the other under one index, or none, and without ids.
  return !isOther && !(isWhole(call) && !id && told["arguments"] !== "");
}

/** Whether the arguments are complete. Those of a call that takes none may never come. */
export function isWhole(call: PartialCall): boolean {
  return call.arguments.trimEnd().endsWith("}") && isJsonObject(parseJson(call.arguments));
}

/** The log's item for a call. A call of a custom tool came as a function's, with its text as `input`. */
export function callItem(call: PartialCall, callId: string, tools: readonly ToolDefinition[]): JsonObject {
  const custom = tools.some((tool) => tool.type === "custom" && tool.name === call.name);
  const signature = call.signature === undefined ? {} : { thought_signature: call.signature };
  return {
    ...(custom
      ? { type: "custom_tool_call", call_id: callId, name: call.name, input: inputOf(call.arguments) }
      : {
          type: "function_call",
          call_id: callId,
          name: call.name,
          arguments: call.arguments.trim() === "" ? "{}" : call.arguments,
        }),
    ...signature,
  };
}

/** `input`, or the one text that the model gave under another name, or what it wrote in place of JSON. */
function inputOf(written: string): string {
  const parsed = parseJson(written);
  if (typeof parsed === "string") return parsed;
  if (!isJsonObject(parsed)) return written;
  const members = Object.values(parsed);
  const text = parsed["input"] ?? (members.length === 1 ? members[0] : undefined);
  return typeof text === "string" ? text : written;
}

/**
 * The call's own id; where the server gave none, or one that an earlier call of the session has ("call_0" in every answer), the first free
 * one after it. The same history and answer always give the same ids.
 */
export function uniqueCallId(id: string, taken: ReadonlySet<string>): string {
  if (id !== "" && !taken.has(id)) return id;
  const stem = id === "" ? "call" : id;
  let number = id === "" ? taken.size + 1 : 2;
  while (taken.has(`${stem}_${number}`)) number++;
  return `${stem}_${number}`;
}
