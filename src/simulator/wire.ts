import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { JsonObject } from "../lib/json.ts";
import type { StreamFault, StreamPoint } from "./fault.ts";
import type { ModelOutput, ScriptRequest } from "./model.ts";
import type { Refusal } from "./refusal.ts";
import type { Scenario } from "./scenario.ts";
import type { SealRefusalName } from "./seal-refusal.ts";

/** A request as every wire reads it. */
export interface WireRequest extends ScriptRequest {
  readonly body: JsonObject;
  readonly model: string;
  readonly stream: boolean;
  /** The client's session, when it says one. */
  readonly session: string | undefined;
}

/** One server-sent event of an answer, with the points of the stream that it passes once it is written. */
export interface StreamEvent {
  readonly type: string;
  readonly data: JsonObject;
  readonly points: readonly StreamPoint[];
  /** A piece of text, of reasoning or of arguments: these come at the scenario's pace. */
  readonly delta?: true;
}

/** What an answer is made with, beside what the model says. */
export interface AnswerFacts {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  /** Characters of a delta. */
  readonly deltaSize: number;
  readonly seal: (text: string) => string;
  readonly chat: Scenario["chat"];
}

/** What a request's items are checked against. */
export interface RequestCheck {
  readonly refusal: SealRefusalName;
  /** What a blob of this caller holds, or `undefined` when it can't be read. */
  open(blob: string): string | undefined;
  readonly chat: Scenario["chat"];
  /** What is kept for the caller (`store: true`). */
  readonly stored: {
    hasItem(id: string): boolean;
    /** The id of the reasoning that an item was made with. */
    reasoningOf(id: string): string | undefined;
  };
}

/** A fault that ends a stream with words of its own. */
export type SpokenFault = Extract<StreamFault, { kind: "failed" | "incomplete" | "error-event" }>;

/**
 * An API that the simulator can be: how requests are read and refused, and how the scripted model's outputs go out. Faults are told in
 * the words of the Responses API and translated here.
 */
export interface SimulatedWire<R extends WireRequest = WireRequest> {
  /** "POST /responses": method and path without `/v1`. */
  readonly routes: readonly string[];
  readonly models: readonly string[];
  /** Headers that every answer carries. */
  headers(now: number): Record<string, string>;
  /** Who asks, as far as seals and keys are bound to it. */
  credential(headers: IncomingHttpHeaders): string | undefined;
  /** Whose seal keys are used for a credential. */
  sealOwner(credential: string | undefined): string;
  parse(text: string, path: string): R | Refusal;
  /** The request with what its `previous_response_id` stands for before its own input; absent where the API keeps nothing. */
  continued?(request: R, conversation: (response: string) => readonly JsonObject[] | undefined): R;
  /** The finished response that the request asked to be kept. */
  kept?(request: R, events: readonly StreamEvent[]): JsonObject | undefined;
  /** What the API refuses of the request, or `undefined` when it would take it. */
  validate(request: R, check: RequestCheck): Refusal | undefined;
  overflow(tokens: number, limit: number): Refusal;
  /** The events of an answer in the official order, up to and including the last one. */
  events(request: R, outputs: readonly ModelOutput[], facts: AnswerFacts): Iterable<StreamEvent>;
  /** The answer to a request without `stream`, from the events that it would have been streamed in. */
  whole(request: R, events: readonly StreamEvent[]): JsonObject;
  /** A refusal in this API's own words and shape. */
  refusal(refusal: Refusal): Refusal;
  /** The events that tell a refusal inside a stream, with status 200. `started`: the first events of the answer. */
  refusedStream(refusal: Refusal, started: readonly StreamEvent[]): readonly StreamEvent[];
  /** The events with which a fault ends a stream; `sent` of `events` have been written. */
  ending(fault: SpokenFault, events: readonly StreamEvent[], sent: number): readonly StreamEvent[];
  /** The same for a request without `stream`. */
  wholeEnding(fault: SpokenFault, whole: JsonObject): JsonObject;
  /** An event as it is written. */
  frame(event: Pick<StreamEvent, "type" | "data">): string;
}

/** An id as OpenAI's APIs make them: "resp_…". */
export const newId = (prefix: string): string => `${prefix}_${randomBytes(25).toString("hex")}`;

/** The framing of the APIs whose events have names. */
export function namedFrame({ type, data }: Pick<StreamEvent, "type" | "data">): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
