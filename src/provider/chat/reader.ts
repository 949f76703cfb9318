import { signalFromEvent } from "../../failure/signal.ts";
import { isJsonObject, type JsonObject, objectOf, objectsIn } from "../../lib/json.ts";
import { parseExactJson } from "../../lib/whole-json.ts";
import type { ToolDefinition } from "../../session/definition.ts";
import type { Usage } from "../../session/event.ts";
import { incomplete, saidItem } from "../wire/decoder.ts";
import { tokenCount } from "../wire/usage.ts";
import type { AnswerReader, Said } from "../wire/wire.ts";
import {
  addFragment,
  callItem,
  continues,
  givesObject,
  GivenCallIds,
  isWhole,
  newCall,
  type PartialCall,
} from "./call.ts";

const encoder = new TextEncoder();

/** Why an answer ended, as servers name it beside "stop" and "tool_calls" (OpenAI, Mistral, DeepSeek, OpenRouter, Gemini; to 2026-11). */
const limited = /^(?:length|model_length|max_tokens)$/iu;
const filtered = /^(?:content_filter|safety|refusal|prohibited_content|recitation)$/iu;
const broken = /^(?:error|insufficient_system_resource|abort)$/iu;
const malformed = /^malformed_function_call$/iu;

/**
 * Makes Responses items of a Chat Completions answer: its text a message, its `reasoning_content` (or `reasoning`) a reasoning item with
 * plain content, its tool calls function or custom tool calls. Nothing on this wire marks the end of an item: it is finished as soon as nothing
 * can be added to it any more, a call when its arguments are a whole JSON object, the last of all with `finish_reason`. The wire has no item
 * ids, so the items have none.
 */
export class ChatReader implements AnswerReader {
  readonly #tools: readonly ToolDefinition[];
  readonly #callIds: GivenCallIds;
  #opened: { response?: string; model?: string } | undefined;
  #reasoning = "";
  #text = "";
  #refusal = "";
  #calls: PartialCall[] = [];
  /** Calls that were delivered already. */
  readonly #told: PartialCall[] = [];
  /** What the answer's `finish_reason` says of its end; nothing more can come but usage. */
  #finished = false;
  #isStreamed = false;
  #usage: unknown;

  constructor(tools: readonly ToolDefinition[], callIds: ReadonlySet<string>) {
    this.#tools = tools;
    this.#callIds = new GivenCallIds(callIds);
  }

