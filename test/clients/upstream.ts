import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { FernetKey } from "./fernet.ts";
import { type Answer, answerTo, outputItems } from "./model.ts";
import { type Item, objection, type Refusal, type SealWording } from "./requirements.ts";
import { eventText, type Framing, responseEvents, type StreamEvent } from "./stream-text.ts";

/** What goes wrong with one request. A request that is not made wrong is validated and answered by the model. */
export type Fault =
  | { do: "pass" }
  /** The connection is destroyed when the event has been sent and `once` has come true. */
  | { do: "cut"; after: "created" | "reasoning" | "call" | "half-text"; once?: () => boolean }
  /** Nothing is sent for so long, before the headers or after `response.created`; then the answer. */
  | { do: "silent"; ms: number; when: "at-once" | "created" }
  | ({ do: "refuse" } & Refusal)
  /** A plan's usage limit sets in, for so long. */
  | { do: "limit"; ms: number }
  | { do: "event"; event: StreamEvent };

export interface Recorded {
  /** Milliseconds since 1970. */
  at: number;
  headers: IncomingMessage["headers"];
  raw: string;
  body: Item;
  input: Item[];
  /** What became of it: "answered", the fault's name, or "refused: …" in the words of the refusal. */
  outcome: string;
}

export interface Upstream {
  readonly url: string;
  readonly requests: Recorded[];
  /** The answers to a prompt; a prompt without any is echoed. */
  script(prompt: string, ...answers: Answer[]): void;
  /** The faults of the requests to come, one each. */
  plan(...faults: Fault[]): void;
  /** The fault of every request that has none planned. */
  always(fault: Fault | undefined): void;
  framing: Framing;
  wording: SealWording;
  /** From now on what was sealed before can't be opened. */
  rotate(): void;
  /** Blobs that can't be opened although their key is the right one. */
  readonly spoiled: Set<string>;
  /** What this endpoint refuses beside what the API does, in order. */
  readonly demands: ((body: Item, input: readonly Item[]) => Refusal | undefined)[];
  /** A plan's usage limit that ends then (milliseconds since 1970). */
  limitedUntil: number;
  /** Requests with more than so many tokens (four bytes each) overflow. */
  contextTokens: number;
  close(): Promise<void>;
}

export const apiKey = "sk-test-0123456789abcdef";

/** The Responses API as an agent meets it, on a free port of the loopback; written from its documentation and from failures.md alone. */
export async function startUpstream(): Promise<Upstream> {
  const upstream = new LoopbackUpstream();
  await upstream.listen();
  return upstream;
}

class LoopbackUpstream implements Upstream {
  readonly requests: Recorded[] = [];
  readonly spoiled = new Set<string>();
  readonly demands: Upstream["demands"] = [];
  framing: Framing = {};
  wording: SealWording = "coded";
  limitedUntil = 0;
  contextTokens = Number.POSITIVE_INFINITY;
  url = "";
  #key = new FernetKey();
  readonly #scripts = new Map<string, Answer[]>();
  readonly #planned: Fault[] = [];
  #standing: Fault | undefined;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      // Clients that hang up in the middle are part of the tests.
      if (!response.destroyed) response.destroy(error instanceof Error ? error : undefined);
    });
  });

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  script(prompt: string, ...answers: Answer[]): void {
    this.#scripts.set(prompt, answers);
  }

  plan(...faults: Fault[]): void {
    this.#planned.push(...faults);
  }

  always(fault: Fault | undefined): void {
    this.#standing = fault;
  }

  rotate(): void {
    this.#key = new FernetKey();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await bodyOf(request);
    if (request.method !== "POST" || request.url !== "/v1/responses")
      return send(response, {
        status: 404,
        body: { error: { message: `Invalid URL (${request.method} ${request.url})` } },
      });
    const fault = this.#planned.shift() ?? this.#standing ?? { do: "pass" };
    const recorded: Recorded = {
      at: Date.now(),
      headers: request.headers,
      raw,
      body: {},
      input: [],
      outcome: fault.do,
    };
    this.requests.push(recorded);
    const unread = unreadable(recorded) ?? wrongKey(recorded);
    if (unread) return send(response, unread);
    const [created] = responseEvents(String(recorded.body["model"]), [], 0) as [StreamEvent];
    if (fault.do === "refuse") return send(response, fault);
    if (fault.do === "event") return stream(response, [created, fault.event], this.framing);
    if (fault.do === "limit") this.limitedUntil = Date.now() + fault.ms;
    if (fault.do === "silent" && fault.when === "at-once") await silence(fault.ms, response);

    const refusal = this.#refusalOf(recorded);
    if (refusal) {
      recorded.outcome = `refused: ${JSON.stringify(refusal.body)}`;
      if (refusal.status !== 200) return send(response, refusal);
      return stream(response, [created, refusal.body as StreamEvent], this.framing);
    }
    if (fault.do === "pass") recorded.outcome = "answered";
    await this.#answer(response, recorded, fault);
  }

  #refusalOf({ raw, body, input }: Recorded): Refusal | undefined {
    const opens = (blob: string): boolean => !this.spoiled.has(blob) && this.#key.open(blob) !== undefined;
    return (
      usageLimit(this.limitedUntil) ??
      overflow(raw, this.contextTokens) ??
      first(this.demands, (demand) => demand(body, input)) ??
      objection(body, opens, this.wording)
    );
  }

  async #answer(response: ServerResponse, { raw, body, input }: Recorded, fault: Fault): Promise<void> {
    const answer = answerTo(input, (prompt) => this.#scripts.get(prompt) ?? []);
    const events = responseEvents(
      String(body["model"]),
      outputItems(answer, body, this.#key),
      Math.ceil(raw.length / 4),
    );
    if (fault.do === "cut") {
      await stream(response, events.slice(0, cutPoint(events, fault.after)), this.framing, "open");
      while (fault.once && !fault.once()) await sleep(20);
      response.socket?.destroy();
    } else if (fault.do === "silent" && fault.when === "created") {
      await stream(response, events.slice(0, 2), this.framing, "open");
      await silence(fault.ms, response);
      await stream(response, events.slice(2), this.framing);
    } else await stream(response, events, this.framing);
  }
}

