import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { FailureSignal } from "../failure.ts";
import type { BegunStream } from "./broken-stream.ts";
import { BodyMemory } from "./held-body.ts";
import { Attempt, type AttemptHost, type Refusal } from "./attempt.ts";

/** What a `fetch` came to: an answer that is handed out, or one that isn't, held. */
export type Judged =
  /** `isGood`: as far as it has come; it may also be one that can't be judged. */
  { kind: "passed"; response: Response; isGood: boolean } | { kind: "refused"; refusal: Refusal };

export interface AnswerFacts {
  /** The answer holds these sealed blobs, known by their hashes. */
  sealed(blobs: readonly string[]): void;
  /** What ends a stream that was cut after output; `undefined` where nothing can. */
  ending(signal: FailureSignal, events: number, stream: BegunStream | undefined): string | undefined;
}

/** Judges an answer as the gateway does, and gives one that passes on what comes. */
export function judge(answer: Response, facts: AnswerFacts): Promise<Judged> {
  return new Promise((resolve) => {
    const host = new FetchHost(facts, resolve);
    void host.read(answer);
  });
}

/** `fetch` has decoded the body already. */
const decoded: ReadonlySet<string> = new Set(["content-encoding", "content-length", "transfer-encoding"]);

const memory = new BodyMemory();

class FetchHost implements AttemptHost {
  readonly #facts: AnswerFacts;
  readonly #resolve: (judged: Judged) => void;
  readonly #attempt = new Attempt(this, memory);
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #resume: (() => void) | undefined;
  #isAborted = false;
  #isPaused = false;

  constructor(facts: AnswerFacts, resolve: (judged: Judged) => void) {
    this.#facts = facts;
    this.#resolve = resolve;
  }

  async read(answer: Response): Promise<void> {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const controller = this.#controller(() => void reader?.cancel().catch(() => undefined));
    const headers: IncomingHttpHeaders = {};
    answer.headers.forEach((value, name) => {
      if (!decoded.has(name)) headers[name] = value;
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
        // What was handed over is handled behind this turn of the loop.
        await new Promise<void>((next) => void setImmediate(next));
        if (this.#isPaused) await new Promise<void>((next) => (this.#resume = next));
      }
      this.#attempt.onResponseEnd();
    } catch (error) {
      this.#attempt.onResponseError(controller, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #controller(cancel: () => void): Dispatcher.DispatchController {
    const isAborted = (): boolean => this.#isAborted;
    const isPaused = (): boolean => this.#isPaused;
    return {
      get aborted() {
        return isAborted();
      },
      get paused() {
        return isPaused();
      },
      reason: null,
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
    const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const isBare = status === 204 || status === 205 || status === 304;
    this.#resolve({
      kind: "passed",
      isGood,
      response: new Response(isBare ? null : body, { status, headers: entries }),
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

  broken(signal: FailureSignal, events: number, stream: BegunStream | undefined): void {
    const ending = this.#facts.ending(signal, events, stream);
    if (ending === undefined) {
      this.#stream?.error(new TypeError(signal.message));
      return;
    }
    this.#stream?.enqueue(Buffer.from(ending));
    this.#stream?.close();
  }

  refused(refusal: Refusal): void {
    this.#resolve({ kind: "refused", refusal });
  }
}
