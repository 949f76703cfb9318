import type { IncomingHttpHeaders } from "node:http";
import type { Failure, FailureSignal } from "../../failure.ts";
import { BodyMemory } from "../body/held-body.ts";
import { Attempt, type Controller } from "./attempt.ts";
import type { AttemptHost, Refusal } from "./attempt-host.ts";

/** What a `fetch` came to: an answer that is handed out, or one that isn't, held. */
export type Judged =
  /** `isGood`: it is good, as far as it has come; `false` also for one that can't be judged. */
  { kind: "passed"; response: Response; isGood: boolean } | { kind: "refused"; refusal: Refusal };

/** Whom an answer is judged for, and whom to tell of it. */
export interface AnswerFacts {
  /** The client's: once it has aborted, what breaks is passed on as it broke. */
  readonly signal?: AbortSignal;
  /** The answer holds these sealed blobs, known by their hashes. */
  sealed(blobs: readonly string[]): void;
  /** The failure that a signal of the answer's tells. */
  classified(signal: FailureSignal): Failure;
}

/**
 * Judges an answer of `fetch` as the gateway does: resolves to one that passes on what comes, or to the refusal. Rejects when the client's
 * signal aborts before that.
 */
export function judge(answer: Response, facts: AnswerFacts): Promise<Judged> {
  return new Promise((resolve, reject) => {
    const host = new FetchHost(answer, facts, { resolve, reject });
    void host.read();
  });
}

/**
 * A `Response` with this head and body. What else there is to one (its status text, its address) it has from `answer`, the one that
 * `fetch` gave.
 */
export function responseOf(
  status: number,
  headers: IncomingHttpHeaders,
  body: ReadableStream<Uint8Array> | Buffer<ArrayBuffer> | null,
  answer: Response | undefined,
): Response {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    (Array.isArray(value) ? value : [value]).flatMap((one) => (one === undefined ? [] : [[name, one]])),
  );
  const isBare = status === 204 || status === 205 || status === 304;
  const { statusText = "", url = "", redirected = false } = answer ?? {};
  const response = new Response(isBare ? null : body, { status, statusText, headers: entries });
  // The constructor takes neither.
  return Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
}

interface Settling {
  resolve(judged: Judged): void;
  reject(error: unknown): void;
}

/** `fetch` has decoded the body already. */
const decoded: ReadonlySet<string> = new Set(["content-encoding", "content-length", "transfer-encoding"]);

const memory = new BodyMemory();

/** Feeds a `fetch` answer to an `Attempt`, and makes the response that is handed out from what the attempt passes on. */
class FetchHost implements AttemptHost {
  readonly #answer: Response;
  readonly #facts: AnswerFacts;
  readonly #settling: Settling;
  readonly #attempt = new Attempt(this, memory);
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #resume: (() => void) | undefined;
  #isAborted = false;
  #isPaused = false;

  constructor(answer: Response, facts: AnswerFacts, settling: Settling) {
    this.#answer = answer;
    this.#facts = facts;
    this.#settling = settling;
  }

  async read(): Promise<void> {
    const answer = this.#answer;
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const controller = this.#controller(() => void reader?.cancel().catch(() => undefined));
    const headers: IncomingHttpHeaders = {};
    answer.headers.forEach((value, name) => {
      if (name === "set-cookie") headers[name] = [...(headers[name] ?? []), value];
      else if (!decoded.has(name)) headers[name] = value;
    });
    this.#attempt.onRequestStart(controller);
    this.#attempt.onResponseStart(controller, answer.status, headers);
    try {
      const body = (reader = answer.body?.getReader());
      while (!this.#isAborted) {
        const { done, value } = body ? await body.read() : { done: true, value: undefined };
        if (done || !value) break;
        this.#attempt.onResponseData(
          controller,
          Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        );
        // The attempt handles a chunk after this turn of the loop: only then it may have paused.
        await new Promise<void>((next) => void setImmediate(next));
        if (this.#isPaused) await new Promise<void>((next) => (this.#resume = next));
      }
      this.#attempt.onResponseEnd();
    } catch (error) {
      if (this.#facts.signal?.aborted === true) return this.#cancelled(error);
      this.#attempt.onResponseError(controller, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #cancelled(error: unknown): void {
    this.#attempt.cancel();
    if (this.#stream) this.#stream.error(error);
    else this.#settling.reject(error);
  }

  #controller(cancel: () => void): Controller {
    return {
      abort: () => {
        this.#isAborted = true;
        this.resume();
        cancel();
      },
      pause: () => {
        this.#isPaused = true;
      },
      resume: () => this.resume(),
    };
  }

  resume(): void {
    this.#isPaused = false;
    this.#resume?.();
  }

  alive(): void {
    // Idle timeouts are the client's.
  }

  sealed(blobs: readonly string[]): void {
    this.#facts.sealed(blobs);
  }

  commit(status: number, headers: IncomingHttpHeaders, _arrivedAt: number, isGood: boolean): void {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller;
      },
      pull: () => this.resume(),
      cancel: () => this.#attempt.cancel(),
    });
    this.#settling.resolve({
      kind: "passed",
      isGood,
      response: responseOf(status, headers, body, this.#answer),
    });
  }

  write(bytes: Buffer): void {
    this.#stream?.enqueue(new Uint8Array(bytes));
  }

  flush(): boolean {
    return (this.#stream?.desiredSize ?? 1) > 0;
  }

  finished(): void {
    this.#stream?.close();
  }

  classified(signal: FailureSignal): Failure {
    return this.#facts.classified(signal);
  }

  broken({ signal, message }: Failure, ending: string | undefined): void {
    if (ending === undefined) return this.#stream?.error(new TypeError(signal?.message ?? message));
    this.#stream?.enqueue(Buffer.from(ending));
    this.#stream?.close();
  }

  refused(refusal: Refusal): void {
    this.#settling.resolve({ kind: "refused", refusal });
  }
}
