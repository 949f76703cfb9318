import { createParser } from "eventsource-parser";
import { bodyLimit, isHtml, signalFromEvent, signalFromTransport } from "../../failure/signal.ts";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import { describeItem } from "../../session/item.ts";
import type { AnswerReader, Said } from "./wire.ts";

/** Takes server-sent events apart for a wire's reader. */
export class EventDecoder {
  readonly #reader: AnswerReader;
  readonly #lastEvent: string;
  readonly #text = new TextDecoder();
  readonly #said: Said[] = [];
  readonly #parser = createParser({
    onEvent: ({ event, data }) => this.#event(event, data),
    // llama.cpp told errors in a field of that name (seen to 2025).
    onError: ({ type, field, value }) => {
      if (type === "unknown-field" && field === "error") this.#event("error", value ?? "");
    },
  });
  #events = 0;
  #isEnding = false;
  #start = "";

  constructor(reader: AnswerReader, lastEvent: string) {
    this.#reader = reader;
    this.#lastEvent = lastEvent;
  }

  /** Feeds bytes and takes what they complete. */
  feed(bytes: Uint8Array): Said[] {
    const text = this.#text.decode(bytes, { stream: true });
    if (this.#events === 0 && this.#start.length < bodyLimit) this.#start += text.slice(0, bodyLimit);
    this.#parser.feed(text);
    return this.#said.splice(0);
  }

  /** The end of the stream: the reader's own, or else a cut, or something else than a stream. */
  end(): Said[] {
    const said = this.#lastWords();
    if (!said.some(isEnd)) said.push(...(this.#reader.end?.(false) ?? []));
    if (said.some(isEnd)) return said;
    if (this.#events === 0) {
      if (isHtml(this.#start)) {
        const message = "an HTML page instead of a stream";
        return [{ type: "refused", signal: { source: "http", status: 200, message, body: this.#start } }];
      }
      // Answers that are an error body without being declared as JSON.
      const body = parseJson(this.#start);
      if (isJsonObject(body))
        return [{ type: "refused", signal: signalFromEvent("error", body, this.#start) }];
    }
    const signal = signalFromTransport("CUT", `the stream closed before ${this.#lastEvent}`);
    return [...said, { type: "refused", signal }];
  }

  /** The last event of a stream that ends without the blank line after it, as some servers' do. One that is cut off says nothing. */
  #lastWords(): Said[] {
    this.#isEnding = true;
    this.#parser.feed("\n\n");
    return this.#said.splice(0);
  }

  #event(name: string | undefined, data: string): void {
    this.#events++;
    const written = data.trim();
    if (written === "[DONE]") {
      this.#said.push(...(this.#reader.end?.(true) ?? []));
      return;
    }
    const event = parseJson(data);
    if (isJsonObject(event)) {
      const type = name !== "error" && typeof event["type"] === "string" ? event["type"] : (name ?? "");
      this.#said.push(...this.#reader.event(type, event, data));
      return;
    }
    if (name === "error" && written !== "") {
      this.#said.push({ type: "refused", signal: signalFromEvent(name, { message: written }, data) });
      return;
    }
    // A keepalive carries nothing, or a word; only data that begins as JSON can be an event that was damaged on its way.
    if (this.#isEnding || !/^[{[]/u.test(written)) return;
    this.#said.push(incomplete(`the stream event ${name ?? "without a name"} is not JSON`));
  }
}

const isEnd = ({ type }: Said): boolean => type === "completed" || type === "refused";

const byteOrderMark = Buffer.from("\uFEFF");

/** What a whole answer says (an endpoint that doesn't stream). */
export function readAnswer(reader: AnswerReader, body: Buffer): Said[] {
  // Text loses its mark by itself; where items are cut out of the bytes, it would stand in the way.
  const bytes = body.subarray(0, 3).equals(byteOrderMark) ? body.subarray(3) : body;
  const text = new TextDecoder().decode(bytes);
  const answer = parseJson(text);
  if (!isJsonObject(answer))
    return [{ type: "refused", signal: signalFromTransport("CUT", "the answer is not whole JSON") }];
  if (isJsonObject(answer["error"]) || typeof answer["error"] === "string")
    return [{ type: "refused", signal: signalFromEvent("response.failed", answer, text) }];
  return reader.whole(answer, bytes);
}

/** An item of the answer, by its bytes as a Responses item; `undefined` where the answer lacks it. */
export function saidItem(item: Uint8Array | undefined, model: string | undefined): Said {
  const facts = item && describeItem(item);
  if (!facts) return incomplete("the answer holds an item without a type");
  return { type: "item", item, facts, ...(model !== undefined && { model }) };
}

/** The failure for an answer that can't be read, because it was damaged on its way. */
export function incomplete(message: string): Said {
  return { type: "refused", signal: signalFromTransport("INCOMPLETE", message) };
}
