import { afterEach, describe, expect, it } from "vitest";
import type { ProviderEvent } from "../../provider.ts";
import { ask, failureOf, input, key, kinds, reasonOf } from "../../../test/wire/ask.ts";
import { bodyOf, closeServers, created, itemDone, serve, sse } from "../../../test/wire/upstream.ts";

afterEach(closeServers);

const item =
  '{"type":"function_call","id":"fc_1","call_id":"call_1","name":"shell_command","arguments":"{}"}';
const sealedText = "The encrypted content gAAA...c90= could not be verified.";

/** Answers with these events. */
const streaming = (events: string): Promise<string> =>
  serve(async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(200, { "content-type": "text/event-stream" }).end(events);
  });

describe("the key", () => {
  const told = `Incorrect API key provided: hunter2hunter2\nsk-other-secret`;

  it.each([
    ["a stream's error event", "text/event-stream", sse("error", { code: "invalid_api_key", message: told })],
    ["a whole answer", "application/json", JSON.stringify({ error: { message: told } })],
  ])("that %s quotes stands in nothing that is told or logged", async (_what, type, body) => {
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": type, "x-echo": "hunter2hunter2" }).end(body),
    );
    const failure = failureOf(await ask(url, { options: { apiKey: "hunter2hunter2" } }));
    expect(failure.message).toContain("Incorrect API key provided: [key]");
    expect(JSON.stringify([failure.message, failure.data, failure.signal])).not.toMatch(/hunter2|sk-other/u);
  });
});
describe("a refusal", () => {
  const refuse = async (
    status: number,
    body: string,
    type = "application/json",
  ): Promise<ProviderEvent[]> => {
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(status, { "content-type": type }).end(body);
    });
    return ask(url);
  };

  it("of sealed reasoning names the blob, with and without a gateway around it", async () => {
    const body = JSON.stringify({
      error: { message: sealedText, type: "invalid_request_error", code: "invalid_encrypted_content" },
    });
    for (const events of [
      await refuse(400, body),
      await refuse(502, JSON.stringify({ error: { message: body, code: 502 } })),
    ]) {
      expect(kinds(events)).toEqual(["failed"]);
      expect(failureOf(events).class).toBe("sealed-reasoning-rejected");
      expect(failureOf(events).data).toEqual({ tail: "c90=" });
    }
  });

  it("within the stream is told after what came before it", async () => {
    const error = {
      type: "error",
      error: { code: "invalid_encrypted_content", message: sealedText },
      status: 400,
    };
    const events = await ask(await streaming(created + itemDone(item) + sse("error", error)));
    expect(kinds(events)).toEqual(["opened", "item", "failed"]);
    expect(failureOf(events).class).toBe("sealed-reasoning-rejected");
  });

  it.each([
    [
      "response.failed",
      {
        response: {
          status: "failed",
          error: { code: "rate_limit_exceeded", message: "Please try again in 28ms." },
        },
      },
      "rate-limit",
    ],
    [
      "response.incomplete",
      { response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } } },
      "output-limit",
    ],
    [
      "response.incomplete",
      { response: { status: "incomplete", incomplete_details: { reason: "content_filter" } } },
      "refusal",
    ],
    ["error", { code: "server_error", message: "The server had an error." }, "overloaded"],
  ])("%s gets its class", async (type, data, expected) => {
    expect(failureOf(await ask(await streaming(created + sse(type, data)))).class).toBe(expected);
  });

  it.each([
    [{ status: "failed", error: { code: "server_error", message: "It broke." } }, "overloaded"],
    [{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }, "output-limit"],
    [{ status: "incomplete", incomplete_details: { reason: "content_filter" } }, "refusal"],
    [{ status: "cancelled" }, "incomplete"],
  ])("that only the status of the last response tells (%j) is no completed answer", async (end, expected) => {
    const response = { id: "resp_1", ...end, output: [] };
    const streamed = await ask(
      await streaming(created + itemDone(item) + sse("response.completed", { response })),
    );
    expect(kinds(streamed)).toEqual(["opened", "item", "failed"]);
    expect(reasonOf(streamed)).toBe(expected);
    const whole = await serve((_incoming, answer) =>
      answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(response)),
    );
    expect(reasonOf(await ask(whole))).toBe(expected);
  });

  it("that is disguised counts as sealed only when sealed items were sent", async () => {
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response
        .writeHead(400, { "content-type": "application/json" })
        .end('{"detail":"Unsupported content type"}');
    });
    const quoted = input(
      JSON.stringify({ type: "message", role: "user", content: '"encrypted_content": "gAAA"' }),
    );
    const sealed = input('{"type":"reasoning","encrypted_content": "gAAA"}');
    expect(failureOf(await ask(url, { change: { input: quoted } })).class).toBe("unknown-provider-failure");
    expect(failureOf(await ask(url, { change: { input: sealed } })).class).toBe("sealed-reasoning-rejected");
  });

  it("with a page in place of an answer is told from its status", async () => {
    expect(
      failureOf(await refuse(403, "<!doctype html><title>Just a moment...</title>", "text/html")).class,
    ).toBe("auth-denied");
    const page = failureOf(
      await refuse(200, "<!doctype html><title>Log in to the hotel</title>", "text/html"),
    );
    expect(page.class).toBe("unknown-provider-failure");
    expect(page.message).toContain("Log in to the hotel");
    expect(failureOf(await refuse(200, "<html><title>x</title></html>", "text/event-stream")).class).toBe(
      "unknown-provider-failure",
    );
  });

  it("in a body that never ends is classified by what came", async () => {
    const url = await serve((incoming, response) => {
      incoming.resume();
      response.writeHead(400, { "content-type": "application/json" });
      response.write(
        `{"error":{"code":"context_length_exceeded","message":"too long"},"echo":"${"y".repeat(200_000)}`,
      );
    });
    expect(failureOf(await ask(url)).class).toBe("context-overflow");
  });

  it("carries the answer's headers into an event's failure", async () => {
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream", "retry-after": "4" });
      response.end(sse("error", { error: { code: "rate_limit_exceeded", message: "slow" } }));
    });
    expect(failureOf(await ask(url)).data).toEqual({ retryAfterMs: 4000 });
  });

  it("never quotes the key", async () => {
    const failure = failureOf(
      await refuse(
        401,
        JSON.stringify({
          error: { message: `Incorrect API key provided: ${key}.`, code: "invalid_api_key" },
        }),
      ),
    );
    expect(failure.class).toBe("auth-denied");
    expect(JSON.stringify([failure.message, failure.signal, failure.data])).not.toContain(key);
  });
});
