import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { ProviderEvent } from "../../provider.ts";
import { ask, failureOf, kinds, reasonOf, request } from "../../../test/wire/ask.ts";
import {
  bodyOf,
  closeServers,
  completed,
  created,
  delta,
  itemDone,
  serve,
  serveRaw,
  sse,
} from "../../../test/wire/upstream.ts";
import { responsesProvider } from "./provider.ts";

afterEach(closeServers);

const item =
  '{"type":"function_call","id":"fc_1","call_id":"call_1","name":"shell_command","arguments":"{}"}';

/** Answers with the head of a stream and these bytes, then ends it or breaks the connection. */
function cut(bytes: string | Buffer, how: "end" | "break"): Promise<string> {
  return serve(async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(bytes, () => (how === "end" ? response.end() : response.socket?.destroy()));
  });
}

describe("a stream that is cut", () => {
  it("before its headers is an interruption", async () => {
    const url = await serve(async (incoming) => {
      await bodyOf(incoming);
      incoming.socket.destroy();
    });
    expect(reasonOf(await ask(url))).toBe("cut");
  });

  it("in the middle of its headers is an interruption", async () => {
    const url = await serveRaw((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-type: text/ev")),
    );
    expect(reasonOf(await ask(url))).toBe("cut");
  });

  it.each([
    ["after its headers", created, ["opened"]],
    ["after an item", created + itemDone(item), ["opened", "item"]],
    ["in the middle of an event", created + itemDone(item) + delta("hello").slice(0, 50), ["opened", "item"]],
    [
      "in the middle of a character",
      Buffer.concat([Buffer.from(created + delta("a")), Buffer.from(delta("é")).subarray(0, -9)]),
      ["opened", "text-delta"],
    ],
  ])("%s keeps what came and ends as an interruption", async (_where, bytes, before) => {
    for (const how of ["end", "break"] as const) {
      const events = await ask(await cut(bytes, how));
      expect(kinds(events)).toEqual([...before, "failed"]);
      expect(reasonOf(events)).toBe("cut");
    }
  });

  it("with an event that is not JSON is incomplete", async () => {
    const events = await ask(
      await cut(`${created}event: response.output_item.done\ndata: {"type":"resp\n\n${completed}`, "end"),
    );
    expect(kinds(events)).toEqual(["opened", "failed"]);
    expect(reasonOf(events)).toBe("incomplete");
  });

  it("that gives an event twice tells its item once, and others of the same id or without one each", async () => {
    const other = item.replace('"{}"', '"{ }"');
    const bare = item.replace('"id":"fc_1",', "");
    const told = [item, item, other, bare, bare, item].map((each) => itemDone(each)).join("");
    const events = await ask(await cut(created + told + completed, "end"));
    const items = events.flatMap((event) =>
      event.type === "item" ? [Buffer.from(event.item).toString()] : [],
    );
    expect(items).toEqual([item, other, bare, bare]);
  });

  it.each([
    ["whose last event has no blank line behind it", completed.trimEnd()],
    ["with keepalives that are no JSON", `event: ping\ndata:\n\ndata: keepalive\n\n${completed}`],
  ])("%s is whole all the same", async (_what, rest) => {
    const events = await ask(await cut(created + itemDone(item) + rest, "end"));
    expect(kinds(events)).toEqual(["opened", "item", "completed"]);
  });

  it("in front of the blank line behind an event that isn't the last one keeps that event, and is a cut", async () => {
    const events = await ask(await cut(created + delta("hello").trimEnd(), "end"));
    expect(kinds(events)).toEqual(["opened", "text-delta", "failed"]);
    expect(reasonOf(events)).toBe("cut");
  });

  it("as a whole answer is an interruption", async () => {
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end('{"id":"r","output":['),
    );
    expect(reasonOf(await ask(url))).toBe("cut");
  });
});

describe("an answer without an end", () => {
  const filler = "x".repeat(16 * 1024);
  /** Answers with these pieces and then the last one again and again, until nobody listens. */
  const endless = (type: string, ...pieces: string[]): Promise<string> =>
    serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": type });
      for (const piece of pieces) response.write(piece);
      const more = (): void => void (response.destroyed || response.write(pieces.at(-1)!, more));
      more();
    });

  it.each([
    ["of events", "text/event-stream", [created, itemDone(item), delta(filler)], ["opened", "item"]],
    ["in one line", "text/event-stream", [created, itemDone(item), "data: {", filler], ["opened", "item"]],
    ["that is no stream", "application/json", ['{"output":"', filler], []],
  ])(
    "%s is given up where it is longer than any, with what was whole kept",
    async (_, type, pieces, told) => {
      const events = await ask(await endless(type, ...pieces), { options: { maxAnswerBytes: 1_000_000 } });
      expect(events.map((event) => event.type).filter((kind) => kind !== "text-delta")).toEqual([
        ...told,
        "failed",
      ]);
      expect(failureOf(events).class).toBe("output-limit");
      expect(failureOf(events).message).toBe(
        'The answer came to more than 1.0 MB, which no model writes, and was given up (output-limit, test). What was whole by then is kept. Next: go on with `throughline resume --last "continue"`.',
      );
    },
  );
});

describe("an endpoint that can't be reached", () => {
  it("refuses the connection: bounded and named", async () => {
    // Not a port that was free a moment ago: servers of other tests take those.
    const events = await ask("http://127.0.0.1:1/v1");
    expect(reasonOf(events)).toBe("refused");
    expect(failureOf(events).message).toContain("http://127.0.0.1:1");
  });

  it("has no address", async () => {
    expect(reasonOf(await ask("http://nowhere.invalid/v1"))).toBe("unresolved");
  });
});

