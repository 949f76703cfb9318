import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { listen, portTrouble } from "../lib/listen.ts";
import { isLoopback } from "../lib/loopback.ts";
import { Failure } from "../failure.ts";
import { systemClock } from "../lib/clock.ts";
import { answerError } from "./answer/answer.ts";
import { Connections } from "./connections.ts";
import type { GatewayContext } from "./context.ts";
import { discreet } from "./discreet.ts";
import { type GuardOptions, makeGuard } from "./guard.ts";
import { Ledger } from "./memory/ledger.ts";
import { Rests } from "./body/gathering.ts";
import { BodyMemory } from "./body/held-body.ts";
import { Metrics } from "./metrics.ts";
import { OpenRequests } from "./open-requests.ts";
import { Pages } from "./pages.ts";
import { isForResponse, route, toOriginForm } from "./route.ts";
import { answerUnreadable, endWith } from "./unreadable.ts";
import type { UpstreamOptions } from "./upstream.ts";
import { Upstreams } from "./upstreams.ts";
import { Watchdog } from "./watchdog.ts";

export type { UpstreamOptions } from "./upstream.ts";

/** What a gateway stands in front of, where it listens, and what it holds at most. Times are milliseconds. */
export interface GatewayOptions extends GuardOptions {
  upstreams: readonly UpstreamOptions[];
  /** Default 127.0.0.1. Any address that isn't loopback needs a `token`. */
  host?: string;
  /** 0 (the default) takes any free port. */
  port?: number;
  /** Without a byte of a stream from the upstream for so long a request is tried again, or given up. Default 300,000. */
  idleMs?: number;
  /**
   * The same where no stream is awaited, so that silence is no sign of a fault: for answers that come whole, and for all that isn't a request
   * for a response. Default 3,600,000; never less than `idleMs`.
   */
  wholeIdleMs?: number;
  /** Without a byte of a request's body for so long it is refused. Default 30,000. */
  bodyIdleMs?: number;
  /** Bytes of the largest request body for a response; default 256 MiB. */
  maxBodyBytes?: number;
  /** File of the ledger; without one it is forgotten at the end. */
  ledger?: string;
  /** Whether a request that meets a usage limit is held until that ends. */
  waitForLimits?: boolean;
  /** Where the lines for the operator go: one for each heal and for each retry. Neither keys nor bodies stand in them. */
  log?(line: string): void;
  /** Milliseconds since 1970. */
  now?(): number;
  /** Evenly distributed over [0, 1), for jitter. */
  random?(): number;
}

/** A gateway that listens. */
export interface Gateway {
  /** A client's base URL: it ends with `/v1`. */
  readonly url: string;
  readonly port: number;
  readonly metrics: Metrics;
  /** Takes no more requests and resolves when all are answered; what is still open after `drainMs` (default 30,000) is cut, and told so. */
  close(drainMs?: number): Promise<void>;
}

const mebibyte = 1024 * 1024;
const defaultMaxBodyBytes = 256 * mebibyte;
const maxConnections = 8_192;
const serverOptions: ServerOptions = {
  maxHeaderSize: 128 * 1024,
  headersTimeout: 15_000,
  // A body may be large and its line slow; that it stands still is looked at by itself.
  requestTimeout: 15 * 60_000,
  // Longer than a client keeps a connection that it may use again (reqwest, in Codex, and Go: 90 s), so that none is closed under a
  // request.
  keepAliveTimeout: 95_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
  // Other protocols that a client offers (h2c, as Java's does by default) are passed over, as HTTP lets a server do.
  shouldUpgradeCallback: ({ headers }) => /\bwebsocket\b/iu.test(headers.upgrade ?? ""),
};
/** For so long clients may still read what they are told when their requests are cut. */
const lastWordsMs = 200;

