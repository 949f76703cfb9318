import { pipeline, Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { advised } from "../../failure/message.ts";
import { classify } from "../../failure/classify.ts";
import { mayHideSeals } from "../../failure/pattern.ts";
import { bodyLimit, plainHeaders, signalFromHttp, signalFromTransport } from "../../failure/signal.ts";
import { Failure, type FailureSignal, isFailure } from "../../failure.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { ContentDecoder } from "../../lib/content-decoder.ts";
import { isSecret } from "../../lib/secret.ts";
import { writeJson } from "../../lib/whole-json.ts";
import { bytesWords } from "../../lib/words.ts";
import type { ModelRequest, Provider, ProviderEvent } from "../../provider.ts";
import { arriving } from "./arriving.ts";
import { answerKind, beginning, begunWith } from "./beginning.ts";
import { holdsSealed, type StreamedBody } from "./body.ts";
import { dispatcherFor, connectionWords, errorCode } from "./connection.ts";
import { EventDecoder, readAnswer } from "./decoder.ts";
import { issuerOf } from "./issuer.ts";
import { IdleError, Pulse, type Silence } from "./pulse.ts";
import { withoutUnsent } from "./unsent.ts";
import type { AnswerReader, Said, Wire } from "./wire.ts";

/** What every wire needs to know of its endpoint. */
export interface WireOptions {
  /** The provider's name in the configuration; it stands in messages. */
  name: string;
  /** Without the wire's own path: `https://api.openai.com/v1`. A query (`?api-version=…`) is kept. What is no URL is a `TypeError`. */
  baseUrl: string;
  /** Sent in the wire's own header (`authorization: Bearer …`) and nowhere else. */
  apiKey?: string;
  /** Name of the backend's replay contract (`replay/contracts`). */
  contract: string;
  /** Names the issuer in place of the key where keys change and the account doesn't (OAuth tokens). */
  issuerAccount?: string;
  /** Sent with every request, beside the wire's own. */
  headers?: Readonly<Record<string, string>>;
  /** Without a single byte for so long (milliseconds) the request is given up. */
  idleTimeoutMs?: number;
  /** Without an event for so long (milliseconds) a sign of silence is given, and again after each further stretch. */
  silenceMs?: number;
  /** A connection that takes longer (milliseconds) counts as refused; 10,000 unless told. */
  connectTimeoutMs?: number;
  /** An answer of more bytes, unpacked, is given up as an `output-limit`; 256 MB unless told. */
  maxAnswerBytes?: number;
  clock?: Clock;
  /** In place of the provider's own connections. */
  dispatcher?: Dispatcher;
}

/** A provider that speaks `wire` over HTTP and server-sent events. One request for each `stream`. */
export function wireProvider<Body extends StreamedBody>(options: WireOptions, wire: Wire<Body>): Provider {
  return new WireProvider(options, wire);
}

// An error body is read for so long at most, milliseconds; what has come by then is classified.
const errorBodyMs = 5_000;
const drainMs = 1_000;
const drainBytes = 64 * 1024;
/** The longest answers that models write (256 Ki tokens, an event of 600 bytes each) come to 150 MB. */
const answerBytes = 256_000_000;

interface Connection {
  readonly closer: AbortController;
  /** The answer is whole and the rest of the body is being read away. */
  draining: boolean;
}

class WireProvider<Body extends StreamedBody> implements Provider {
  readonly name: string;
  readonly contract: string;
  readonly issuer: string;
  readonly #options: WireOptions;
  readonly #wire: Wire<Body>;
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;

  constructor(options: WireOptions, wire: Wire<Body>) {
    this.name = options.name;
    this.contract = options.contract;
    this.issuer = issuerOf(options.baseUrl, options.issuerAccount ?? options.apiKey, wire.seals);
    this.#options = options;
    this.#wire = wire;
    this.#url = new URL(options.baseUrl);
    this.#url.pathname = `${this.#url.pathname.replace(/\/+$/u, "")}${wire.path}`;
    this.#clock = options.clock ?? systemClock;
    this.#dispatcher = options.dispatcher ?? dispatcherFor(this.#url, options.connectTimeoutMs ?? 10_000);
  }

  takesSealed(settings: Pick<ModelRequest, "model"> & { effort?: string | undefined }): boolean {
    return this.#wire.takesSealed?.(settings) ?? true;
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    const connection: Connection = { closer: new AbortController(), draining: false };
    try {
      yield* this.#exchange(request, signal, connection);
    } catch (error) {
      yield { type: "failed", failure: this.#failure(error, signal) };
    } finally {
      if (!connection.draining) connection.closer.abort(new Error("the stream is closed"));
    }
  }

  /** One request and its answer. Throws what goes wrong under way; a refusal by the provider is the last event. */
  async *#exchange(
    request: ModelRequest,
    signal: AbortSignal,
    connection: Connection,
  ): AsyncGenerator<ProviderEvent> {
    signal.throwIfAborted();
    const { idleTimeoutMs = 300_000, silenceMs = 15_000 } = this.#options;
    const pulse = new Pulse(this.#clock, idleTimeoutMs, silenceMs);
    const sent = await this.#wire.body(request);
    const answer = yield* pulse.wait(
      this.#send(sent, pulse, AbortSignal.any([signal, connection.closer.signal])),
      signal,
    );
    const headers = plainHeaders(answer.headers);
    const ok = answer.statusCode >= 200 && answer.statusCode < 300;
    const body = decoded(answer.body, headers["content-encoding"]);
    const refused = async (bytes: AsyncIterable<Buffer | Silence>): Promise<ProviderEvent> => {
      const text = await readStart(body, bytes, signal);
      const told = signalFromHttp(answer.statusCode, headers, text);
      return { type: "failed", failure: await this.#refusal(told, request, sent) };
    };
    if (!ok) {
      yield await refused(body);
      return;
    }

    const reader = arriving(body);
    const coming = this.#pieces(reader, pulse, signal);
    const start = yield* beginning(coming);
    const kind = answerKind(headers["content-type"] ?? "", start);
    const pieces = begunWith(start, coming);
    if (kind === "page") {
      yield await refused(pieces);
      return;
    }
    const answerReader = this.#wire.reader(request, sent);
    const said =
      kind === "whole" ? this.#whole(pieces, answerReader) : this.#events(pieces, answerReader, signal);
    for await (const event of said) {
      signal.throwIfAborted();
      if (event.type === "refused") {
        const failure = await this.#refusal(withHeaders(event.signal, headers), request, sent);
        yield { type: "failed", failure };
        return;
      }
      if (event.type === "completed") {
        connection.draining = true;
        void drain(reader, connection.closer);
        yield event;
        return;
      }
      yield event;
      if (event.type !== "silent") pulse.word();
    }
  }

  #send(body: Body, pulse: Pulse, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { apiKey, headers } = this.#options;
    const own = this.#wire.headers ?? bearer;
    const { origin, pathname, search } = this.#url;
    return this.#dispatcher.request({
      origin,
      path: `${pathname}${search}`,
      method: "POST",
      signal,
      headers: {
        "content-type": "application/json",
        "content-length": String(body.bytes),
        accept: "text/event-stream",
        "accept-encoding": "identity",
        "user-agent": "throughline",
        ...own(apiKey),
        ...headers,
      },
      body: Readable.from(counted(body.chunks(), pulse), { objectMode: false }),
    });
  }

  async *#events(
    pieces: AsyncIterable<Buffer | Silence>,
    answer: AnswerReader,
    signal: AbortSignal,
  ): AsyncGenerator<Said | Silence> {
    const decoder = new EventDecoder(answer, this.#wire.lastEvent);
    try {
      for await (const piece of pieces) {
        if (Buffer.isBuffer(piece)) yield* decoder.feed(piece);
        else yield piece;
      }
    } catch (error) {
      // A connection that breaks, or never closes, after an answer that was whole loses nothing.
      const end = signal.aborted ? [] : (answer.end?.(false) ?? []);
      if (end.length === 0) throw error;
      yield* end;
      return;
    }
    yield* decoder.end();
  }

  async *#whole(
    pieces: AsyncIterable<Buffer | Silence>,
    answer: AnswerReader,
  ): AsyncGenerator<Said | Silence> {
    const chunks: Buffer[] = [];
    for await (const piece of pieces) {
      if (Buffer.isBuffer(piece)) chunks.push(piece);
      else yield piece;
    }
    yield* readAnswer(answer, Buffer.concat(chunks));
  }

  /** The body's bytes as they come, with the signs of silence between them. */
  async *#pieces(
    reader: AsyncIterator<Buffer>,
    pulse: Pulse,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer | Silence> {
    const { maxAnswerBytes = answerBytes } = this.#options;
    for (let bytes = 0; ;) {
      const next = yield* pulse.wait(reader.next(), signal);
      if (next.done) return;
      bytes += next.value.length;
      if (bytes > maxAnswerBytes) throw this.#tooLong(maxAnswerBytes);
      if (isHeartbeat(next.value)) pulse.byte();
      else pulse.word();
      yield next.value;
    }
  }

  async #refusal(told: FailureSignal, request: ModelRequest, sent: Body): Promise<Failure> {
    const signal = eachText(told, (text) => this.#withoutKey(text)) as FailureSignal;
    const mayHoldSealed = this.#wire.sendsSealed && request.sealed;
    const sealedSent = mayHoldSealed && mayHideSeals(signal) && (await holdsSealed(request.input));
    const failure = classify(signal, { now: this.#clock.now(), provider: this.name, sealedSent });
    const placed = this.#wire.placed?.(failure, sent) ?? failure;
    return withoutUnsent(placed, request, sent, (other) => this.#wire.body(other));
  }

  /** Not tried again: a server, or a model, that has lost its way writes as much the next time. */
  #tooLong(bytes: number): Failure {
    const happened = `The answer came to more than ${bytesWords(bytes)}, which no model writes, and was given up (output-limit, ${this.name}). What was whole by then is kept.`;
    return new Failure("output-limit", advised(happened, "output-limit"), { reason: "bytes" });
  }

  #failure(error: unknown, signal: AbortSignal): Failure {
    if (signal.aborted)
      return new Failure("cancelled", `The request to ${this.name} was cancelled.`, {}, { cause: error });
    // The request's input could not be read from the store, or the answer is too long.
    if (isFailure(error)) return error;
    const code = error instanceof IdleError ? "IDLE" : errorCode(error);
    const message = this.#withoutKey(error instanceof Error ? connectionWords(error) : String(error));
    return classify(signalFromTransport(code, `${this.#url.origin}: ${message || code}`), {
      now: this.#clock.now(),
      provider: this.name,
    });
  }

  /** Some endpoints quote the key that they refuse. */
  #withoutKey(text: string): string {
    const { apiKey } = this.#options;
    // In raw JSON a line break right before the word is an escape, whose last letter must not be taken for part of the word.
    return (isSecret(apiKey) ? text.replaceAll(apiKey, "[key]") : text).replaceAll(
      /(?:\b|(?<=\\[nrt]))(?:sk|key)-[\w*-]{8,}/gu,
      "[key]",
    );
  }
}

