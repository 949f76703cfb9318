import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The clients' connections, for the end: those on which nothing was asked yet don't hold it up, nor those that began to ask and stopped. */
export class Connections {
  /** How many requests are under way on each: a client may send the next before it has the answer. */
  readonly #open = new Map<Socket, number>();

  add(socket: Socket): void {
    this.#open.set(socket, 0);
    socket.once("close", () => this.#open.delete(socket));
  }

  /** A whole head has come. */
  began({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#count(socket, 1);
    response.once("close", () => this.#count(socket, -1));
  }

  closeQuiet(): void {
    for (const [socket, requests] of this.#open)
      if (requests === 0 && socket.writableLength === 0) socket.destroy();
  }

  #count(socket: Socket, by: number): void {
    const before = this.#open.get(socket);
    if (before !== undefined) this.#open.set(socket, before + by);
  }
}
