import type { IncomingMessage, ServerResponse } from "node:http";
import { answerError } from "./answer/answer.ts";
import type { GatewayContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { passThrough } from "./pass-through.ts";
import { responsesPath } from "./request/responses-path.ts";

/**
 * Brings a request target into the usual form (`/v1/…`): clients that take the gateway for a proxy send a whole URL, whose host takes the
 * place of `Host` (RFC 9112, 3.2.2).
 */
export function toOriginForm(request: IncomingMessage): void {
  const { url = "/" } = request;
  if (!/^https?:\/\//iu.test(url) || !URL.canParse(url)) return;
  const { host, pathname, search } = new URL(url);
  request.headers.host = host;
  request.url = `${pathname}${search}`;
}

/** A step up in a path, also as servers read it that take an escaped slash or a backslash for one, or leave out what follows a ";" or a "#". */
const leadsUp = /^[^?]*(?:[/\\]|%2f|%5c)(?:\.|%2e){2}(?:[/\\;?#]|%2f|%5c|$)/iu;

/** Whether a request is healed, and not only passed through. */
export const isForResponse = ({ method, url = "/" }: IncomingMessage): boolean =>
  method === "POST" && responsesPath.test(url);

/**
 * Answers a request that the guard let in: one for a response is healed, `/healthz` and `/metrics` are the gateway's own, and all else
 * passes through.
 */
export function route(context: GatewayContext, request: IncomingMessage, response: ServerResponse): void {
  const { method, url = "/" } = request;
  const own =
    method === "GET" || method === "HEAD" ? /^\/(healthz|metrics)(?:\?|$)/u.exec(url)?.[1] : undefined;
  if (own === "healthz") return whole(request, response, "application/json", '{"status":"ok"}');
  if (own === "metrics")
    return whole(request, response, "text/plain; version=0.0.4; charset=utf-8", context.metrics.text());
  // A request target may name another host in full; a path may not lead out of the upstream's.
  if (!url.startsWith("/") || leadsUp.test(url)) {
    request.resume();
    context.metrics.count("requests", "400");
    return answerError(response, {
      status: 400,
      code: "path_not_allowed",
      message: "That is no path of the API.",
    });
  }
  // Servers answer it with the headers that they were sent: with the gateway's own key.
  if (method === "TRACE") {
    context.metrics.count("requests", "405");
    return answerError(response, {
      status: 405,
      code: "method_not_allowed",
      message: "TRACE is not passed on: its answer would hold the headers that the upstream was sent.",
    });
  }
  if (isForResponse(request)) return new Exchange(context, request, response).run();
  passThrough(context, request, response);
}

function whole(request: IncomingMessage, response: ServerResponse, type: string, text: string): void {
  request.resume();
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}
