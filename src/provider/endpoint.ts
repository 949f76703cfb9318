import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sleep } from "../lib/abort.ts";

/** Answers one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Servers on loopback for one test. */
export class Endpoint {
  readonly #servers: Server[] = [];
  #connections = 0;

  /** Gives the base URL, with `/v1`. */
  async open(handler: Handler): Promise<string> {
    const server = createServer((request, response) => {
      // A client that goes away in the middle is what some tests are about.
      Promise.resolve(handler(request, response)).catch(() => response.destroy());
    });
    server.on("connection", (socket) => {
      this.#connections++;
      socket.once("close", () => this.#connections--);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  /** Resolves when no connection is left; throws when one is kept for two seconds. */
  async closed(): Promise<void> {
    for (let wait = 0; this.#connections > 0; wait++) {
      if (wait > 200) throw new Error(`${this.#connections} connections were left open`);
      await sleep(10);
    }
  }

  close(): void {
    for (const server of this.#servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  }
}

/** Reads a request's body to its end. */
export async function readAway(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Resolves when what was written has gone out. */
export const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => response.once("drain", resolve));
