import { createParser } from "eventsource-parser";
import { isHtml, signalFromEvent, signalFromTransport } from "../../failure/signal.ts";
import type { FailureSignal } from "../../failure.ts";
import { elements, isJsonObject, type JsonObject, members, parseJson } from "../../lib/json.ts";
import type { ProviderEvent } from "../../provider.ts";
import type { Usage } from "../../session/event.ts";
import { describeItem } from "../../session/item.ts";

/** What a piece of the stream says: an event for the consumer, or the signal of a failure, which is the end. */
export type Said =
  | Exclude<ProviderEvent, { type: "failed" | "silent" }>
  | { type: "refused"; signal: FailureSignal };

const encoder = new TextEncoder();

/**
 * Reads the Responses API's server-sent events (official names, 2025-03 to 2026-11). Items come from `response.output_item.done`, cut out
 * of the event's data as they stand there; some gateways send them only in `response.completed`.
 */
export class EventDecoder {
  readonly #text = new TextDecoder();
  readonly #said: Said[] = [];
  readonly #parser = createParser({ onEvent: ({ event, data }) => this.#event(event, data) });
  #opened = false;
  #model: string | undefined;
  #items = 0;
  #start = "";

  /** Feeds bytes and takes what they complete. */
  feed(bytes: Uint8Array): Said[] {
    const text = this.#text.decode(bytes, { stream: true });
    if (this.#start.length < 512) this.#start += text.slice(0, 512);
    this.#parser.feed(text);
    return this.#said.splice(0);
  }

  /** The end of the stream before its last event: a cut, or something else than a stream. */
  end(): FailureSignal {
    if (isHtml(this.#start))
      return { source: "http", status: 200, message: "an HTML page instead of a stream", body: this.#start };
    // Answers that are an error body without being declared as JSON.
    const body = this.#opened ? undefined : parseJson(this.#start);
    if (isJsonObject(body)) return signalFromEvent("error", body, this.#start);
    return signalFromTransport("CUT", "the stream closed before response.completed");
  }

  #event(name: string | undefined, data: string): void {
    if (data === "[DONE]") return;
    const parsed = parseJson(data);
    const type = isJsonObject(parsed) && typeof parsed["type"] === "string" ? parsed["type"] : name;
    if (!isJsonObject(parsed)) {
      this.#said.push({
        type: "refused",
        signal: signalFromTransport("INCOMPLETE", `the stream event ${type ?? "without a name"} is not JSON`),
      });
      return;
    }
    this.#said.push(...this.#read(type ?? "", parsed, data));
  }

  #read(type: string, event: JsonObject, data: string): Said[] {
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
        return Number(event["summary_index"]) > 0 ? [{ type: "reasoning-delta", text: "\n\n" }] : [];
      case "response.output_item.done":
        return [this.#item(memberBytes(encoder.encode(data), "item"))];
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

  #item(item: Uint8Array | undefined): Said {
    const facts = item && describeItem(item);
    if (!facts)
      return {
        type: "refused",
        signal: signalFromTransport("INCOMPLETE", "the stream delivered an item without a type"),
      };
    this.#items++;
    return { type: "item", item, facts, ...(this.#model === undefined ? {} : { model: this.#model }) };
  }

  #completed(event: JsonObject, data: string): Said[] {
    const response = isJsonObject(event["response"]) ? event["response"] : {};
    const items = this.#items > 0 ? [] : outputItems(memberBytes(encoder.encode(data), "response"));
    return [
      ...items.map((item) => this.#item(item)),
      { type: "completed", ...identity(response), usage: usageOf(response["usage"]) },
    ];
  }
}

/** What a whole answer says (an endpoint that doesn't stream): its items and its end. */
export function readAnswer(bytes: Uint8Array): Said[] {
  const text = new TextDecoder().decode(bytes);
  const response = parseJson(text);
  if (!isJsonObject(response))
    return [{ type: "refused", signal: signalFromTransport("CUT", "the answer is not whole JSON") }];
  const status = response["status"];
  if (isJsonObject(response["error"]) || typeof response["error"] === "string" || status === "failed") {
    return [{ type: "refused", signal: signalFromEvent("response.failed", response, text) }];
  }
  const said: Said[] = [{ type: "opened", ...identity(response) }];
  for (const item of outputItems(bytes)) {
    const facts = describeItem(item);
    if (!facts)
      return [
        ...said,
        {
          type: "refused",
          signal: signalFromTransport("INCOMPLETE", "the answer holds an item without a type"),
        },
      ];
    said.push({ type: "item", item, facts });
  }
  if (status === "incomplete")
    return [...said, { type: "refused", signal: signalFromEvent("response.incomplete", response, text) }];
  return [...said, { type: "completed", ...identity(response), usage: usageOf(response["usage"]) }];
}

function memberBytes(bytes: Uint8Array, key: string): Uint8Array | undefined {
  const member = members(bytes).find((candidate) => candidate.key === key);
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
  const usage = isJsonObject(value) ? value : {};
  const input = isJsonObject(usage["input_tokens_details"]) ? usage["input_tokens_details"] : {};
  const output = isJsonObject(usage["output_tokens_details"]) ? usage["output_tokens_details"] : {};
  return {
    inputTokens: count(usage["input_tokens"]),
    cachedInputTokens: count(input["cached_tokens"]),
    outputTokens: count(usage["output_tokens"]),
    reasoningTokens: count(output["reasoning_tokens"]),
  };
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
