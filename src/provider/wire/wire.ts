import type { Failure, FailureSignal } from "../../failure.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { ModelRequest, Provider, ProviderEvent } from "../../provider.ts";
import type { StreamedBody } from "./body.ts";

/** What a piece of an answer says: an event for the consumer, or the signal of a failure. `completed` and `refused` are the end. */
export type Said =
  | Exclude<ProviderEvent, { type: "failed" | "silent" }>
  | { type: "refused"; signal: FailureSignal };

/** Reads one answer. What it says after the end is not looked at. */
export interface AnswerReader {
  /**
   * A server-sent event whose data is a JSON object: `type` is the object's own, else the event's name, else "". `data` is its text,
   * for items that are cut out of it byte for byte.
   */
  event(type: string, event: JsonObject, data: string): Said[];
  /** The stream has ended, `done` with `[DONE]` as its last word: how the answer ends, or nothing when it ended too early. */
  end?(done: boolean): Said[];
  /** An answer that is no stream: a JSON object with no `error` at its top, and its bytes. */
  whole(answer: JsonObject, bytes: Uint8Array): Said[];
}

/** What one wire has of its own; `wireProvider` does the rest: connection, silence, server-sent events, cuts and refusals. */
export interface Wire<Body extends StreamedBody = StreamedBody> {
  /** Goes after the base URL: "/responses". */
  readonly path: string;
  /** How a stream ends, for the words about one that was cut: "response.completed". */
  readonly lastEvent: string;
  /** Whether sealed items are sent back, so that an ambiguous 400 or 401 may be about them (failures.md rows 11 and 12). */
  readonly sendsSealed: boolean;
  /** As `Provider.takesSealed`; absent: every request does. */
  takesSealed?: NonNullable<Provider["takesSealed"]>;
  /** Names this wire's seals where they have a shape of their own; absent: those of the Responses API. */
  readonly seals?: string;
  /** Headers with the key, and others that the wire always has; absent: `authorization: Bearer …`. */
  headers?(apiKey: string | undefined): Record<string, string>;
  body(request: ModelRequest): Body | Promise<Body>;
  /** One for each request, for the answer to this body. */
  reader(request: ModelRequest, body: Body): AnswerReader;
  /** A refusal of this body with places and ids in terms of the request's input, on a wire whose body has others. */
  placed?(failure: Failure, body: Body): Failure;
}
