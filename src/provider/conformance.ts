import type { ServerResponse } from "node:http";
import type * as vitest from "vitest";
import { Failure, isFailureOf } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import { sleep } from "../lib/abort.ts";
import { drained, Endpoint, type Handler, readAway } from "./endpoint.ts";
import type { ModelRequest, Provider, ProviderEvent, RequestInput } from "../provider.ts";

/** What the suite needs of a test runner: vitest's, or one with the same functions. */
export type Runner = Pick<typeof vitest, "describe" | "it" | "expect">;

/** A provider under test, and its wire as far as an endpoint has to speak it. Texts are server-sent events as they stand on the wire. */
export interface ProviderSubject {
  make(options: { baseUrl: string; apiKey: string; idleTimeoutMs: number; silenceMs: number }): Provider;
  /** Event by event an answer that is whole, with some text and at least one tool call. */
  readonly answer: readonly string[];
  /** The items that it delivers, as bytes of Responses items. */
  readonly items: readonly string[];
  /** After how many events of `answer` each of the items is whole. */
  readonly itemsAfter: readonly number[];
  /** How many events of `answer` make it whole; absent: all of them. */
  readonly wholeAfter?: number;
  /** An event, after the answer's first `deltaAfter` ones, that brings a piece of text. */
  delta(text: string): string;
  readonly deltaAfter: number;
  /** What keeps the connection alive and says nothing about the model. */
  readonly heartbeat: string;
  /** Refusals in the wire's own words, with the class that each has. */
  readonly refusals: readonly {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: object | string;
    readonly class: FailureClass;
  }[];
  /** What ends an answer under way, with status 200, in the wire's own words. */
  readonly failures: readonly { readonly event: string; readonly class: FailureClass }[];
  readonly request?: Partial<ModelRequest>;
}

/** Which tests of the suite to leave out. */
export interface ProviderConformanceOptions {
  /** Names of tests that don't apply to the provider, as they stand in `it`. */
  skip?: readonly string[];
}

const key = "sk-conformance-0123456789";
const never = new AbortController().signal;
const patient = { idleTimeoutMs: 20_000, silenceMs: 10_000 };

/**
 * The contract of `Provider` as tests, over real sockets, for every implementation:
 * `providerConformance("mine", subject, { describe, it, expect })`.
 */
