import { signalFromEvent } from "../../failure/signal.ts";
import { type JsonObject, objectOf, stringOf } from "../../lib/json.ts";
import { parseExactJson, writeJson } from "../../lib/whole-json.ts";
import type { ModelRequest } from "../../provider.ts";
import type { Usage } from "../../session/event.ts";
import { customText } from "../wire/custom-text.ts";
import { incomplete, saidItem } from "../wire/decoder.ts";
import { tokenCount } from "../wire/usage.ts";
import type { AnswerReader, Said } from "../wire/wire.ts";
import { reasoningItem } from "./thinking.ts";

interface OpenBlock {
  readonly block: JsonObject;
  /** Text, thinking or JSON collected from the deltas. */
  text: string;
  signature: string;
}

const encoder = new TextEncoder();

/**
 * Reads the Messages API's server-sent events (anthropic-version 2023-06-01, as of 2026-11) as Responses items. Each content block is an
 * item as soon as it stops; the same events give the same bytes. How the answer ended stands in `message_delta`, before `message_stop`,
 * which may be missing (`end`).
 */
export class MessagesReader implements AnswerReader {
  readonly #customTools: ReadonlySet<string>;
  readonly #open = new Map<number, OpenBlock>();
  #response: string | undefined;
  #model: string | undefined;
  #usage: JsonObject = {};
  #ending: { event: JsonObject; data: string } | undefined;
  /** Whether the usage has come after the stop reason, or one sign of life was waited for it. */
  #isCounted = false;

  constructor(request: Pick<ModelRequest, "tools">) {
    this.#customTools = new Set(request.tools.flatMap(({ type, name }) => (type === "custom" ? [name] : [])));
  }