/** The JSON value with every string changed, the names of members apart. */
function eachText(value: object, change: (text: string) => string): unknown {
  return JSON.parse(
    writeJson(value, (_name, member) => (typeof member === "string" ? change(member) : member)),
  ) as unknown;
}

function bearer(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

/** Passes the body on and counts every piece that the socket took as a sign of life. */
async function* counted(chunks: AsyncIterable<Uint8Array>, pulse: Pulse): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    pulse.byte();
    yield chunk;
  }
}

/** Reads away what follows the last event (normally nothing), so that the connection can serve the next step. */
async function drain(reader: AsyncIterator<Buffer>, closer: AbortController): Promise<void> {
  const close = (): void => closer.abort(new Error("the stream is closed"));
  const timer = setTimeout(close, drainMs);
  try {
    for (let length = 0; length < drainBytes;) {
      const next = await reader.next();
      if (next.done) break;
      length += next.value.length;
    }
  } catch (error) {
    // The answer was whole: a connection that breaks after it just isn't used again.
    if (!(error instanceof Error)) throw error;
  } finally {
    clearTimeout(timer);
    close();
  }
}

/** An event's signal with the headers of the answer that carried it; those that the event itself names come before them. */
function withHeaders(signal: FailureSignal, headers: Record<string, string>): FailureSignal {
  return signal.source === "event" ? { ...signal, headers: { ...headers, ...signal.headers } } : signal;
}