describe("silence", () => {
  it("is told while headers and events are waited for, and ends at the idle timeout with the socket closed", async () => {
    let closed = false;
    const url = await serve((incoming, response) => {
      incoming.resume();
      incoming.socket.once("close", () => (closed = true));
      setTimeout(() => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(created);
      }, 150);
    });
    const events = await ask(url, { options: { silenceMs: 50, idleTimeoutMs: 2_000 } });
    const opened = kinds(events).indexOf("opened");
    expect(new Set(kinds(events).slice(0, opened))).toEqual(new Set(["silent"]));
    expect(new Set(kinds(events).slice(opened + 1, -1))).toEqual(new Set(["silent"]));
    const told = events.slice(opened).flatMap((event) => (event.type === "silent" ? [event.ms] : []));
    expect(told[0]).toBeGreaterThanOrEqual(50);
    expect(told[1]).toBeGreaterThanOrEqual(100);
    expect(reasonOf(events)).toBe("idle");
    await expect.poll(() => closed).toBe(true);
  });

  it("is still told when only heartbeats come, which keep the idle timeout away", async () => {
    const url = await serve((incoming, response) => {
      incoming.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(created);
      let beats = 0;
      const timer = setInterval(() => {
        response.write(": ping\n\n");
        if (++beats === 12) {
          clearInterval(timer);
          response.end(completed);
        }
      }, 200);
    });
    const events = await ask(url, { options: { silenceMs: 300, idleTimeoutMs: 2_000 } });
    expect(events.at(-1)?.type).toBe("completed");
    expect(kinds(events)).toContain("silent");
  });

  it("is not told while the model writes what nobody is shown, such as the arguments of a call", async () => {
    const url = await serve((incoming, response) => {
      incoming.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      let parts = 0;
      const timer = setInterval(() => {
        response.write(sse("response.function_call_arguments.delta", { delta: "x" }));
        if (++parts < 12) return;
        clearInterval(timer);
        response.end(completed);
      }, 200);
    });
    expect(kinds(await ask(url, { options: { silenceMs: 2_000 } }))).toEqual(["completed"]);
  });

  it("is not told while the consumer is at work", async () => {
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end(created + delta("a") + completed),
    );
    const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_200));
    const events = await ask(url, { options: { silenceMs: 1_000, idleTimeoutMs: 1_100 }, each: wait });
    expect(kinds(events)).toEqual(["opened", "text-delta", "completed"]);
  });
});

describe("a cancel", () => {
  it.each([
    ["before the request", "never"],
    ["before the headers", "headers"],
    ["in the middle of the stream", "stream"],
  ])("%s ends it at once and closes the connection", async (_where, when) => {
    const controller = new AbortController();
    let closed = when === "never";
    const url = await serve((incoming, response) => {
      incoming.resume();
      incoming.socket.once("close", () => (closed = true));
      if (when === "headers") setTimeout(() => controller.abort(), 20);
      else response.writeHead(200, { "content-type": "text/event-stream" }).write(created);
    });
    if (when === "never") controller.abort();
    const each = (event: ProviderEvent): void => {
      if (event.type === "opened") setTimeout(() => controller.abort(), 20);
    };
    const events = await ask(url, { signal: controller.signal, each });
    expect(failureOf(events).class).toBe("cancelled");
    await expect.poll(() => closed).toBe(true);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("closes the connection when the consumer stops listening", async () => {
    let closed = false;
    const url = await serve((incoming, response) => {
      incoming.resume();
      incoming.socket.once("close", () => (closed = true));
      response.writeHead(200, { "content-type": "text/event-stream" }).write(created);
    });
    const provider = responsesProvider({ name: "test", baseUrl: url, contract: "openai" });
    for await (const event of provider.stream(request, new AbortController().signal)) {
      if (event.type === "opened") break;
    }
    await expect.poll(() => closed).toBe(true);
  });
});

describe("a slow consumer", () => {
  it("slows the upstream down", async () => {
    let written = 0;
    const chunk = delta("x".repeat(60_000));
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      const more = (): void => {
        while (!response.destroyed) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
      };
      more();
    });
    const controller = new AbortController();
    let seen = 0;
    await ask(url, {
      signal: controller.signal,
      each: async () => {
        if (++seen === 3) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          controller.abort();
        }
      },
    });
    expect(written).toBeLessThan(24_000_000);
  });
});

describe("the issuer", () => {
  const issuer = (baseUrl: string, apiKey: string, issuerAccount?: string): string =>
    responsesProvider({
      name: "x",
      baseUrl,
      apiKey,
      contract: "openai",
      ...(issuerAccount ? { issuerAccount } : {}),
    }).issuer;

  it("tells endpoints, keys and accounts apart and doesn't show the key", () => {
    const one = issuer("https://api.example/v1/", "sk-1");
    expect(one).toBe(issuer("https://api.example/v1", "sk-1"));
    expect(one).toMatch(/^https:\/\/api\.example\/v1#[0-9a-f]{12}$/u);
    expect(issuer("https://api.example/v1", "sk-2")).not.toBe(one);
    expect(issuer("https://other.example/v1", "sk-1")).not.toBe(one);
    expect(issuer("https://api.example/v1", "sk-1", "acct")).toBe(
      issuer("https://api.example/v1", "sk-2", "acct"),
    );
  });
});