  event(type: string, event: JsonObject, data: string): Said[] {
    switch (type) {
      case "message_start":
        return this.#start(objectOf(event["message"]));
      case "content_block_start":
        this.#open.set(indexOf(event), {
          block: objectOf(objectOf(parseExactJson(data))["content_block"]),
          text: "",
          signature: "",
        });
        return this.#begun(indexOf(event));
      case "content_block_delta":
        return this.#delta(indexOf(event), objectOf(event["delta"]));
      case "content_block_stop":
        return this.#stop(indexOf(event));
      case "message_delta":
        // Usage may come in a later `message_delta`, which needn't repeat the stop reason.
        if (stringOf(objectOf(event["delta"])["stop_reason"]) !== "") this.#ending = { event, data };
        this.#count(event["usage"]);
        this.#isCounted ||=
          this.#ending !== undefined && tokenCount(objectOf(event["usage"])["output_tokens"]) > 0;
        return [];
      case "ping":
        return this.#keptAlive();
      case "message_stop":
        return this.#end();
      case "error":
        return [{ type: "refused", signal: signalFromEvent("error", event, data) }];
      default:
        // A bare {"error": …} with which some gateways end a stream.
        return event["error"] === undefined || type !== ""
          ? []
          : [{ type: "refused", signal: signalFromEvent("error", event, data) }];
    }
  }

  /**
   * Why the model stopped is told after all that it said. Anthropic's own API ends with `message_stop` right after it; compatible gateways
   * close the stream, or keep it alive, without (github.com/esengine/DeepSeek-Reasonix/pull/8756, openclaw/openclaw/pull/120030,
   * tombii/better-ccflare/pull/307, 2026-07 to 2026-08). An answer that is whole is not asked for again.
   */
  end(): Said[] {
    return this.#ending ? this.#end() : [];
  }

  whole(answer: JsonObject, bytes: Uint8Array): Said[] {
    const data = new TextDecoder().decode(bytes);
    const { content } = objectOf(parseExactJson(data));
    // Every message has content: what has none comes from something else that answers at this URL. Relays in Go write an empty one as null.
    if (!Array.isArray(content) && content !== null) {
      const signal = signalFromEvent("error", answer, data);
      signal.message ||= "the answer has no content";
      return [{ type: "refused", signal }];
    }
    const said = this.#start(answer);
    for (const [index, block] of (content ?? []).entries()) {
      this.#open.set(index, { block: objectOf(block), text: "", signature: "" });
      said.push(...this.#stop(index));
    }
    this.#ending = { event: answer, data };
    return [...said, ...this.#end()];
  }

  /** Ends the answer at a sign of life after the stop reason. The usage may still be missing: then one more is waited for. */
  #keptAlive(): Said[] {
    if (!this.#ending || this.#open.size > 0) return [];
    if (this.#isCounted) return this.#end();
    this.#isCounted = true;
    return [];
  }

  #start(message: JsonObject): Said[] {
    const { id, model } = message;
    if (typeof id === "string") this.#response = id;
    if (typeof model === "string") this.#model = model;
    this.#count(message["usage"]);
    return [{ type: "opened", ...this.#identity() }];
  }

  /** Some endpoints put the first text into the block's start. */
  #begun(index: number): Said[] {
    const { block } = this.#open.get(index)!;
    if (block["type"] === "text") return textDelta("text-delta", block["text"]);
    return block["type"] === "thinking" ? textDelta("reasoning-delta", block["thinking"]) : [];
  }

  #delta(index: number, delta: JsonObject): Said[] {
    const open = this.#open.get(index);
    if (!open) return [incomplete(`a delta of block ${index}, which never started`)];
    switch (delta["type"]) {
      case "text_delta":
        open.text += stringOf(delta["text"]);
        return textDelta("text-delta", delta["text"]);
      case "thinking_delta":
        open.text += stringOf(delta["thinking"]);
        return textDelta("reasoning-delta", delta["thinking"]);
      case "signature_delta":
        open.signature += stringOf(delta["signature"]);
        return [];
      case "input_json_delta":
        open.text += stringOf(delta["partial_json"]);
        return [];
      default:
        return [];
    }
  }

  #stop(index: number): Said[] {
    const open = this.#open.get(index);
    if (!open) return [];
    this.#open.delete(index);
    const item = this.#item(index, open);
    if (!item) return [];
    return [saidItem(encoder.encode(JSON.stringify(item)), this.#model)];
  }

  #item(index: number, { block, text, signature }: OpenBlock): JsonObject | undefined {
    switch (block["type"]) {
      case "text":
        return messageItem(stringOf(block["text"]) + text);
      case "thinking":
        return reasoningItem(this.#itemId(index), {
          thinking: stringOf(block["thinking"]) + text,
          signature: stringOf(block["signature"]) + signature,
        });
      case "redacted_thinking":
        return reasoningItem(this.#itemId(index), { data: stringOf(block["data"]) });
      case "tool_use":
        return this.#call(block, text === "" ? writeJson(objectOf(block["input"])) : text);
      default:
        // The provider's own tools are never asked for; if they run all the same, the text beside them says what they found.
        return undefined;
    }
  }

  #call(block: JsonObject, json: string): JsonObject {
    const call_id = stringOf(block["id"]);
    const name = stringOf(block["name"]);
    return this.#customTools.has(name)
      ? { type: "custom_tool_call", call_id, name, input: customText(json) }
      : { type: "function_call", call_id, name, arguments: json };
  }

  /** Blocks have no ids; a sealed item is told from others by one. */
  #itemId(index: number): string {
    return `rs_${(this.#response ?? "").slice(0, 50)}_${index}`;
  }

  #end(): Said[] {
    // Endpoints that don't say where a block stops.
    const said = [...this.#open.keys()].flatMap((index) => this.#stop(index));
    const { event = {}, data = "" } = this.#ending ?? {};
    const reason = objectOf(event["delta"])["stop_reason"] ?? event["stop_reason"];
    switch (reason) {
      case "max_tokens":
      case "refusal":
      case "model_context_window_exceeded":
        return [...said, { type: "refused", signal: signalFromEvent("message_delta", event, data) }];
      case "pause_turn":
        return [...said, incomplete("the provider paused the turn")];
      default:
        return [...said, { type: "completed", ...this.#identity(), usage: this.#used() }];
    }
  }

  #identity(): { response?: string; model?: string } {
    return {
      ...(this.#response !== undefined && { response: this.#response }),
      ...(this.#model !== undefined && { model: this.#model }),
    };
  }

  /** Counts are cumulative; what a later event doesn't repeat stays. */
  #count(usage: unknown): void {
    for (const [name, value] of Object.entries(objectOf(usage)))
      if (value !== null) this.#usage[name] = value;
  }

  /** The API's input tokens are those beside the cache; here they are all of the input. */
  #used(): Usage {
    const read = tokenCount(this.#usage["cache_read_input_tokens"]);
    const created = tokenCount(this.#usage["cache_creation_input_tokens"]);
    return {
      inputTokens: tokenCount(this.#usage["input_tokens"]) + created + read,
      cachedInputTokens: read,
      outputTokens: tokenCount(this.#usage["output_tokens"]),
      reasoningTokens: tokenCount(this.#usage["output_tokens_details"], "thinking_tokens"),
    };
  }
}

function messageItem(text: string): JsonObject | undefined {
  if (text === "") return undefined;
  return { type: "message", role: "assistant", content: [{ type: "output_text", text }] };
}

function textDelta(type: "text-delta" | "reasoning-delta", text: unknown): Said[] {
  return typeof text === "string" && text !== "" ? [{ type, text }] : [];
}

const indexOf = ({ index }: JsonObject): number => (typeof index === "number" ? index : 0);
