import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { JsonObject } from "../lib/json.ts";
import { listen, portTrouble } from "../lib/listen.ts";
import { isLoopback } from "../lib/loopback.ts";
import { Failure } from "../failure.ts";
import { Conversation, type SimulatorOptions } from "./conversation.ts";
import { control } from "./control.ts";
import type { RecordedRequest } from "./record.ts";
import { refuse } from "./refusal.ts";
import { checkScenario } from "./scenario-file.ts";
import type { Scenario, ScenarioInput } from "./scenario.ts";

export { loadScenario, parseScenario } from "./scenario-file.ts";
export type { SimulatorOptions } from "./conversation.ts";
export type { FaultInput, Scenario, ScenarioInput, StepInput, TurnInput } from "./scenario.ts";
export type { RecordedRequest } from "./record.ts";
export type { JsonObject };
export type { SealRefusalName } from "./seal-refusal.ts";
export type { WireName } from "./wires.ts";
export { call, patch, shell, step, turn } from "./build.ts";
export type { CallInput } from "./build.ts";

/** A simulator that listens on loopback. */
export interface Simulator {
  /** Base URL for clients, with `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Requests for responses since the start or the last reset, the oldest first. */
  readonly requests: readonly RecordedRequest[];
  readonly scenario: Scenario;
  /** Takes the seal keys to the next generation and returns its number: what was sealed until now opens no more. */
  rotateKey(): number;
  /** Forgets what it was asked to keep with `store: true`. */
  forgetResponses(): void;
  /** Forgets requests and used-up faults, and takes up another scenario if one is given. Seal keys stay as they are. */
  reset(scenario?: Scenario | ScenarioInput): void;
  /** Cuts every connection and ends. */
  close(): Promise<void>;
}

/**
 * A provider's API on loopback: `POST /v1/responses` or what the wire has in its place (SSE and plain), `GET /v1/models`, and control
 * under `/simulator/`. It stands for a provider that Throughline has no part in. Rejects with a `Failure` "configuration" when the scenario
 * is not valid or the port is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const conversation = new Conversation(checkScenario(options.scenario ?? {}), options);
  const closing = new AbortController();
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    route(request, response, conversation, closing.signal).catch((error: unknown) =>
      fail(response, conversation, error),
    );
  });
  const port = await listenOn(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    get requests() {
      return conversation.requests;
    },
    get scenario() {
      return conversation.scenario;
    },
    rotateKey: () => conversation.rotateKey(),
    forgetResponses: () => conversation.forgetResponses(),
    reset: (scenario) => conversation.reset(scenario === undefined ? undefined : checkScenario(scenario)),
    close: () =>
      new Promise((resolve) => {
        closing.abort(new Error("the simulator is closing"));
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  conversation: Conversation,
  closing: AbortSignal,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://loopback");
  const line = `${request.method} ${pathname.replace(/^\/v1(?=\/)/, "")}`;
  // A page in a browser can reach loopback under a name of its own (DNS rebinding): only loopback names are answered. And under loopback's it
  // could write the script, whose commands an agent would run.
  const { host = "", origin, "sec-fetch-site": site = "none" } = request.headers;
  if (!isLoopback(host.replace(/:\d+$/u, "")))
    return json(response, conversation, 403, notAllowed("on loopback only", "host_not_allowed"));
  if (origin !== undefined || site !== "none")
    return json(response, conversation, 403, notAllowed("no pages in a browser", "origin_not_allowed"));
  if (pathname.startsWith("/simulator")) return control(request, response, conversation);
  if (conversation.serves(line)) return conversation.respond(request, response, closing);
  if (line === "GET /models") return json(response, conversation, 200, conversation.models());
  request.resume();
  const { status, body } = refuse(404, {
    message: `Invalid URL (${request.method} ${pathname})`,
    type: "invalid_request_error",
    param: null,
    code: null,
  });
  json(response, conversation, status, body);
}

const notAllowed = (whom: string, code: string): JsonObject => ({
  error: { message: `The simulator answers ${whom}.`, type: "invalid_request_error", param: null, code },
});

function json(response: ServerResponse, conversation: Conversation, status: number, body: unknown): void {
  response.writeHead(status, { ...conversation.headers(), "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** A client that hung up needs no answer; anything else is a fault of the simulator itself, and says so. */
function fail(response: ServerResponse, conversation: Conversation, error: unknown): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else
    json(response, conversation, 500, {
      error: {
        message: `The simulator failed: ${String(error)}`,
        type: "simulator_error",
        param: null,
        code: null,
      },
    });
}

async function listenOn(server: Server, port: number): Promise<number> {
  try {
    return await listen(server, "127.0.0.1", port);
  } catch (error) {
    const why = portTrouble(error);
    if (why === undefined) throw error;
    throw new Failure(
      "configuration",
      `The simulator can't listen on 127.0.0.1:${port}: ${why}. Choose another, or 0 for any free one.`,
      {},
      { cause: error },
    );
  }
}
