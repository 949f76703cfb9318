import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import type { Dispatcher } from "undici";
import { isFailureOf } from "../failure.ts";
import { classify } from "../failure/classify.ts";
import { signalFromTransport } from "../failure/signal.ts";
import { ContentDecoder } from "../lib/content-decoder.ts";
import { printableLine } from "../lib/printable.ts";
import { connectionWords, errorCode } from "../provider/wire/connection.ts";
import { answerError } from "./answer/answer.ts";
import { answerUnseen } from "./answer/answer-refusal.ts";
import type { GatewayContext } from "./context.ts";
import { forwardedRequestHeaders, forwardedResponseHeaders } from "./answer/headers.ts";
import { isText, StarredPieces, starredHeaders } from "./answer/starred.ts";
import type { HeldBody } from "./body/held-body.ts";
import { isPacked } from "./body/plain-body.ts";
import { StreamDecoder } from "./body/stream-decoder.ts";
import { readBody } from "./request-body.ts";
import type { Upstream } from "./upstream.ts";
import type { Watch } from "./watchdog.ts";

/**
 * Passes what isn't a request for a response to the upstream, and its answer back, both as they come. It is asked once. Only a request
 * that may be sent twice without harm (`isSafe`) is sent again, when the connection broke before anything came back: an upstream may close
 * one just when a request goes out on it. Any other goes out on a connection of its own.
 */
export function passThrough(
  context: GatewayContext,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  new Passing(context, request, response).run().catch((error: unknown) => {
    context.log(`the gateway itself failed: ${error instanceof Error ? error.message : String(error)}`);
    response.destroy();
  });
}

/** So often it is sent again: the next connection of the pool may have been closed as well. */
const repeats = 2;
/** Bytes of the largest body that is read before it is sent, so that it can be sent again. */
const repeatableBytes = 1024 * 1024;
/** Error codes of a connection that the other side has closed. */
const closed: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** Paths that ask a model, and make nothing on the other side. (A message of a thread is made.) */
const questions =
  /^[^?]*(?<!\/threads\/[^/?]+)\/(?:completions|embeddings|messages|count_tokens|moderations|rerank)\/?(?:\?|$)/u;

/** Whether nothing is done twice when it is sent twice. */
function isSafe({ method = "GET", url = "/" }: IncomingMessage): boolean {
  return idempotent.has(method) || (method === "POST" && questions.test(url));
}

function isShort({ headers }: IncomingMessage, limit: number): boolean {
  const length = Number(headers["content-length"] ?? 0);
  return headers["transfer-encoding"] === undefined && length <= Math.min(repeatableBytes, limit);
}

class Passing implements Dispatcher.DispatchHandler {
  readonly #context: GatewayContext;
  #upstream: Upstream;
  /** Those who don't have what the path names. */
  readonly #without = new Set<Upstream>();
  /** Whether the answer that is under way is given up for another upstream's. */
  #isTurning = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #watch: Watch;
  #controller: Dispatcher.DispatchController | undefined;
  /** The body that may be sent again while nothing has come back: `null` for none, `undefined` when nothing may be sent again. */
  #held: HeldBody | null | undefined;
  #release: ((isFree: boolean) => void) | undefined;
  #repeats = 0;
  /**
   * For so long the upstream may be silent once it has the request: a model may think for longer before it answers than any stream is
   * silent.
   */
  #patienceMs: number;
  /** Without the gateway's own key, which an upstream may quote that refuses it. */
  #pieces = new StarredPieces(undefined);
  #decoder: StreamDecoder | undefined;

  constructor(context: GatewayContext, request: IncomingMessage, response: ServerResponse) {
    this.#context = context;
    this.#upstream = context.upstreams.forPath(request.url ?? "/");
    this.#request = request;
    this.#response = response;
    this.#patienceMs = context.wholeIdleMs;
    this.#watch = context.watchdog.watch(context.idleMs, () => this.#abort("idle"));
    response.once("close", () => {
      this.#watch.stop();
      this.#letGo();
      if (response.writableFinished) return;
      context.metrics.count("cancelled");
      this.#abort("cancelled");
    });
  }

