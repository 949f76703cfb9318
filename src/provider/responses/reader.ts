import { signalFromEvent } from "../../failure/signal.ts";
import { elements, isJsonObject, type JsonObject, memberNamed, objectOf } from "../../lib/json.ts";
import type { Usage } from "../../session/event.ts";
import { incomplete, saidItem } from "../wire/decoder.ts";
import { tokenCount } from "../wire/usage.ts";
import type { AnswerReader, Said } from "../wire/wire.ts";

const encoder = new TextEncoder();

/**
 * Reads the Responses API's server-sent events (official names, 2025-03 to 2026-11). Items come from `response.output_item.done`, cut out
 * of the event's data as they stand there; some gateways send them only in `response.completed`.
 */
export class ResponsesReader implements AnswerReader {
  #opened = false;
  #model: string | undefined;
  #items = 0;
  /** The bytes of the items that were told as they came. */
  readonly #told = new Set<string>();

  event(type: string, event: JsonObject, data: string): Said[] {
    switch (type) {
      case "response.created":
      case "response.in_progress": {
        if (this.#opened) return [];
        this.#opened = true;
        this.#model = identity(event["response"]).model;
        return [{ type: "opened", ...identity(event["response"]) }];
      }
      case "response.output_text.delta":
      case "response.refusal.delta":
        return typeof event["delta"] === "string" ? [{ type: "text-delta", text: event["delta"] }] : [];
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return typeof event["delta"] === "string" ? [{ type: "reasoning-delta", text: event["delta"] }] : [];
      case "response.reasoning_summary_part.added":
        return typeof event["summary_index"] === "number" && event["summary_index"] > 0
          ? [{ type: "reasoning-delta", text: "\n\n" }]
          : [];
      case "response.output_item.done": {
        const said = this.#item(memberBytes(encoder.encode(data), "item"));
        return this.#isRepeated(said) ? [] : [said];
      }
      case "response.completed":
      case "response.done":
        return this.#completed(event, data);
      case "response.failed":
      case "response.incomplete":
      case "error":
        return [{ type: "refused", signal: signalFromEvent(type, event, data) }];
      case "":
        // Gateways end a stream with a bare {"error": …}.
        return event["error"] === undefined
          ? []
          : [{ type: "refused", signal: signalFromEvent("error", event, data) }];
      default:
        return [];
    }
  }

  whole(response: JsonObject, bytes: Uint8Array): Said[] {
    const text = (): string => new TextDecoder().decode(bytes);
    if (response["status"] === "failed") return [ending(response, text)];
    // Every response has an output: what has none comes from something else that answers at this URL. Relays in Go write an empty one as null.
    if (!Array.isArray(response["output"]) && response["output"] !== null) {
      const signal = signalFromEvent("response.failed", response, text());
      signal.message ||= "the answer has no output";
      return [{ type: "refused", signal }];
    }
    const said: Said[] = [{ type: "opened", ...identity(response) }];
    for (const item of outputItems(bytes)) said.push(this.#item(item));
    if (said.some(({ type }) => type === "refused")) return said;
    return [...said, ending(response, text)];
  }

  /** An item that is told once more, byte for byte and with its id, by a relay that gives an event twice: its call is not to be made twice. */
  #isRepeated(said: Said): boolean {
    if (said.type !== "item" || (said.facts.id ?? "") === "") return false;
    const text = Buffer.from(said.item).toString("latin1");
    if (this.#told.has(text)) return true;
    this.#told.add(text);
    return false;
  }

  #item(item: Uint8Array | undefined): Said {
    const said = saidItem(item, this.#model);
    if (said.type === "item") this.#items++;
    return said;
  }

  #completed(event: JsonObject, data: string): Said[] {
    const response = objectOf(event["response"]);
    const items = this.#items > 0 ? [] : outputItems(memberBytes(encoder.encode(data), "response"));
    return [...items.map((item) => this.#item(item)), ending(response, () => data)];
  }
}

/**
 * How a response ended, by its `status`. Relays that make it of another wire's answer end a stream with `response.completed` whatever
 * became of it (LiteLLM, for one that stopped at the output limit).
 */
function ending(response: JsonObject, text: () => string): Said {
  const { status } = response;
  if (status === "failed" || status === "incomplete")
    return { type: "refused", signal: signalFromEvent(`response.${status}`, response, text()) };
  if (status === "cancelled") return incomplete("the response was cancelled");
  return { type: "completed", ...identity(response), usage: usageOf(response["usage"]) };
}

function memberBytes(bytes: Uint8Array, key: string): Uint8Array | undefined {
  const member = memberNamed(bytes, key);
  return member && bytes.subarray(member.valueStart, member.end);
}

/** The elements of a response's `output`, as they stand in its bytes. */
function outputItems(response: Uint8Array | undefined): Uint8Array[] {
  const output = response && memberBytes(response, "output");
  return output ? elements(output).map(([start, end]) => output.subarray(start, end)) : [];
}

function identity(response: unknown): { response?: string; model?: string } {
  if (!isJsonObject(response)) return {};
  const { id, model } = response;
  return {
    ...(typeof id === "string" ? { response: id } : {}),
    ...(typeof model === "string" ? { model } : {}),
  };
}

function usageOf(value: unknown): Usage {
  const usage = objectOf(value);
  return {
    inputTokens: tokenCount(usage["input_tokens"]),
    cachedInputTokens: tokenCount(usage["input_tokens_details"], "cached_tokens"),
    outputTokens: tokenCount(usage["output_tokens"]),
    reasoningTokens: tokenCount(usage["output_tokens_details"], "reasoning_tokens"),
  };
}
