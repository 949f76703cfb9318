import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { isFailureOf } from "../failure.ts";
import { classify } from "../failure/classify.ts";
import { signalFromTransport } from "../failure/signal.ts";
import { printableLine } from "../lib/printable.ts";
import { connectionWords, errorCode } from "../provider/wire/connection.ts";
import { answerError } from "./answer.ts";
import type { GatewayContext } from "./context.ts";
import { forwardedRequestHeaders, forwardedResponseHeaders } from "./headers.ts";
import type { Upstream } from "./upstream.ts";
import type { Watch } from "./watchdog.ts";

/** What isn't a request for a response goes to the upstream and back as it is, both ways as it comes, and is asked once. */
export function passThrough(
  context: GatewayContext,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const upstream = context.upstreams.next();
  const { headers, rawHeaders, method = "GET", url = "/" } = request;
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  const passing = new Passing(context, upstream, response);
  context.metrics.count("upstream_requests", upstream.name);
  try {
    upstream.dispatcher.dispatch(
      {
        origin: upstream.origin,
        path: upstream.path(url),
        method: method as Dispatcher.HttpMethod,
        headers: forwardedRequestHeaders(
          rawHeaders,
          headers.connection,
          upstream.credential(headers, context.token),
        ),
        body: hasBody ? request : null,
      },
      passing,
    );
  } catch (error) {
    passing.onResponseError(undefined, error instanceof Error ? error : new Error(String(error)));
  }
}

class Passing implements Dispatcher.DispatchHandler {
  readonly #context: GatewayContext;
  readonly #upstream: Upstream;
  readonly #response: ServerResponse;
  readonly #watch: Watch;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(context: GatewayContext, upstream: Upstream, response: ServerResponse) {
    this.#context = context;
    this.#upstream = upstream;
    this.#response = response;
    this.#watch = context.watchdog.watch(context.idleMs, () => this.#abort("idle"));
    response.once("close", () => {
      this.#watch.stop();
      if (response.writableFinished) return;
      context.metrics.count("cancelled");
      this.#abort("cancelled");
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#response.destroyed) this.#abort("cancelled");
  }

  onBodySent(): void {
    this.#watch.touch();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#watch.touch();
    if (status < 200 || this.#response.destroyed) return;
    this.#context.metrics.count("requests", String(status));
    this.#response.writeHead(status, forwardedResponseHeaders(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#watch.touch();
    if (this.#response.destroyed || this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once("drain", () => {
      this.#watch.touch();
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#watch.stop();
    this.#response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#watch.stop();
    // An answer that is cut can only be told so by cutting it.
    if (this.#response.headersSent || this.#response.destroyed) return void this.#response.destroy();
    const signal = signalFromTransport(errorCode(error), connectionWords(error));
    const failure = classify(signal, { now: this.#context.now() });
    if (isFailureOf(failure, "transport-interrupted") && failure.data.reason === "refused")
      this.#context.upstreams.leaveOut(this.#upstream);
    this.#context.metrics.count("failures", failure.class);
    this.#context.metrics.count("requests", "502");
    const message = `The upstream ${this.#upstream.name} gave no answer: ${printableLine(error.message, 200)}`;
    answerError(this.#response, { status: 502, code: failure.class, message });
  }

  #abort(why: string): void {
    this.#controller?.abort(new Error(why));
  }
}