  event(type: string, event: JsonObject, data: string): Said[] {
    if (type === "error" || isError(event["error"])) return [refused(event, data)];
    const choice = firstChoice(event);
    if (isError(choice["error"])) return [refused(choice, data)];
    // MiniMax tells errors with status 200 (2025–2026).
    const base = event["base_resp"];
    if (isJsonObject(base) && typeof base["status_code"] === "number" && base["status_code"] !== 0) {
      return [refused({ message: base["status_msg"], details: base }, data)];
    }
    const said = this.#open(event);
    const delta = toldIn(choice, this.#isStreamed);
    this.#isStreamed ||= isJsonObject(choice["delta"]);
    if (delta && !this.#finished)
      said.push(...this.#delta(delta, () => toldIn(firstChoice(objectIn(data)), false) ?? delta));
    const reason = choice["finish_reason"];
    if (typeof reason === "string" && reason !== "" && !this.#finished)
      said.push(...this.#finish(reason, choice, data));
    this.#usage = usageIn(event, choice) ?? this.#usage;
    // Usage comes in a chunk of its own after the reason; some servers also tell it in every chunk.
    if (this.#finished && usageIn(event, choice) !== undefined) said.push(...this.#completed());
    return said;
  }

  end(done: boolean): Said[] {
    if (this.#finished) return this.#completed();
    // Some servers close without a reason; without the last word the stream was cut.
    if (!done || !this.#opened) return [];
    return [...this.#finishItems(), ...this.#completed()];
  }

  whole(answer: JsonObject, bytes: Uint8Array): Said[] {
    const data = new TextDecoder().decode(bytes);
    const choice = firstChoice(answer);
    const said = this.event("", answer, data);
    if (!isJsonObject(choice["message"]))
      return said.some(({ type }) => type === "refused") ? said : [refused(answer, data)];
    return said.some(({ type }) => type === "refused" || type === "completed")
      ? said
      : [...said, ...this.end(true)];
  }

  #open(event: JsonObject): Said[] {
    if (this.#opened) return [];
    const { id, model } = event;
    this.#opened = {
      ...(typeof id === "string" && id !== "" ? { response: id } : {}),
      ...(typeof model === "string" && model !== "" ? { model } : {}),
    };
    return [{ type: "opened", ...this.#opened }];
  }

  /** `exactly`: the same with every digit of its numbers. */
  #delta(delta: JsonObject, exactly: () => JsonObject): Said[] {
    const said: Said[] = [];
    const { thinking, text } = contentIn(delta["content"]);
    const reasoning = firstText(delta["reasoning_content"], delta["reasoning"], delta["thinking"]) + thinking;
    if (reasoning !== "") {
      if (this.#text.trim() !== "") said.push(...this.#message());
      this.#reasoning += reasoning;
      said.push({ type: "reasoning-delta", text: reasoning });
    }
    const refusal = firstText(delta["refusal"]);
    if (text !== "" || refusal !== "") {
      said.push(...this.#thought());
      this.#text += text;
      this.#refusal += refusal;
      said.push({ type: "text-delta", text: text + refusal });
    }
    const calls = callsIn(delta).some(givesObject) ? callsIn(exactly()) : callsIn(delta);
    if (calls.length > 0) said.push(...this.#thought(), ...this.#message());
    for (const call of calls) said.push(...this.#call(call));
    return said;
  }

  #call(delta: JsonObject): Said[] {
    const { index } = delta;
    const open = this.#calls.findLast((candidate) => continues(candidate, delta));
    if (open) {
      addFragment(open, delta);
      return this.#readyCalls();
    }
    const call = newCall(typeof index === "number" ? index : undefined);
    addFragment(call, delta);
    // Whether this is the empty last fragment of a call that was delivered already.
    const isTold = (): boolean => this.#told.some((earlier) => continues(earlier, delta));
    if (call.arguments.trim() === "" && (call.name === "" || isTold())) return [];
    this.#calls.push(call);
    return this.#readyCalls();
  }

  /** The calls, in order, to which nothing can be added: their arguments are a whole object. (An empty one may be what a gateway begins with.) */
  #readyCalls(): Said[] {
    const said: Said[] = [];
    for (let call = this.#calls[0]; call && call.name !== "" && isWhole(call); call = this.#calls[0]) {
      if (this.#calls.length === 1 && /^\s*\{\s*\}\s*$/u.test(call.arguments)) break;
      this.#calls.shift();
      this.#told.push(call);
      said.push(this.#callItem(call));
    }
    return said;
  }

  #finish(reason: string, choice: JsonObject, data: string): Said[] {
    const details = { ...choice, delta: undefined, message: undefined };
    const end = (code: string, message: string): Said => ({
      type: "refused",
      signal: { source: "event", event: "finish_reason", code, message, details, body: data.slice(0, 4096) },
    });
    if (limited.test(reason)) {
      // Text that was shown stays; calls whose arguments never became whole are dropped.
      this.#calls = this.#calls.filter(isWhole);
      return [...this.#finishItems(), end("max_tokens", `the answer ended with finish_reason "${reason}"`)];
    }
    if (filtered.test(reason))
      return [end("content_filter", `the answer ended with finish_reason "${reason}"`)];
    if (broken.test(reason)) {
      const message = firstText(choice["native_finish_reason"]) || `finish_reason "${reason}"`;
      return [end("server_error", message)];
    }
    if (malformed.test(reason)) return [incomplete(`the answer ended with finish_reason "${reason}"`)];
    this.#finished = true;
    return this.#finishItems();
  }

  #finishItems(): Said[] {
    const calls = this.#calls.splice(0);
    return [...this.#thought(), ...this.#message(), ...calls.map((call) => this.#callItem(call))];
  }

  #completed(): Said[] {
    return [{ type: "completed", ...this.#opened, usage: usageOf(this.#usage) }];
  }

  #thought(): Said[] {
    const text = this.#reasoning;
    this.#reasoning = "";
    if (text.trim() === "") return [];
    return [this.#item({ type: "reasoning", summary: [], content: [{ type: "reasoning_text", text }] })];
  }

  #message(): Said[] {
    const content = [
      ...(this.#text.trim() === "" ? [] : [{ type: "output_text", text: this.#text }]),
      ...(this.#refusal === "" ? [] : [{ type: "refusal", refusal: this.#refusal }]),
    ];
    this.#text = this.#refusal = "";
    return content.length === 0 ? [] : [this.#item({ type: "message", role: "assistant", content })];
  }

  #callItem(call: PartialCall): Said {
    if (call.name === "") return incomplete("the answer holds a tool call without a name");
    return this.#item(callItem(call, this.#callIds.give(call.id), this.#tools));
  }

  #item(value: JsonObject): Said {
    return saidItem(encoder.encode(JSON.stringify(value)), this.#opened?.model);
  }
}

function isError(value: unknown): boolean {
  return isJsonObject(value) || (typeof value === "string" && value !== "");
}

function refused(event: JsonObject, data: string): Said {
  const signal = signalFromEvent("error", event, data);
  const isTold = signal.message !== "" || signal.code !== undefined || signal.status !== undefined;
  return isTold ? { type: "refused", signal } : incomplete("the answer is no chat completion");
}

function firstChoice(event: JsonObject): JsonObject {
  return objectOf(Array.isArray(event["choices"]) ? event["choices"][0] : undefined);
}

/** What a choice adds: a whole answer has all of it in a message. */
function toldIn({ delta, message }: JsonObject, isStreamed: boolean): JsonObject | undefined {
  return [delta, isStreamed ? undefined : message].find(isJsonObject);
}

const callsIn = (delta: JsonObject): JsonObject[] => objectsIn(delta["tool_calls"]);

const objectIn = (data: string): JsonObject => objectOf(parseExactJson(data));

function firstText(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === "string" && value !== "") ?? "";
}

/** Content is text; Mistral's reasoning models give it in parts, thinking among them (2025-06 to 2026). */
function contentIn(content: unknown): { thinking: string; text: string } {
  if (typeof content === "string") return { thinking: "", text: content };
  let thinking = "";
  let text = "";
  for (const part of objectsIn(content)) {
    if (part["type"] !== "thinking") text += firstText(part["text"]);
    else if (typeof part["thinking"] === "string") thinking += part["thinking"];
    else for (const inner of objectsIn(part["thinking"])) thinking += firstText(inner["text"]);
  }
  return { thinking, text };
}

/** Where usage is told: at the top, by Groq in `x_groq`, by Moonshot in the choice. */
function usageIn(event: JsonObject, choice: JsonObject): unknown {
  const groq = isJsonObject(event["x_groq"]) ? event["x_groq"]["usage"] : undefined;
  return [event["usage"], groq, choice["usage"]].find(isJsonObject);
}

/** DeepSeek and Moonshot tell cached tokens by names of their own. */
function usageOf(value: unknown): Usage {
  const usage = objectOf(value);
  return {
    inputTokens: tokenCount(usage["prompt_tokens"]),
    cachedInputTokens:
      tokenCount(usage["prompt_tokens_details"], "cached_tokens") ||
      tokenCount(usage["prompt_cache_hit_tokens"]) ||
      tokenCount(usage["cached_tokens"]),
    outputTokens: tokenCount(usage["completion_tokens"]),
    reasoningTokens: tokenCount(usage["completion_tokens_details"], "reasoning_tokens"),
  };
}