/** Identity is asked for, but some proxies compress all the same. */
function decoded(body: Readable, encoding = ""): Readable {
  const name = encoding.trim().toLowerCase();
  // What goes wrong on the way is thrown to whoever reads the decoded side.
  return ContentDecoder.knows(name) ? pipeline(body, new ContentDecoder(name), () => undefined) : body;
}

/** A comment or a keepalive event, which come in pieces of their own; everything else is the model at work, tool arguments included. */
function isHeartbeat(piece: Buffer): boolean {
  return /^\s*(?::|event: ?(?:ping|keepalive)\b)/u.test(piece.toString("latin1", 0, 40));
}

/** The start of an error body, as much as its signal keeps, or what has come of them after five seconds. A body that breaks counts as far as it came. */
async function readStart(
  body: Readable,
  pieces: AsyncIterable<Buffer | Silence>,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const late = AbortSignal.timeout(errorBodyMs);
  const stop = (): void => void body.destroy(new Error("the error body took too long"));
  late.addEventListener("abort", stop, { once: true });
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of pieces) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bodyLimit) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    // The status is known, and with the start of the body it says more than the broken connection does.
    if (!(error instanceof Error)) throw error;
  } finally {
    late.removeEventListener("abort", stop);
    signal.removeEventListener("abort", stop);
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, bodyLimit));
}