  async run(): Promise<void> {
    const { headers } = this.#request;
    const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
    if (!isSafe(this.#request) || !isShort(this.#request, this.#context.limits.one))
      return this.#send(hasBody ? this.#streamed() : null);
    if (!hasBody) {
      this.#held = null;
      return this.#send(null);
    }
    const { body, release } = readBody(this.#request, this.#context, () => this.#watch.touch());
    this.#release = release;
    const read = await body;
    if (read.kind === "gone" || this.#response.destroyed) return this.#letGo();
    if (read.kind !== "whole") {
      this.#letGo();
      this.#watch.stop();
      this.#context.metrics.count("requests", "503");
      const message = "The gateway holds as many bytes as it may just now.";
      return answerError(this.#response, { status: 503, code: "overloaded", message });
    }
    this.#held = read.body;
    this.#send(read.body.whole());
  }

  /**
   * The body as it comes. What an upstream leaves unread that answers before it (429, 401, 413) is read away, or the client's next request on
   * its connection, which lies behind it, would never be read.
   */
  #streamed(): PassThrough {
    const streamed = new PassThrough();
    // The request is told what breaks.
    streamed.on("error", () => undefined);
    this.#response.once("finish", () => this.#request.unpipe(streamed).resume());
    return this.#request.pipe(streamed);
  }

  #send(body: PassThrough | Buffer | null): void {
    const { headers, rawHeaders, method = "GET", url = "/" } = this.#request;
    const upstream = this.#upstream;
    this.#context.metrics.count("upstream_requests", upstream.name);
    const credential = upstream.credential(headers, this.#context.token);
    // Compressed, a refusal would have to be decoded: the gateway's own key is not seen in it.
    const replaced =
      upstream.key === undefined ? credential : { ...credential, "accept-encoding": "identity" };
    try {
      const dispatcher = isSafe(this.#request) ? upstream.dispatcher : upstream.fresh;
      dispatcher.dispatch(
        {
          origin: upstream.origin,
          path: upstream.path(url),
          method: method as Dispatcher.HttpMethod,
          headers: forwardedRequestHeaders(rawHeaders, headers.connection, replaced),
          body,
        },
        this,
      );
    } catch (error) {
      this.onResponseError(undefined, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #letGo(): void {
    this.#held = undefined;
    // Only a copy of it was sent.
    this.#release?.(true);
    this.#release = undefined;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#response.destroyed) this.#abort("cancelled");
  }

  onBodySent(): void {
    this.#watch.touch();
  }

  /** From now on it is the upstream that is waited for. */
  onRequestSent(): void {
    this.#watch.allow(this.#patienceMs);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#watch.touch();
    if (status < 200 || this.#response.destroyed) return;
    // What a client has made, or an account owns, only one upstream has: the others are asked for it.
    if (status === 404 && this.#held === null) {
      this.#without.add(this.#upstream);
      this.#isTurning = this.#context.upstreams.hasOther(this.#without);
      if (this.#isTurning) return controller.abort(new Error("asked elsewhere"));
    }
    this.#letGo();
    if (/\btext\/event-stream\b/iu.test(headers["content-type"] ?? "")) {
      this.#patienceMs = this.#context.idleMs;
      this.#watch.allow(this.#patienceMs);
    }
    this.#context.metrics.count("requests", String(status));
    const secret = status >= 300 ? this.#upstream.secret : undefined;
    this.#pieces = new StarredPieces(secret);
    const forwarded = starredHeaders(forwardedResponseHeaders(headers), secret);
    const encoding = String(headers["content-encoding"] ?? "").toLowerCase();
    if (secret !== undefined && isPacked(headers["content-encoding"])) {
      if (!ContentDecoder.knows(encoding)) {
        answerUnseen(this.#response, { status, headers }, { upstream: this.#upstream.name, secret });
        return this.#abort("unreadable");
      }
      delete forwarded["content-encoding"];
      delete forwarded["content-length"];
      this.#decode(encoding, controller);
    }
    this.#response.writeHead(status, forwarded);
  }

  /** A refusal that is compressed, though it was asked for plain, goes out plain: the gateway's own key would not be seen in it. */
  #decode(encoding: string, controller: Dispatcher.DispatchController): void {
    this.#decoder = new StreamDecoder(encoding, {
      decoded: (bytes) => {
        if (isText(bytes)) return this.#passOn(bytes, this.#decoder!);
        // It was packed once more.
        this.#decoder!.destroy();
        this.#finish();
      },
      ended: () => this.#finish(),
      // All of it may have come before that shows, so that to abort it would end nothing. The status is what the client has to know.
      failed: () => this.#finish(),
      pause: () => controller.pause(),
      resume: () => controller.resume(),
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#watch.touch();
    if (this.#decoder) this.#decoder.write(chunk);
    else this.#passOn(chunk, controller);
  }

  #passOn(bytes: Buffer, source: { pause(): void; resume(): void }): void {
    if (this.#response.destroyed || this.#response.write(this.#pieces.take(bytes))) return;
    source.pause();
    this.#watch.allow(this.#context.idleMs);
    this.#response.once("drain", () => {
      this.#watch.allow(this.#patienceMs);
      source.resume();
    });
  }

  onResponseEnd(): void {
    if (this.#decoder) this.#decoder.end();
    else this.#finish();
  }

  #finish(): void {
    this.#watch.stop();
    this.#response.end(this.#pieces.rest());
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#isTurning && !this.#response.destroyed) {
      this.#isTurning = false;
      this.#upstream = this.#context.upstreams.next(this.#without);
      return this.#send(null);
    }
    if (this.#response.writableEnded) return;
    // That an answer is cut can only be told by cutting it.
    if (this.#response.headersSent || this.#response.destroyed) return void this.#response.destroy();
    const signal = signalFromTransport(errorCode(error), connectionWords(error));
    const failure = classify(signal, { now: this.#context.now() });
    if (closed.has(errorCode(error)) && this.#held !== undefined && this.#repeats < repeats) {
      this.#repeats++;
      this.#context.metrics.count("retries", failure.class);
      this.#context.log(`asking ${this.#upstream.name} again at once: ${failure.class} ${errorCode(error)}`);
      return this.#send(this.#held?.whole() ?? null);
    }
    this.#watch.stop();
    this.#letGo();
    if (isFailureOf(failure, "transport-interrupted") && failure.data.reason === "refused")
      this.#context.upstreams.leaveOut(this.#upstream);
    this.#context.metrics.count("failures", failure.class);
    this.#context.metrics.count("requests", "502");
    const message = `The upstream ${this.#upstream.name} gave no answer: ${printableLine(connectionWords(error), 200)}`;
    answerError(this.#response, { status: 502, code: failure.class, message });
  }

  #abort(why: string): void {
    this.#letGo();
    if (this.#controller) this.#controller.abort(new Error(why));
    else this.#response.destroy();
  }
}
