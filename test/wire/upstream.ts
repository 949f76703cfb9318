// Real sockets for tests of the wires: a server for one behaviour, and what the Responses API sends.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  type AddressInfo,
  createServer as createSocketServer,
  type Server as SocketServer,
  type Socket,
} from "node:net";

const open: (Server | SocketServer)[] = [];
const sockets = new Set<Socket>();

/** A server on loopback that answers with `handler`; gives its base URL. */
export async function serve(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  return listen(createServer(handler));
}

/** A server that speaks bytes: `handler` gets each connection. */
export async function serveRaw(handler: (socket: Socket) => void): Promise<string> {
  return listen(
    createSocketServer((socket) => {
      // A client that goes away is what some tests are about.
      socket.on("error", () => socket.destroy());
      handler(socket);
    }),
  );
}

async function listen(server: Server | SocketServer): Promise<string> {
  open.push(server);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

export function closeServers(): void {
  for (const server of open.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
}

/** Reads the request's body to its end. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export const sse = (type: string, data: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
export const created = sse("response.created", { response: { id: "resp_1", model: "gpt-test-2026" } });
export const delta = (text: string): string => sse("response.output_text.delta", { delta: text });
export const itemDone = (raw: string): string =>
  `event: response.output_item.done\ndata: {"type":"response.output_item.done","output_index":0,"item":${raw},"sequence_number":4}\n\n`;
export const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 3 },
};
export const completed = sse("response.completed", {
  response: { id: "resp_1", model: "gpt-test-2026", status: "completed", usage },
});
