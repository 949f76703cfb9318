import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * The clients' connections, so that the gateway's end isn't held up by those on which nothing was asked yet, or on which a request was
 * begun and not finished.
 */
export class Connections {
  /** How many requests are under way on each: a client may send the next before it has the answer. */
  readonly #open = new Map<Socket, number>();

  add(socket: Socket): void {
    this.#open.set(socket, 0);
    socket.once("close", () => this.#open.delete(socket));
  }

  /** Told when a request's whole head has come. */
  began({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#count(socket, 1);
    response.once("close", () => this.#count(socket, -1));
  }

  /** Closes the connections without a request under way, or an answer that still goes out. */
  closeQuiet(): void {
    for (const [socket, requests] of this.#open)
      if (requests === 0 && socket.writableLength === 0) socket.destroy();
  }

  #count(socket: Socket, by: number): void {
    const before = this.#open.get(socket);
    if (before !== undefined) this.#open.set(socket, before + by);
  }
}
