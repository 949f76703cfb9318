import { z } from "zod";
import { duration } from "./duration.ts";

/**
 * Points of a stream. `headers`: status 200 and nothing else · `created`: before any output · `reasoning`, `text`, `arguments`: in the
 * middle of such deltas · `item`, `message`, `call`: after such an item is done · `end`: all items done, `response.completed` missing.
 */
const streamPoints = [
  "headers",
  "created",
  "reasoning",
  "text",
  "arguments",
  "item",
  "message",
  "call",
  "end",
] as const;
export type StreamPoint = (typeof streamPoints)[number];

/** Which requests a fault applies to; all that is given has to hold. */
const selection = {
  /** From the n-th request on, from 1. */
  request: z.int().positive().optional(),
  /** At the step of this name. */
  step: z.string().min(1).optional(),
  /** At the n-th prompt of the session, from 1. */
  turn: z.int().positive().optional(),
  /** What `request` and `times` count: all requests, or those of each session (`prompt_cache_key`). */
  per: z.enum(["simulator", "session"]).default("simulator"),
  times: z.int().positive().default(1),
};

const streamed = {
  ...selection,
  /** The fault waits for a response that passes this point. */
  after: z.enum(streamPoints).default("created"),
  /** The n-th time that the response passes it. */
  nth: z.int().positive().default(1),
};

/** How an error is told: by HTTP status, or with status 200 as an `error` event or as `response.failed`. */
const as = z.enum(["http", "event", "failed"]).default("http");

export const faultSchema = z.discriminatedUnion("kind", [
  // Refused before the request is looked at.
  z.strictObject({
    kind: z.literal("rate-limit"),
    ...selection,
    retry_after: duration.default(1000),
    told: z.enum(["header", "header-ms", "text", "date"]).default("header"),
    as,
  }),
  z.strictObject({
    kind: z.literal("usage-limit"),
    ...selection,
    /** The limit holds, for every request, until this time has passed since it was first met; `times` means nothing here. */
    resets_in: duration,
    plan: z.string().default("plus"),
    window: z.enum(["primary", "secondary"]).default("primary"),
    as,
  }),
  z.strictObject({ kind: z.literal("quota"), ...selection, as }),
  z.strictObject({
    kind: z.literal("overloaded"),
    ...selection,
    code: z.enum(["server_is_overloaded", "slow_down"]).default("server_is_overloaded"),
    retry_after: duration.optional(),
    as,
  }),
  z.strictObject({ kind: z.literal("context-overflow"), ...selection, as }),
  z.strictObject({
    kind: z.literal("status"),
    ...selection,
    status: z.int().min(400).max(599).default(500),
    message: z.string().default("The server had an error processing your request. Sorry about that!"),
    type: z.string().optional(),
    code: z.string().optional(),
    param: z.string().optional(),
    /** The whole body, instead of the API's error object. */
    body: z.string().optional(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({ kind: z.literal("rotate-key"), ...selection }),
  /** What `store: true` has kept is gone. */
  z.strictObject({ kind: z.literal("forget-responses"), ...selection }),
  // In the stream.
  z.strictObject({
    kind: z.literal("cut"),
    ...streamed,
    /** TCP reset instead of an early end. */ reset: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal("silent"),
    ...streamed,
    for: duration,
    afterwards: z.enum(["continue", "cut"]).default("continue"),
  }),
  z.strictObject({
    kind: z.literal("garbage"),
    ...streamed,
    text: z.string().default('data: {"type":"response.output_te\u0000\ufffd\n\n'),
  }),
  z.strictObject({
    kind: z.literal("failed"),
    ...streamed,
    code: z.string().default("server_error"),
    message: z.string().default("An error occurred while processing your request."),
  }),
  z.strictObject({
    kind: z.literal("incomplete"),
    ...streamed,
    reason: z.enum(["max_output_tokens", "content_filter"]).default("max_output_tokens"),
  }),
  z.strictObject({
    kind: z.literal("error-event"),
    ...streamed,
    code: z.string().optional(),
    type: z.string().default("server_error"),
    message: z.string().default("An error occurred while processing your request."),
    /** "nested": the error object under `error`, as seen on the wire; "flat": its members in the event, as documented. */
    shape: z.enum(["nested", "flat"]).default("nested"),
    status: z.int().min(400).max(599).optional(),
  }),
]);

export type Fault = z.output<typeof faultSchema>;
/** Faults that answer instead of the model. */
export type RefusingFault = Extract<Fault, { as: string }> | Extract<Fault, { kind: "status" }>;
/** Faults that change what the provider holds, before it looks at a request. */
export type StandingFault = Extract<Fault, { kind: "rotate-key" | "forget-responses" }>;
/** Faults that happen in the stream of a response. */
export type StreamFault = Extract<Fault, { after: StreamPoint }>;

export function isStreamFault(fault: Fault): fault is StreamFault {
  return "after" in fault;
}

export function isStandingFault(fault: Fault): fault is StandingFault {
  return fault.kind === "rotate-key" || fault.kind === "forget-responses";
}
