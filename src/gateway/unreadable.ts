import type { Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** How node:http itself answers what it can't read. */
const statuses: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
};

/**
 * Answers what isn't HTTP, and ends its connection. Where that follows a whole request (a line end too many, bytes beyond the declared
 * length), the request is answered first, and only then the connection ends: node:http would put a 400 in the place of its answer.
 */
export function answerUnreadable(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  for (const event of ["request", "checkContinue"] as const)
    server.on(event, ({ socket }, response) => void answers.set(socket, response));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    const isUnderWay = answer !== undefined && !answer.writableFinished && !socket.destroyed;
    if (isUnderWay && answer.req.complete && error.code !== "ECONNRESET") {
      answer.shouldKeepAlive = false;
      // The head may have gone out already, and promise that the connection goes on.
      answer.once("finish", () => socket.end());
      return;
    }
    if (!socket.writable || (isUnderWay && answer.headersSent)) return void socket.destroy();
    const status = statuses[error.code ?? ""] ?? "400 Bad Request";
    endWith(socket, `${status}\r\n\r\n`);
  });
}

/** Answers on a bare connection, and lets go of it, also where the client keeps its half. `answer`: what follows on the version. */
export function endWith(socket: Duplex, answer: string): void {
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${answer.replace("\r\n", "\r\nconnection: close\r\n")}`, () => socket.destroy());
}
