import { randomBytes } from "node:crypto";
import type { FernetKey } from "./fernet.ts";
import type { Item } from "./requirements.ts";

/** A piece of an answer. `run` calls whatever shell tool the client offers. */
export type Part =
  | { say: string }
  | { run: string }
  | { call: string; arguments: string; id?: string }
  | { custom: string; input: string }
  | { item: Item };

/** One response of the model. */
export type Answer = readonly Part[];

/**
 * A model that knows nothing but what the request shows it: the script belongs to the last user message, and how far it got is what the
 * calls after that message say. A client that forgets a call is asked for it again, as it would be by the real one.
 */
export function answerTo(items: readonly Item[], script: (prompt: string) => readonly Answer[]): Answer {
  const last = items.findLastIndex((item) => item["role"] === "user");
  const asked = last < 0 ? "" : textOf(items[last] as Item);
  let seen = items.slice(last + 1).filter((item) => isCall(String(item["type"]))).length;
  const answers = script(asked);
  for (const answer of answers) {
    const calls = answer.filter((part) => !("say" in part || "item" in part)).length;
    if (calls === 0 || seen < calls) {
      let skip = seen;
      return answer.filter((part) => "say" in part || "item" in part || skip-- <= 0);
    }
    seen -= calls;
  }
  return answers.at(-1) ?? [{ say: `You said: ${asked.slice(0, 60)}` }];
}

function isCall(type: string): boolean {
  return type === "function_call" || type === "custom_tool_call";
}

export function textOf(item: Item): string {
  const { content } = item;
  if (typeof content === "string") return content;
  return Array.isArray(content) ? (content as Item[]).map((part) => String(part["text"] ?? "")).join("") : "";
}

export const newId = (prefix: string): string => `${prefix}_${randomBytes(24).toString("hex")}`;

/** The output items of an answer, sealed reasoning before each of them that the model thought about first. */
export function outputItems(answer: Answer, request: Item, key: FernetKey): Item[] {
  const include = (request["include"] ?? []) as string[];
  const sealed = include.includes("reasoning.encrypted_content")
    ? { encrypted_content: key.seal(`thinking ${randomBytes(40).toString("hex")}`) }
    : {};
  const reasoning = { id: newId("rs"), type: "reasoning", summary: [], ...sealed };
  return [reasoning, ...answer.map((part) => outputItem(part, (request["tools"] ?? []) as Item[]))];
}

function outputItem(part: Part, tools: readonly Item[]): Item {
  if ("item" in part) return part.item;
  if ("say" in part) {
    const content = [{ type: "output_text", annotations: [], logprobs: [], text: part.say }];
    return { id: newId("msg"), type: "message", status: "completed", content, role: "assistant" };
  }
  const call_id = `call_${randomBytes(12).toString("base64url")}`;
  if ("custom" in part)
    return {
      id: newId("ctc"),
      type: "custom_tool_call",
      status: "completed",
      call_id,
      input: part.input,
      name: part.custom,
    };
  const made = "run" in part ? shellCall(part.run, tools) : { name: part.call, arguments: part.arguments };
  return {
    id: newId("fc"),
    type: "function_call",
    status: "completed",
    arguments: made.arguments,
    call_id: "call" in part && part.id !== undefined ? part.id : call_id,
    name: made.name,
  };
}

function shellCall(command: string, tools: readonly Item[]): { name: string; arguments: string } {
  const tool = tools.find((candidate) => /shell|exec/u.test(String(candidate["name"])));
  if (!tool) throw new Error("the client offers no shell tool");
  const { properties = {} } = tool["parameters"] as { properties?: Record<string, { type?: string }> };
  const member = "cmd" in properties ? "cmd" : "command";
  const given = properties[member]?.type === "array" ? ["bash", "-lc", command] : command;
  return { name: String(tool["name"]), arguments: JSON.stringify({ [member]: given }) };
}