/**
 * A reverse proxy in front of Responses endpoints: `POST …/responses` is tried again and healed as long as nothing of its answer has gone
 * out, everything else passes through. Rejects with a `Failure` "configuration" when it may not listen there, or can't.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host = "127.0.0.1", port: wanted = 0, token } = options;
  if (!isLoopback(host) && token === undefined) {
    throw new Failure(
      "configuration",
      `The gateway listens on loopback only, unless it has a token: ${host} can be reached by others. Start it with --token, or on 127.0.0.1.`,
      {},
    );
  }
  const { context, ledger } = makeContext(options);
  const closeAll = async (): Promise<void> => {
    context.watchdog.close();
    ledger.close();
    await context.upstreams.close();
  };
  const connections = new Connections();
  const server = makeServer(context, connections, options);
  let port: number;
  try {
    const itself = context.upstreams.all.find(({ origin }) => isAt(origin, host, wanted));
    if (itself) {
      throw new Failure(
        "configuration",
        `The upstream ${itself.name} is this gateway itself. Name the one that is to answer: --upstream https://api.openai.com/v1 (OPENAI_BASE_URL is for its clients).`,
        {},
      );
    }
    port = await listenOn(server, host, wanted);
  } catch (error) {
    // A program that goes on without a gateway, or looks for a port that is free, must not keep a ledger open for each try.
    await closeAll();
    throw error;
  }
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}/v1`,
    port,
    metrics: context.metrics,
    close: async (drainMs = 30_000) => {
      await drained(server, connections, context, drainMs);
      await closeAll();
    },
  };
}

function makeContext(options: GatewayOptions): { context: GatewayContext; ledger: Ledger } {
  const { token, idleMs = 300_000, bodyIdleMs = 30_000, maxBodyBytes = defaultMaxBodyBytes } = options;
  const { now = systemClock.now, waitForLimits = false, wholeIdleMs = 3_600_000 } = options;
  const secrets = [token, ...options.upstreams.map(({ key }) => key)];
  const log = (line: string): void => options.log?.(discreet(line, secrets));
  const ledger = new Ledger(options.ledger, { log, now });
  const context: GatewayContext = {
    upstreams: new Upstreams(options.upstreams, { memory: ledger, maxBytes: maxBodyBytes, log, now }),
    metrics: new Metrics(),
    ledger,
    wait: waitForLimits,
    limits: { one: maxBodyBytes, all: Math.max(1024 * mebibyte, 2 * maxBodyBytes) },
    bodyMemory: new BodyMemory(),
    rests: new Rests(),
    open: new OpenRequests(),
    watchdog: new Watchdog(Math.min(1_000, Math.max(10, Math.min(idleMs, bodyIdleMs) / 8))),
    idleMs,
    wholeIdleMs: Math.max(idleMs, wholeIdleMs),
    bodyIdleMs,
    ...(token !== undefined && { token }),
    log,
    now,
    random: options.random ?? Math.random,
  };
  return { context, ledger };
}

/** A server that lets in whom the guard lets in, and doesn't listen yet. */
function makeServer(context: GatewayContext, connections: Connections, options: GatewayOptions): Server {
  const pages = new Pages(options.allowedOrigins ?? []);
  const guard = makeGuard(options, pages);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    connections.began(request, response);
    toOriginForm(request);
    const refused = guard(request.headers, request.rawHeaders);
    // A browser asks by itself, before the page's request, whether the page may send it: without a token.
    const isOfPage = request.headers.origin !== undefined && (!refused || refused.status === 401);
    if (isOfPage && pages.admit(request, response)) {
      context.metrics.count("requests", "204");
      return void request.resume();
    }
    if (!refused) return route(context, request, response);
    context.metrics.count("requests", String(refused.status));
    request.resume();
    answerError(response, refused);
  };
  const server = createServer(serverOptions, answer);
  server.maxConnections = maxConnections;
  server.on("connection", (socket) => connections.add(socket));
  answerUnreadable(server);
  // A client that waits for leave to send its body (`expect: 100-continue`) isn't told to send one that will be refused.
  server.on("checkContinue", (request, response) => {
    const isTooLarge =
      isForResponse(request) && Number(request.headers["content-length"]) > context.limits.one;
    if (isTooLarge || guard(request.headers, request.rawHeaders)) response.shouldKeepAlive = false;
    else response.writeContinue();
    answer(request, response);
  });
  // Whoever has set it as a proxy (`HTTPS_PROXY`) is told so: without a listener the connection would just close.
  server.on("connect", (_request, socket) => {
    context.metrics.count("requests", "405");
    const words = "This is no proxy: give it to the client as its base URL.\n";
    const head = `content-type: text/plain\r\ncontent-length: ${words.length}`;
    endWith(socket, `405 Method Not Allowed\r\n${head}\r\n\r\n${words}`);
  });
  server.on("upgrade", (_request, socket) => {
    context.metrics.count("requests", "426");
    // Codex takes 426 as the sign to go on over HTTP at once (codex-rs, `WebsocketStreamOutcome::FallbackToHttp`, 2026); any other answer
    // costs it its retries first.
    endWith(socket, "426 Upgrade Required\r\ncontent-length: 0\r\n\r\n");
  });
  return server;
}

/** Takes no more requests; resolves when all are answered, and cuts what is still open after `drainMs`. */
async function drained(
  server: Server,
  connections: Connections,
  { open }: GatewayContext,
  drainMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection whose answer is out waits for the client's next request, and one that is new for its first.
  const quiet = setInterval(() => connections.closeQuiet(), 20);
  open.drain();
  let cut = setTimeout(() => {
    open.cut();
    cut = setTimeout(() => server.closeAllConnections(), lastWordsMs);
  }, drainMs);
  await closed;
  clearInterval(quiet);
  clearTimeout(cut);
}

/** Whether an origin is where the gateway listens, by any of loopback's names. */
function isAt(origin: string, host: string, port: number): boolean {
  const url = new URL(origin);
  const hostname = url.hostname.replace(/^\[|\]$/gu, "");
  return url.port === String(port) && (hostname === host || isLoopback(hostname));
}

async function listenOn(server: Server, host: string, port: number): Promise<number> {
  try {
    return await listen(server, host, port);
  } catch (error) {
    const why = portTrouble(error) ?? (error instanceof Error ? error.message : String(error));
    throw new Failure(
      "configuration",
      `The gateway can't listen on ${host}:${port}: ${why}. Choose another with --listen, or 0 for any free one.`,
      {},
      { cause: error },
    );
  }
}