export function providerConformance(
  name: string,
  subject: ProviderSubject,
  { describe, it, expect }: Runner,
  { skip = [] }: ProviderConformanceOptions = {},
): void {
  const { answer, wholeAfter = answer.length } = subject;
  const test = (title: string, run: (endpoint: Endpoint) => Promise<void>): void => {
    const declare = skip.includes(title) ? it.skip : it;
    declare(title, async () => {
      const endpoint = new Endpoint();
      try {
        await run(endpoint);
      } finally {
        endpoint.close();
      }
    });
  };
  const provider = (baseUrl: string, times = patient): Provider =>
    subject.make({ baseUrl, apiKey: key, ...times });
  const request = (change: Partial<ModelRequest> = {}): ModelRequest => ({
    model: "conformance-model",
    instructions: "Be brief.",
    tools: [{ type: "function", name: "shell_command", description: "runs", parameters: { type: "object" } }],
    input: inputOf('{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}'),
    sealed: true,
    cacheKey: "session-1",
    ...subject.request,
    ...change,
  });
  const ask = async (baseUrl: string, signal = never, times = patient): Promise<ProviderEvent[]> => {
    const events: ProviderEvent[] = [];
    for await (const event of provider(baseUrl, times).stream(request(), signal)) events.push(event);
    return events;
  };
  /** Checks the rule of every stream, that exactly its last event ends it, and gives that event. */
  const endOf = (events: readonly ProviderEvent[]): ProviderEvent => {
    expect(events.filter(isEnd)).toHaveLength(1);
    expect(isEnd(events.at(-1)!)).toBe(true);
    return events.at(-1)!;
  };
  const failureOf = (events: readonly ProviderEvent[]): Failure => {
    const end = endOf(events);
    if (end.type !== "failed") throw new Error(`the stream ended with ${end.type}`);
    return end.failure;
  };
  /** Answers with a stream, once the request has come: with what `write` writes. */
  const writing = (write: (response: ServerResponse) => unknown): Handler => {
    return async (incoming, response) => {
      await readAway(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      await write(response);
    };
  };
  const streaming = (text: string): Handler => writing((response) => void response.end(text));
  /** Begins the answer, and leaves it at all but its last event. */
  const unfinished = writing((response) => {
    for (const event of answer.slice(0, wholeAfter - 1)) response.write(event);
  });

  describe(`${name} keeps the contract of a provider`, () => {
    test("a whole answer is told in order and ends completed, once", async (endpoint) => {
      const events = await ask(await endpoint.open(streaming(answer.join(""))));
      expect(endOf(events).type).toBe("completed");
      expect(events[0]?.type).toBe("opened");
      expect(itemsOf(events)).toEqual(subject.items);
      expect(events.some(({ type }) => type === "text-delta")).toBe(true);
      for (const event of events)
        if (event.type === "item")
          expect(event.facts.kind).toBe((JSON.parse(textOf(event)) as { type: string }).type);
    });

    test("the items' bytes don't depend on how the answer arrives", async (endpoint) => {
      const whole = Buffer.from(answer.join(""));
      const ways = [
        [...whole].map((byte) => Buffer.of(byte)),
        [Buffer.from(whole.toString().replaceAll("\n", "\r\n"))],
        answer.flatMap((event) => [Buffer.from(subject.heartbeat), Buffer.from(event)]),
      ];
      for (const pieces of ways) {
        const inPieces = writing(async (response) => {
          response.socket?.setNoDelay(true);
          for (const [at, piece] of pieces.entries()) {
            response.write(piece);
            if (at % 97 === 0) await new Promise(setImmediate);
          }
          response.end();
        });
        const events = await ask(await endpoint.open(inPieces));
        expect(endOf(events).type).toBe("completed");
        expect(itemsOf(events)).toEqual(subject.items);
      }
    });

    test("an answer that is cut anywhere ends as interrupted, with the items that were whole", async (endpoint) => {
      let sent = "";
      let broken = false;
      const begun = writing((response) => {
        response.flushHeaders();
        const end = (): unknown => (broken ? response.socket?.destroy() : response.end());
        if (sent === "") end();
        else response.write(sent, end);
      });
      const url = await endpoint.open(begun);
      for (let count = 0; count < wholeAfter; count++) {
        const before = answer.slice(0, count).join("");
        const items = subject.items.filter((_, at) => subject.itemsAfter[at]! <= count);
        for (const part of [0, Math.floor(answer[count]!.length / 2)]) {
          sent = before + answer[count]!.slice(0, part);
          broken = !broken;
          const events = await ask(url);
          expect(failureOf(events).class, `cut after ${JSON.stringify(sent.slice(-80))}`).toBe(
            "transport-interrupted",
          );
          expect(itemsOf(events)).toEqual(items);
        }
      }
    });

    test("what had come when the connection broke is told, however slowly it is taken", async (endpoint) => {
      const sent = answer.slice(0, wholeAfter - 1);
      const breaking = writing(async (response) => {
        response.socket?.setNoDelay(true);
        for (const event of sent) {
          response.write(event);
          await sleep(10);
        }
        response.socket?.destroy();
      });
      const events: ProviderEvent[] = [];
      for await (const event of provider(await endpoint.open(breaking)).stream(request(), never)) {
        events.push(event);
        await sleep(40);
      }
      expect(failureOf(events).class).toBe("transport-interrupted");
      expect(itemsOf(events)).toEqual(itemsOf(await ask(await endpoint.open(streaming(sent.join(""))))));
    });

    test("a cancel ends the stream at any point, and the connection with it", async (endpoint) => {
      const url = await endpoint.open(unfinished);
      const total = (await askUntilSilent(provider(url, { ...patient, silenceMs: 150 }), request())).length;
      for (let count = 0; count <= total; count++) {
        const controller = new AbortController();
        if (count === 0) controller.abort(new Error("enough"));
        const events: ProviderEvent[] = [];
        for await (const event of provider(url).stream(request(), controller.signal)) {
          events.push(event);
          // Where no further event comes, the request is cancelled while it waits.
          if (events.length === count) setTimeout(() => controller.abort(new Error("enough")), count % 2);
        }
        expect(failureOf(events).class).toBe("cancelled");
        await endpoint.closed();
      }
    });

    test("a consumer that goes away closes the connection", async (endpoint) => {
      const url = await endpoint.open(unfinished);
      for await (const event of provider(url).stream(request(), never)) {
        expect(isEnd(event)).toBe(false);
        break;
      }
      await endpoint.closed();
    });

    test("silence is told while it lasts, and ends at the idle timeout", async (endpoint) => {
      const url = await endpoint.open(writing((response) => response.write(answer[0])));
      const events = await ask(url, never, { idleTimeoutMs: 1_500, silenceMs: 100 });
      const failure = failureOf(events);
      expect(isFailureOf(failure, "transport-interrupted") && failure.data.reason).toBe("idle");
      const told = events.flatMap((event) => (event.type === "silent" ? [event.ms] : []));
      expect(told.length).toBeGreaterThanOrEqual(1);
      expect(told[0]).toBeGreaterThanOrEqual(100);
      // What it takes until the first event may be a silence of its own, on a machine that has much to do.
      expect(told.filter((ms, at) => at > 0 && ms < told[at - 1]!).length).toBeLessThanOrEqual(1);
      await endpoint.closed();
    });

    test("a heartbeat keeps the connection and is no word of the model", async (endpoint) => {
      const beating = writing(async (response) => {
        response.write(answer[0]);
        for (let beat = 0; beat < 12; beat++) {
          await sleep(200);
          response.write(subject.heartbeat);
        }
        response.end(answer.slice(1).join(""));
      });
      const events = await ask(await endpoint.open(beating), never, { idleTimeoutMs: 2_000, silenceMs: 250 });
      expect(endOf(events).type).toBe("completed");
      expect(events.some(({ type }) => type === "silent")).toBe(true);
      expect(itemsOf(events)).toEqual(subject.items);
    });

    for (const refusal of subject.refusals) {
      const text = typeof refusal.body === "string" ? refusal.body : JSON.stringify(refusal.body);
      test(`${refusal.status} ${text.slice(0, 120)} is ${refusal.class}`, async (endpoint) => {
        const url = await endpoint.open(async (incoming, response) => {
          await readAway(incoming);
          const type = text.startsWith("<") ? "text/html" : "application/json";
          response.writeHead(refusal.status, { "content-type": type, ...refusal.headers }).end(text);
        });
        const failure = failureOf(await ask(url));
        expect(failure.class).toBe(refusal.class);
        expect(failure.signal).toMatchObject({ source: "http", status: refusal.status });
        expect(failure.message).toContain(refusal.class);
      });
    }

    for (const { event, class: expected } of subject.failures) {
      test(`${JSON.stringify(event.slice(0, 160))} in mid-stream is ${expected}`, async (endpoint) => {
        const before = answer.slice(0, subject.deltaAfter).join("") + subject.delta("So far");
        const events = await ask(await endpoint.open(streaming(before + event)));
        expect(failureOf(events).class).toBe(expected);
        expect(events.map(({ type }) => type)).toContain("text-delta");
      });
    }

    test("a page instead of an answer, an answer that is no stream, and no endpoint at all are failures", async (endpoint) => {
      const page = "<!doctype html><html><head><title>Sign in</title></head></html>";
      const html = await endpoint.open((_incoming, response) =>
        response.writeHead(200, { "content-type": "text/html" }).end(page),
      );
      expect(failureOf(await ask(html)).message).toContain("Next: ");
      const other = await endpoint.open((_incoming, response) =>
        response.writeHead(200, { "content-type": "application/json" }).end('{"status":"ok"}'),
      );
      expect(failureOf(await ask(other)).message).toContain("Next: ");
      const half = await endpoint.open((_incoming, response) =>
        response.writeHead(200, { "content-type": "application/json" }).end('{"id":'),
      );
      expect(failureOf(await ask(half)).class).toBe("transport-interrupted");
      const gone = await endpoint.open(() => undefined);
      endpoint.close();
      expect(failureOf(await ask(gone)).class).toBe("transport-interrupted");
    });

    test("the key goes out, and is in no failure", async (endpoint) => {
      let heard = "";
      const url = await endpoint.open(async (incoming, response) => {
        heard = JSON.stringify(incoming.headers);
        await readAway(incoming);
        const error = { message: `Incorrect API key provided: ${key}`, type: "authentication_error" };
        response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ error }));
      });
      const failure = failureOf(await ask(url));
      expect(heard).toContain(key);
      expect(failure.class).toBe("auth-denied");
      expect(JSON.stringify([failure.message, failure.signal, failure.data, failure.stack])).not.toContain(
        key,
      );
      expect(provider(url).issuer).not.toContain(key);
    });

    test("the same request has the same bytes each time, of the length that it says", async (endpoint) => {
      const bodies: string[] = [];
      const url = await endpoint.open(async (incoming, response) => {
        const body = await readAway(incoming);
        expect(incoming.headers["content-length"]).toBe(String(Buffer.byteLength(body)));
        bodies.push(body);
        response.writeHead(200, { "content-type": "text/event-stream" }).end(answer.join(""));
      });
      await ask(url);
      await ask(url);
      expect(bodies[0]).toBe(bodies[1]);
      expect(bodies[0]).toContain("hello");
    });

    test("an input that can't be read ends the stream with the store's own failure", async (endpoint) => {
      const url = await endpoint.open((incoming) => incoming.resume());
      const input: RequestInput = {
        bytes: 1_000,
        items: 1,
        // eslint-disable-next-line require-yield
        async *chunks() {
          throw new Failure("store-unavailable", "log.jsonl: input/output error", { path: "log.jsonl" });
        },
      };
      const events: ProviderEvent[] = [];
      for await (const event of provider(url).stream(request({ input }), never)) events.push(event);
      expect(failureOf(events).class).toBe("store-unavailable");
    });

    test("nothing is read ahead of a consumer that takes its time", async (endpoint) => {
      const piece = subject.delta("x".repeat(64 * 1024));
      const most = 64 * 1024 * 1024;
      const sent = { bytes: 0 };
      const flooding = writing(async (response) => {
        response.write(answer.slice(0, subject.deltaAfter).join(""));
        while (sent.bytes < most && !response.destroyed) {
          sent.bytes += piece.length;
          if (!response.write(piece)) await Promise.race([drained(response), sleep(1_000)]);
        }
      });
      for await (const event of provider(await endpoint.open(flooding)).stream(request(), never)) {
        if (event.type !== "text-delta") continue;
        // On a busy machine one pause may be only that.
        for (let before = -1, still = 0; still < 3 && sent.bytes < most;) {
          still = sent.bytes > before ? 0 : still + 1;
          before = sent.bytes;
          await sleep(200);
        }
        break;
      }
      // Sockets hold a few megabytes on both sides.
      expect(sent.bytes).toBeLessThan(24 * 1024 * 1024);
    });
  });
}

/** Everything until the stream falls silent; then it is let go of. */
async function askUntilSilent(provider: Provider, request: ModelRequest): Promise<ProviderEvent[]> {
  const events: ProviderEvent[] = [];
  for await (const event of provider.stream(request, never)) {
    if (event.type === "silent" || isEnd(event)) break;
    events.push(event);
  }
  return events;
}

const isEnd = ({ type }: ProviderEvent): boolean => type === "completed" || type === "failed";
const textOf = (event: Extract<ProviderEvent, { type: "item" }>): string =>
  Buffer.from(event.item).toString();
const itemsOf = (events: readonly ProviderEvent[]): string[] =>
  events.flatMap((event) => (event.type === "item" ? [textOf(event)] : []));

function inputOf(item: string): RequestInput {
  const bytes = Buffer.from(item);
  return {
    bytes: bytes.length,
    items: 1,
    async *chunks() {
      yield bytes;
    },
  };
}
