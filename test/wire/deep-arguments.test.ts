// Arguments that are nested deeper than a stack reaches, with numbers that no double holds: carried whole by each wire, both ways.
import { afterEach, describe, expect, it } from "vitest";
import { anthropicProvider } from "../../src/provider/anthropic/provider.ts";
import { chatProvider } from "../../src/provider/chat/provider.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import { ask, input, kinds } from "./ask.ts";
import { bodyOf, closeServers, serve } from "./upstream.ts";

afterEach(closeServers);

const depth = 20_000;
const list = `${"[".repeat(depth)}12345678901234567890${"]".repeat(depth)}`;
const deep = `{"a":${list}}`;
const text = JSON.stringify(deep);
const stream = (...events: string[]): string => events.map((event) => `data: ${event}\n\n`).join("");
const chunk = (given: string): string =>
  `{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"look","arguments":${given}}}]},"finish_reason":"tool_calls"}]}`;
const whole = (given: string): string => chunk(given).replace('"delta"', '"message"');
const call = { type: "function_call", call_id: "c1", name: "look", arguments: deep };
const responses = stream(
  `{"type":"response.output_item.done","item":{"type":"function_call","call_id":"c1","name":"look","arguments":${text}}}`,
  '{"type":"response.completed","response":{"id":"r1"}}',
);
const anthropic = stream(
  '{"type":"message_start","message":{"id":"m1"}}',
  `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c1","name":"look","input":${deep}}}`,
  '{"type":"content_block_stop","index":0}',
  '{"type":"message_delta","delta":{"stop_reason":"tool_use"}}',
  '{"type":"message_stop"}',
);

describe("arguments nested deeper than a stack, with a number of 20 digits, come and go whole", () => {
  it.each([
    ["Responses", responsesProvider, responses, text, "text/event-stream"],
    ["Chat Completions", chatProvider, stream(chunk(text), "[DONE]"), text, "text/event-stream"],
    ["Chat Completions as an object", chatProvider, stream(chunk(deep), "[DONE]"), text, "text/event-stream"],
    ["Chat Completions as an object, at once", chatProvider, whole(deep), text, "application/json"],
    ["Messages", anthropicProvider, anthropic, deep, "text/event-stream"],
  ] as const)("on the wire of %s", async (_name, make, answer, sentAs, type) => {
    let sent = "";
    const url = await serve(async (incoming, response) => {
      sent = (await bodyOf(incoming)).toString();
      response.writeHead(200, { "content-type": type }).end(answer);
    });
    const history = input(
      JSON.stringify(call),
      '{"type":"function_call_output","call_id":"c1","output":"x"}',
    );
    const events = await ask(url, { make, change: { input: history } });
    expect(sent.includes(sentAs)).toBe(true);
    expect(kinds(events)).toEqual(["opened", "item", "completed"].slice(make === responsesProvider ? 1 : 0));
    const item = events.find((event) => event.type === "item");
    const told = JSON.parse(Buffer.from(item!.item).toString()) as { arguments: string };
    expect(told.arguments === deep).toBe(true);
  });

  it("in a refusal they are told like any other", async () => {
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      const error = `{"error":{"code":"invalid_encrypted_content","message":"The encrypted content could not be verified.","x":${list}}}`;
      response.writeHead(400, { "content-type": "application/json" }).end(error);
    });
    const [failed] = await ask(url);
    expect(failed).toMatchObject({ type: "failed", failure: { class: "sealed-reasoning-rejected" } });
  });
});
