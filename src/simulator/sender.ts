import type { ServerResponse } from "node:http";
import type { JsonObject } from "../lib/json.ts";
import { sleep } from "../lib/abort.ts";
import type { StreamFault, StreamPoint } from "./fault.ts";
import { errorOf, type Refusal } from "./refusal.ts";
import { newId, type StreamEvent } from "./stream.ts";

export interface Sending {
  readonly response: ServerResponse;
  /** Aborts when the client hangs up or the simulator closes. */
  readonly signal: AbortSignal;
  readonly deltaEvery: number;
}

/** Headers that every answer of the API carries. */
export function commonHeaders(): Record<string, string> {
  return { "x-request-id": newId("req"), "openai-processing-ms": "12", "openai-version": "2020-10-01" };
}

/** How often the response passes each point. */
export function countPoints(events: readonly StreamEvent[]): (point: StreamPoint) => number {
  return (point) => (point === "headers" ? 1 : events.filter(({ points }) => points.includes(point)).length);
}

/** Streams a response with at most one fault in it; says how it ended, for the record. */
export async function sendStream(
  to: Sending,
  events: readonly StreamEvent[],
  fault: StreamFault | undefined,
): Promise<string> {
  openStream(to);
  let passed = 0;
  const meets = (points: readonly StreamPoint[]): boolean =>
    fault !== undefined && points.includes(fault.after) && ++passed === fault.nth;
  if (fault && meets(["headers"]) && (await strike(to, fault, events, 0)) === "ended") return fault.kind;
  for (const [at, event] of events.entries()) {
    if (to.deltaEvery > 0 && event.type.endsWith(".delta")) await sleep(to.deltaEvery, to.signal);
    await write(to, frame(event.type, event.data));
    if (fault && meets(event.points) && (await strike(to, fault, events, at + 1)) === "ended")
      return fault.kind;
  }
  to.response.end();
  return "completed";
}

/** The same for a request without `stream`: the finished response as JSON. */
export async function sendWhole(
  to: Sending,
  events: readonly StreamEvent[],
  fault: StreamFault | undefined,
): Promise<string> {
  const whole = events.at(-1)!.data["response"] as JsonObject;
  const json = (body: JsonObject): void => {
    to.response.writeHead(200, { ...commonHeaders(), "content-type": "application/json" });
    to.response.end(JSON.stringify(body));
  };
  switch (fault?.kind) {
    case undefined:
      json(whole);
      return "completed";
    case "silent":
      await sleep(fault.for, to.signal);
      if (fault.afterwards === "cut") hangUp(to, false);
      else json(whole);
      return fault.afterwards === "cut" ? fault.kind : "completed";
    case "cut":
      hangUp(to, fault.reset);
      return fault.kind;
    case "garbage":
      to.response.writeHead(200, { ...commonHeaders(), "content-type": "application/json" });
      to.response.end(fault.text);
      return fault.kind;
    case "failed":
    case "error-event":
      json({
        ...whole,
        status: "failed",
        output: [],
        error: { code: fault.code ?? null, message: fault.message },
      });
      return fault.kind;
    case "incomplete":
      json({ ...whole, status: "incomplete", incomplete_details: { reason: fault.reason } });
      return fault.kind;
  }
}

/** Answers with an error, by status or inside a stream as the refusal says; a request without `stream` gets the status. */
export async function sendRefusal(
  to: Sending,
  refusal: Refusal,
  stream: boolean,
  started: readonly StreamEvent[],
): Promise<void> {
  if (refusal.as === undefined || !stream) {
    const body = typeof refusal.body === "string" ? refusal.body : JSON.stringify(refusal.body);
    const type =
      typeof refusal.body === "string" && !/^\s*[{[]/.test(body)
        ? "text/html; charset=utf-8"
        : "application/json";
    to.response.writeHead(refusal.status, { ...commonHeaders(), "content-type": type, ...refusal.headers });
    to.response.end(body);
    return;
  }
  openStream(to);
  const error = errorOf(refusal);
  if (refusal.as === "event") {
    // Headers of a limit travel inside the event when there is no status line to carry them (seen 2026-11).
    const told = refusal.headers ? { status_code: refusal.status, headers: refusal.headers } : {};
    await write(
      to,
      frame("error", { type: "error", sequence_number: 0, error, status: refusal.status, ...told }),
    );
  } else {
    for (const event of started) await write(to, frame(event.type, event.data));
    const response = started.at(-1)?.data["response"] as JsonObject;
    await write(
      to,
      failedFrame(response, started.length, {
        code: error["code"] ?? error["type"],
        message: error["message"],
      }),
    );
  }
  to.response.end();
}

async function strike(
  to: Sending,
  fault: StreamFault,
  events: readonly StreamEvent[],
  next: number,
): Promise<"ended" | "goes-on"> {
  const response = events[0]!.data["response"] as JsonObject;
  const done = events
    .slice(0, next)
    .flatMap(({ type, data }) => (type === "response.output_item.done" ? [data["item"]] : []));
  switch (fault.kind) {
    case "cut": {
      // In the middle of a delta the last frame stays half written, as a broken connection leaves it.
      const event = events[next];
      if (event && ["reasoning", "text", "arguments"].includes(fault.after)) {
        const whole = frame(event.type, event.data);
        await write(to, whole.slice(0, Math.ceil(whole.length / 2)));
      }
      hangUp(to, fault.reset);
      return "ended";
    }
    case "silent":
      await sleep(fault.for, to.signal);
      if (fault.afterwards === "continue") return "goes-on";
      hangUp(to, false);
      return "ended";
    case "garbage":
      await write(to, fault.text);
      return "goes-on";
    case "failed":
      await write(
        to,
        failedFrame({ ...response, output: done }, next, { code: fault.code, message: fault.message }),
      );
      break;
    case "incomplete":
      await write(
        to,
        frame("response.incomplete", {
          type: "response.incomplete",
          sequence_number: next,
          response: {
            ...response,
            output: done,
            status: "incomplete",
            incomplete_details: { reason: fault.reason },
          },
        }),
      );
      break;
    case "error-event": {
      const { message, code = null, type, shape, status } = fault;
      const error =
        shape === "nested" ? { error: { type, code, message, param: null } } : { code, message, param: null };
      const told = status === undefined ? {} : { status };
      await write(to, frame("error", { type: "error", sequence_number: next, ...error, ...told }));
      break;
    }
  }
  to.response.end();
  return "ended";
}

function openStream({ response }: Sending): void {
  response.writeHead(200, {
    ...commonHeaders(),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    connection: "keep-alive",
  });
  response.flushHeaders();
}

function frame(type: string, data: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function failedFrame(response: JsonObject, sequence: number, error: JsonObject): string {
  return frame("response.failed", {
    type: "response.failed",
    sequence_number: sequence,
    response: { ...response, status: "failed", error },
  });
}

/** Resolves once the bytes have left this process, so that a cut comes after them. */
function write({ response, signal }: Sending, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    response.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

function hangUp({ response }: Sending, reset: boolean): void {
  const socket = response.socket;
  if (reset) socket?.resetAndDestroy();
  else socket?.destroy();
}
