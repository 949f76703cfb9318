import { isJsonObject, type JsonObject, objectOf, parseJson } from "../../lib/json.ts";
import { writeJson } from "../../lib/whole-json.ts";
import type { ToolDefinition } from "../../session/definition.ts";
import { customText } from "../wire/custom-text.ts";

/** A call as its fragments come. */
export interface PartialCall {
  /** The wire's number of the call in this answer; some servers give none, or 0 to all. */
  readonly index: number | undefined;
  id: string;
  name: string;
  arguments: string;
  readonly nesting: Nesting;
  signature: string | undefined;
}

/** A call of which nothing has come yet. */
export function newCall(index: number | undefined): PartialCall {
  return { index, id: "", name: "", arguments: "", nesting: new Nesting(), signature: undefined };
}

/** Tracks the JSON nesting of a text that comes in fragments, so that only each fragment's own characters are looked at. */
class Nesting {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Whether the text so far ends with the brace that closes the outermost object. */
  isClosed = false;

  take(part: string): void {
    for (let at = 0; at < part.length; at++) {
      const character = part[at]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (character === "\\") this.#escaped = true;
        else if (character === '"') this.#inString = false;
        continue;
      }
      if (character === '"') this.#inString = true;
      else if (character === "{" || character === "[") this.#depth++;
      else if (character === "}" || character === "]") this.#depth--;
      if (character.trim() !== "") this.isClosed = this.#depth === 0 && character === "}";
    }
  }
}

/** Whether a fragment gives the arguments as an object, as some compatible servers do, and not as its text. */
export function givesObject({ function: told }: JsonObject): boolean {
  return isJsonObject(told) && isJsonObject(told["arguments"]);
}

/** Takes a fragment in. The name comes once as a rule; servers that repeat it repeat it whole. */
export function addFragment(call: PartialCall, delta: JsonObject): void {
  const told = objectOf(delta["function"]);
  if (call.id === "" && typeof delta["id"] === "string") call.id = delta["id"];
  if (call.name === "" && typeof told["name"] === "string") call.name = told["name"];
  const part = told["arguments"];
  if (typeof part === "string") {
    // Gateways in front of other wires begin with an empty object and then give the arguments.
    if (call.nesting.isClosed && part.startsWith("{") && call.arguments.trim() === "{}") call.arguments = "";
    write(call, part);
  } else if (isJsonObject(part)) write(call, writeJson(part));
  const extra = isJsonObject(delta["extra_content"]) ? delta["extra_content"]["google"] : undefined;
  if (isJsonObject(extra) && typeof extra["thought_signature"] === "string")
    call.signature = extra["thought_signature"];
}

function write(call: PartialCall, part: string): void {
  call.arguments += part;
  call.nesting.take(part);
}

/** Whether a fragment goes on with this call, rather than beginning the next. */
export function continues(call: PartialCall, delta: JsonObject): boolean {
  const { index, id } = delta;
  if (typeof index === "number" && index !== call.index) return false;
  const told = objectOf(delta["function"]);
  // Only a call's first fragment names its tool; some servers give every fragment an id of its own.
  if (typeof told["name"] !== "string" || told["name"] === "") return true;
  const isOther = typeof id === "string" && id !== "" && call.id !== "" && id !== call.id;
  // Some servers send whole calls one after another under one index, or none, and without ids.
  return !isOther && !(isWhole(call) && !id && told["arguments"] !== "");
}

/** Whether the arguments are complete. Those of a call that takes none may never come. */
export function isWhole(call: PartialCall): boolean {
  return call.nesting.isClosed && isJsonObject(parseJson(call.arguments));
}

/** The log's item for a call. A call of a custom tool came as a function's, with its text as `input`. */
export function callItem(call: PartialCall, callId: string, tools: readonly ToolDefinition[]): JsonObject {
  const custom = tools.some((tool) => tool.type === "custom" && tool.name === call.name);
  const signature = call.signature === undefined ? {} : { thought_signature: call.signature };
  return {
    ...(custom
      ? { type: "custom_tool_call", call_id: callId, name: call.name, input: customText(call.arguments) }
      : {
          type: "function_call",
          call_id: callId,
          name: call.name,
          arguments: call.arguments.trim() === "" ? "{}" : call.arguments,
        }),
    ...signature,
  };
}

/** The call ids of a session, and of the answer that is read. The same history and answer always give the same ids. */
export class GivenCallIds {
  readonly #taken: Set<string>;
  /** For each prefix, the number up to which ids with that prefix are taken. */
  readonly #numbers = new Map<string, number>();

  /** `taken`: the ids of the session's earlier calls. */
  constructor(taken: ReadonlySet<string>) {
    this.#taken = new Set(taken);
  }

  /**
   * The call's own id; where the server gave none, or one that an earlier call of the session has ("call_0" in every answer), the first free
   * one after it.
   */
  give(id: string): string {
    const given = id !== "" && !this.#taken.has(id) ? id : this.#numbered(id);
    this.#taken.add(given);
    return given;
  }

  #numbered(id: string): string {
    const stem = id === "" ? "call" : id;
    let number = this.#numbers.get(stem) ?? (id === "" ? this.#taken.size + 1 : 2);
    while (this.#taken.has(`${stem}_${number}`)) number++;
    this.#numbers.set(stem, number);
    return `${stem}_${number}`;
  }
}
