import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { ChunkedBody } from "../body/chunked.ts";
import type { BodyMemory } from "../body/held-body.ts";
import { forwardedResponseHeaders } from "./headers.ts";
import { StarredPieces, starredHeaders } from "./starred.ts";

/** The head of an upstream's answer, and the gateway's own key where none of the answer may show it. */
interface AnswerHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly secret: string | undefined;
}

/** An answer on its way to the client: its head goes out with the first `flush`. */
export class ClientAnswer {
  readonly #response: ServerResponse;
  readonly #body: ChunkedBody;
  readonly #pieces: StarredPieces;

  constructor(response: ServerResponse, memory: BodyMemory, { status, headers, secret }: AnswerHead) {
    this.#response = response;
    this.#pieces = new StarredPieces(secret);
    response.writeHead(status, starredHeaders(forwardedResponseHeaders(headers), secret));
    this.#body = new ChunkedBody(response, memory);
  }

  /** Whether so much waits for the client to read it that no more should come. */
  get isFull(): boolean {
    return this.#body.isFull;
  }

  /** Goes out with the next `flush`; the bytes may be written over at once. */
  write(bytes: Buffer): void {
    if (!this.#response.destroyed) this.#body.write(this.#pieces.take(bytes));
  }

  /** `false` when no more should come until `drained`. */
  flush(): boolean {
    return this.#response.destroyed || this.#body.flush();
  }

  /** Calls back once when more may come. */
  drained(callback: () => void): void {
    this.#body.drained(callback);
  }

  /** Ends it as it was meant to end. */
  end(): void {
    this.#body.end(this.#pieces.rest());
  }

  /** Ends what was cut: with an event that says so, or none (`""`); without either the connection is cut behind what came. */
  endBroken(ending: string | undefined): void {
    if (this.#response.destroyed) return;
    if (ending !== undefined) return this.#body.end(Buffer.from(ending));
    this.#body.flush();
    this.#response.destroy();
  }
}
