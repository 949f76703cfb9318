// A gateway in front of real servers, for tests of what goes through it.
import { connect } from "node:net";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/server.ts";
import { closeServers } from "../wire/upstream.ts";

const gateways: Gateway[] = [];

export interface Tried extends Gateway {
  readonly lines: string[];
}

/** A gateway on a free port, whose lines are kept; jitter is at its middle. */
export async function gatewayTo(upstream: string, options: Partial<GatewayOptions> = {}): Promise<Tried> {
  const lines: string[] = [];
  const gateway = await startGateway({
    upstreams: [{ url: upstream }],
    random: () => 0.5,
    log: (line) => void lines.push(line),
    ...options,
  });
  gateways.push(gateway);
  return Object.assign(gateway, { lines });
}

/** For `afterEach`: gateways first, so that none waits for an upstream. */
export async function closeAll(): Promise<void> {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close(0)));
  closeServers();
}

/** One Responses request, with `init` over what is usual. */
export function ask(
  gateway: Gateway,
  body: string | Uint8Array = "{}",
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${gateway.url}/responses`, {
    method: "POST",
    body,
    ...init,
    headers: { "content-type": "application/json", authorization: "Bearer key-1", ...init.headers },
  });
}

/** What comes back for these bytes until the connection is closed, or nothing came for a while. */
export function raw(port: number, text: string, quietMs = 20_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
    socket.setTimeout(quietMs, () => socket.destroy());
  });
}
