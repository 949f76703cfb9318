// Refusals in words that nobody knows: what the upstream takes is found out, and remembered only when it does.
import { afterEach, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { prompt } from "../kit/simulator-client.ts";
import { bodyOf, completed, created, serve } from "../wire/upstream.ts";
import { send } from "./client.ts";
import { closeAll, gatewayTo, type Tried } from "./kit.ts";

afterEach(closeAll);

const blob = (fill: string): string => `gAAAAABp${fill.repeat(92)}`;
const reasoning = (id: string, fill: string): JsonObject => ({
  type: "reasoning",
  id,
  summary: [],
  encrypted_content: blob(fill),
});
const said = (id: string): JsonObject => ({
  type: "message",
  role: "assistant",
  id,
  content: [{ type: "output_text", text: "Said." }],
});
const call: JsonObject = { type: "function_call", call_id: "call_1", name: "shell_command", arguments: "{}" };
const output: JsonObject = { type: "function_call_output", call_id: "call_1", output: "done" };
const history = [
  prompt("one"),
  reasoning("rs_1", "A"),
  said("msg_1"),
  prompt("two"),
  reasoning("rs_2", "B"),
  call,
  output,
  prompt("three"),
];

/** An upstream that refuses what `isWrong` holds of, and what it was asked. */
async function picky(
  isWrong: (input: readonly JsonObject[]) => boolean,
): Promise<{ gateway: Tried; asked: JsonObject[][] }> {
  const asked: JsonObject[][] = [];
  const url = await serve(async (request, response) => {
    const { input } = JSON.parse(await bodyOf(request)) as { input: JsonObject[] };
    asked.push(input);
    if (isWrong(input)) {
      response.writeHead(400, { "content-type": "application/json" });
      return void response.end('{"error":{"message":"Vorgang 4711 abgelehnt"}}');
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`${created}${completed}`);
  });
  return { gateway: await gatewayTo(url), asked };
}

const has = (input: readonly JsonObject[], fill: string): boolean =>
  input.some((item) => item["encrypted_content"] === blob(fill));
const isCalled = (input: readonly JsonObject[]): boolean =>
  input.some(({ type }) => type === "function_call");

it("of seals cost one refused request, and the next turn none", async () => {
  const { gateway, asked } = await picky((input) => has(input, "A") || has(input, "B"));
  expect((await send(gateway, history)).events.at(-1)?.event).toBe("response.completed");
  expect(asked).toHaveLength(2);
  // A message whose reasoning is gone goes without its id.
  const visible = history.filter(({ type }) => type !== "reasoning").map(({ id: _id, ...item }) => item);
  expect(asked[1]).toEqual(visible);
  expect(gateway.lines.filter((line) => line.includes("words that are not known"))).toHaveLength(1);
  const more = [...history, reasoning("rs_3", "C"), said("msg_3"), prompt("four")];
  expect((await send(gateway, more)).events.at(-1)?.event).toBe("response.completed");
  expect(asked).toHaveLength(3);
  expect(has(asked[2]!, "C")).toBe(true);
});

it("of calls end as a transcript, and no seal is called dead for it", async () => {
  const { gateway, asked } = await picky(isCalled);
  expect((await send(gateway, history)).events.at(-1)?.event).toBe("response.completed");
  expect(asked.length).toBeLessThanOrEqual(7);
  expect(JSON.stringify(asked.at(-1))).toContain("shell_command");
  const { length } = asked;
  // Another conversation with the same blobs goes as it is.
  const other = history.filter(({ type }) => !String(type).startsWith("function_call"));
  await send(gateway, other, { prompt_cache_key: "other" });
  expect(asked).toHaveLength(length + 1);
  expect(asked.at(-1)).toEqual(other);
});

it("of whatever is sent are the client's to know, and nothing is remembered", async () => {
  let isRefusing = true;
  const { gateway, asked } = await picky(() => isRefusing);
  const refused = await send(gateway, history);
  expect([refused.status, refused.raw]).toEqual([400, expect.stringContaining("4711")]);
  expect(asked.length).toBeLessThanOrEqual(7);
  const { length } = asked;
  isRefusing = false;
  expect((await send(gateway, history)).events.at(-1)?.event).toBe("response.completed");
  expect(asked.slice(length)).toEqual([history]);
});

it("that quote a setting which they aren't about leave it as it was, once what is meant was found", async () => {
  const asked: JsonObject[] = [];
  const url = await serve(async (request, response) => {
    const body = JSON.parse(await bodyOf(request)) as JsonObject;
    asked.push(body);
    if (has(body["input"] as JsonObject[], "A")) {
      const message = "Dieser Block gehört zu einem anderen `prompt_cache_key` als `service_tier`.";
      response.writeHead(400, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ error: { message } }));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`${created}${completed}`);
  });
  const gateway = await gatewayTo(url);
  const more = { prompt_cache_key: "k", service_tier: "auto" };
  for (let turn = 0; turn < 2; turn++) await send(gateway, history, more);
  expect(asked).toHaveLength(5);
  expect(asked.slice(3)).toMatchObject([more, more]);
  expect(has(asked.at(-1)!["input"] as JsonObject[], "A")).toBe(false);
});