/** Reads the body into the record; the refusal of one that can't be read. */
function unreadable(recorded: Recorded): Refusal | undefined {
  try {
    recorded.body = JSON.parse(recorded.raw) as Item;
  } catch (error) {
    recorded.outcome = "not JSON";
    const message = `The request body is not valid JSON: ${String(error)}`;
    return { status: 400, body: { error: { message, code: null } } };
  }
  const { input } = recorded.body;
  if (Array.isArray(input)) recorded.input = input as Item[];
  return undefined;
}

function wrongKey(recorded: Recorded): Refusal | undefined {
  if (recorded.headers.authorization === `Bearer ${apiKey}`) return undefined;
  recorded.outcome = "refused: key";
  const message = "Incorrect API key provided.";
  return {
    status: 401,
    body: { error: { message, type: "invalid_request_error", code: "invalid_api_key" } },
  };
}

function first<T, R>(among: readonly T[], look: (one: T) => R | undefined): R | undefined {
  for (const one of among) {
    const found = look(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, { status, body, headers }: Refusal): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "x-request-id": "req_test", ...headers });
  response.end(text);
}

/** Writes events, and ends the response unless it is left "open". */
async function stream(
  response: ServerResponse,
  events: readonly StreamEvent[],
  framing: Framing,
  end: "open" | "ended" = "ended",
): Promise<void> {
  const text = events.map((event) => eventText(event, framing)).join("");
  if (!response.headersSent) {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    response.flushHeaders();
    response.socket?.setNoDelay(true);
    if (framing.byteOrderMark) response.write("\uFEFF");
  }
  const bytes = Buffer.from(text + (framing.done && end === "ended" ? "data: [DONE]\n\n" : ""));
  if (framing.bytewise) {
    for (const byte of bytes) await written(response, Buffer.from([byte]));
  } else if (bytes.length > 0) await written(response, bytes);
  if (end === "ended") response.end();
}

function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => response.write(bytes, () => resolve()));
}

async function silence(ms: number, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  await sleep(ms, undefined, { signal: gone.signal });
}

/** How many events have been sent when the connection breaks. */
function cutPoint(
  events: readonly StreamEvent[],
  after: "created" | "reasoning" | "call" | "half-text",
): number {
  if (after === "created") return 1;
  const at = events.findIndex((event) => {
    const type = (event["item"] as Item | undefined)?.["type"];
    if (after === "half-text") return event.type === "response.output_text.delta";
    const wanted =
      after === "reasoning" ? type === "reasoning" : type === "function_call" || type === "custom_tool_call";
    return event.type === "response.output_item.done" && wanted;
  });
  if (at < 0) throw new Error(`the answer has no ${after} to cut after`);
  return at + 1;
}

function usageLimit(until: number): Refusal | undefined {
  const left = until - Date.now();
  if (left <= 0) return undefined;
  const seconds = Math.ceil(left / 1_000);
  const resetsAt = Math.ceil(until / 1_000);
  return {
    status: 429,
    headers: {
      "x-codex-active-limit": "primary",
      "x-codex-primary-used-percent": "100",
      "x-codex-primary-window-minutes": "300",
      "x-codex-primary-reset-after-seconds": String(seconds),
      "x-codex-primary-reset-at": String(resetsAt),
      "x-codex-secondary-used-percent": "41",
      "x-codex-secondary-window-minutes": "10080",
      "x-codex-secondary-reset-after-seconds": "301112",
      "x-codex-plan-type": "plus",
    },
    body: {
      error: {
        type: "usage_limit_reached",
        message: "The usage limit has been reached",
        plan_type: "plus",
        resets_at: resetsAt,
        resets_in_seconds: seconds,
      },
    },
  };
}

function overflow(raw: string, contextTokens: number): Refusal | undefined {
  if (raw.length / 4 <= contextTokens) return undefined;
  const message =
    "Your input exceeds the context window of this model. Please adjust your input and try again.";
  return {
    status: 400,
    body: {
      error: { message, type: "invalid_request_error", param: "input", code: "context_length_exceeded" },
    },
  };
}
