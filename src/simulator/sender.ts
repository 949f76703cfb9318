import type { ServerResponse } from "node:http";
import type { JsonObject } from "../lib/json.ts";
import { sleep } from "../lib/abort.ts";
import type { StreamFault, StreamPoint } from "./fault.ts";
import type { Refusal } from "./refusal.ts";
import type { SimulatedWire, StreamEvent } from "./wire.ts";

/** Where an answer goes, and how fast. */
export interface Sending {
  readonly response: ServerResponse;
  readonly wire: Pick<
    SimulatedWire,
    "headers" | "refusal" | "refusedStream" | "ending" | "wholeEnding" | "frame"
  >;
  readonly now: () => number;
  /** Aborts when the client hangs up or the simulator closes. */
  readonly signal: AbortSignal;
  /** Milliseconds between two pieces of an answer. */
  readonly deltaEvery: number;
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
    if (to.deltaEvery > 0 && event.delta) await sleep(to.deltaEvery, to.signal);
    await write(to, to.wire.frame(event));
    if (fault && meets(event.points) && (await strike(to, fault, events, at + 1)) === "ended")
      return fault.kind;
  }
  to.response.end();
  return "completed";
}

/** The same for a request without `stream`: the finished response as JSON. */
export async function sendWhole(
  to: Sending,
  whole: JsonObject,
  fault: StreamFault | undefined,
): Promise<string> {
  const json = (body: JsonObject): void => {
    to.response.writeHead(200, { ...to.wire.headers(to.now()), "content-type": "application/json" });
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
      to.response.writeHead(200, { ...to.wire.headers(to.now()), "content-type": "application/json" });
      to.response.end(fault.text);
      return fault.kind;
    case "failed":
    case "error-event":
    case "incomplete":
      json(to.wire.wholeEnding(fault, whole));
      return fault.kind;
  }
}

/** Answers with an error, by status or inside a stream as the refusal says; a request without `stream` gets the status. */
export async function sendRefusal(
  to: Sending,
  met: Refusal,
  stream: boolean,
  started: readonly StreamEvent[],
): Promise<void> {
  const refusal = to.wire.refusal(met);
  if (refusal.as === undefined || !stream) {
    const body = typeof refusal.body === "string" ? refusal.body : JSON.stringify(refusal.body);
    const type =
      typeof refusal.body === "string" && !/^\s*[{[]/.test(body)
        ? "text/html; charset=utf-8"
        : "application/json";
    const headers = { ...to.wire.headers(to.now()), "content-type": type, ...refusal.headers };
    to.response.writeHead(refusal.status, headers);
    to.response.end(body);
    return;
  }
  openStream(to);
  for (const event of to.wire.refusedStream(refusal, started)) await write(to, to.wire.frame(event));
  to.response.end();
}

async function strike(
  to: Sending,
  fault: StreamFault,
  events: readonly StreamEvent[],
  next: number,
): Promise<"ended" | "goes-on"> {
  switch (fault.kind) {
    case "cut": {
      // In the middle of a delta the last frame stays half written, as a broken connection leaves it.
      const event = events[next];
      if (event && ["reasoning", "text", "arguments"].includes(fault.after)) {
        const whole = to.wire.frame(event);
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
    case "incomplete":
    case "error-event":
      for (const event of to.wire.ending(fault, events, next)) await write(to, to.wire.frame(event));
  }
  to.response.end();
  return "ended";
}

function openStream({ response, wire, now }: Sending): void {
  response.writeHead(200, {
    ...wire.headers(now()),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    connection: "keep-alive",
  });
  response.flushHeaders();
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
