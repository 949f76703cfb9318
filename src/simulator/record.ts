import type { IncomingHttpHeaders } from "node:http";
import type { JsonObject } from "../lib/json.ts";

/** One request as the simulator saw and answered it. */
export interface RecordedRequest {
  /** From 1, over all sessions. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly path: string;
  /** Lower-cased names; without credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly bytes: number;
  /** The parsed body; `undefined` when it was no JSON object, or was let go of because too much was kept. */
  body: JsonObject | undefined;
  session: string | undefined;
  /** Where the script was, once the request was looked at. */
  turn: number | undefined;
  step: string | undefined;
  /** HTTP status that was answered; 0 while there is none and when the connection was closed without one. */
  status: number;
  /** "completed", what it was refused for, or the fault that ended it; `undefined` while the answer is under way. */
  outcome: string | undefined;
  endedAt: number | undefined;
}

const secret = /^(?:authorization|proxy-authorization|cookie|api-key|x-api-key)$/;

function recordedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !secret.test(name))
      kept[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return kept;
}

const keptBytes = 64 * 1024 * 1024;
const keptRequests = 10_000;

/** The requests in order. Old bodies, and then old requests, are let go of, so that a long-running simulator stays small. */
export class Requests {
  #all: RecordedRequest[] = [];
  #bodies = 0;
  #total = 0;
  readonly #ofSession = new Map<string, number>();

  get all(): readonly RecordedRequest[] {
    return this.#all;
  }

  open(path: string, headers: IncomingHttpHeaders, bytes: number, at: number): RecordedRequest {
    const record: RecordedRequest = {
      number: ++this.#total,
      at,
      path,
      headers: recordedHeaders(headers),
      bytes,
      body: undefined,
      session: undefined,
      turn: undefined,
      step: undefined,
      status: 0,
      outcome: undefined,
      endedAt: undefined,
    };
    this.#all.push(record);
    if (this.#all.length > keptRequests) this.#drop(this.#all.shift());
    return record;
  }

  /** Keeps the body and says which request of its session this is, from 1. */
  keep(record: RecordedRequest, body: JsonObject, session: string | undefined): number {
    record.session = session;
    record.body = body;
    this.#bodies += record.bytes;
    for (const old of this.#all) {
      if (this.#bodies <= keptBytes) break;
      this.#drop(old);
    }
    const nth = (this.#ofSession.get(session ?? "") ?? 0) + 1;
    this.#ofSession.set(session ?? "", nth);
    return nth;
  }

  reset(): void {
    this.#all = [];
    this.#bodies = 0;
    this.#total = 0;
    this.#ofSession.clear();
  }

  #drop(record: RecordedRequest | undefined): void {
    if (record?.body === undefined) return;
    record.body = undefined;
    this.#bodies -= record.bytes;
  }
}