it("that name two settings, or a setting and then nothing, cost one refused request each, and none on the next turn", async () => {
  const asked: JsonObject[] = [];
  const url = await serve(async (request, response) => {
    const body = JSON.parse(await bodyOf(request)) as JsonObject;
    asked.push(body);
    const setting = ["prompt_cache_key", "service_tier"].find((name) => name in body);
    const isDead = has(body["input"] as JsonObject[], "A");
    const words = setting === undefined ? (isDead ? "Vorgang 4711" : undefined) : `Nein: \`${setting}\`.`;
    response.writeHead(words === undefined ? 200 : 400, { "content-type": "text/event-stream" });
    response.end(
      words === undefined ? `${created}${completed}` : JSON.stringify({ error: { message: words } }),
    );
  });
  const gateway = await gatewayTo(url);
  const more = { prompt_cache_key: "k", service_tier: "auto" };
  for (let turn = 0; turn < 2; turn++) await send(gateway, history, more);
  expect(asked).toHaveLength(5);
  for (const name of Object.keys(more)) expect(asked.at(-1)).not.toHaveProperty(name);
});

it("that quote two settings of which the second is the cause leave out the first for one request, and never again", async () => {
  const asked: JsonObject[] = [];
  const url = await serve(async (request, response) => {
    const body = JSON.parse(await bodyOf(request)) as JsonObject;
    asked.push(body);
    const isGood = !("service_tier" in body);
    const message = "Zu diesem `prompt_cache_key` passt kein `service_tier`.";
    response.writeHead(isGood ? 200 : 400, { "content-type": "text/event-stream" });
    response.end(isGood ? `${created}${completed}` : JSON.stringify({ error: { message } }));
  });
  const gateway = await gatewayTo(url);
  for (let turn = 0; turn < 2; turn++)
    await send(gateway, history, { prompt_cache_key: "k", service_tier: "auto" });
  expect(asked).toHaveLength(4);
  expect(asked.at(-1)).toHaveProperty("prompt_cache_key", "k");
  expect(asked.at(-1)).not.toHaveProperty("service_tier");
});

it.each([
  "Unsupported tool type. Supported tool types are: 'function', 'web_search'",
  "Unsupported tool type: custom. Supported tool types are: 'function', 'web_search'",
  "Only function and web_search tools are supported.",
  "tools: type must be one of ['function', 'web_search']",
  "unknown variant, expected `function` or `web_search`",
  "Unsupported tool type: expected one of function, web_search; found custom",
  "tools: expected 'function', got 'custom'",
])("that list the kinds of tools which are taken leave only the others out: %s", async (message) => {
  const taken: unknown[] = ["function", "web_search"];
  const asked: unknown[][] = [];
  const url = await serve(async (request, response) => {
    const { tools } = JSON.parse(await bodyOf(request)) as { tools: JsonObject[] };
    asked.push(tools.map(({ type }) => type));
    const isGood = tools.every(({ type }) => taken.includes(type));
    response.writeHead(isGood ? 200 : 400, { "content-type": "text/event-stream" });
    response.end(isGood ? `${created}${completed}` : JSON.stringify({ error: { message } }));
  });
  const gateway = await gatewayTo(url);
  const tools = [
    { type: "function", name: "shell", parameters: {} },
    { type: "web_search" },
    { type: "custom", name: "apply_patch" },
  ];
  for (let turn = 0; turn < 2; turn++) await send(gateway, history, { tools });
  expect(asked).toEqual([["function", "web_search", "custom"], taken, taken]);
});
