// Refusals that people report of endpoints behind gateways (2025–2026): each costs one refused request, and only what it was about goes.
import { afterEach, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/lib/json.ts";
import { serve, sse } from "../wire/upstream.ts";
import { closeBoth } from "./client.ts";
import { endpoint, good, invalid, items, refused, type Refusal, requestBody, seal } from "./endpoint.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const tools = (body: JsonObject): unknown[] =>
  (body["tools"] as JsonObject[]).map((tool) => tool["name"] ?? tool["type"]);
const member = (body: JsonObject, name: string): unknown => {
  const inside = body[name];
  return isJsonObject(inside) ? inside : undefined;
};

/** [what, source; what is refused; with which answer; the request; what is left of it] */
type Row = readonly [
  what: string,
  isRefused: (body: JsonObject) => boolean,
  answer: Refusal,
  sent: JsonObject,
  left: (body: JsonObject) => unknown,
  expected: unknown,
];

const byId = requestBody({ input: items(requestBody()) });
const rows: readonly Row[] = [
  [
    "a setting that the list of known ones doesn't have (Wei-Shaw/sub2api#2054)",
    (body) => "background" in body,
    refused(400, { detail: "Unsupported parameter: background" }),
    requestBody({ background: false }),
    (body) => "background" in body,
    false,
  ],
  [
    "what Codex says of itself (openai/codex, client_metadata)",
    (body) => "client_metadata" in body,
    invalid("Unknown parameter: 'client_metadata'.", { param: "client_metadata", code: "unknown_parameter" }),
    requestBody(),
    (body) => [member(body, "text"), member(body, "reasoning")],
    [{ verbosity: "low" }, { effort: "high", summary: "auto" }],
  ],
  [
    "a value of a setting, in the name that chat endpoints have for it (google-deepmind/concordia#164)",
    (body) => member(body, "text") !== undefined,
    invalid("Unsupported value: 'verbosity' does not support 'low' with this model.", {
      param: "verbosity",
      code: "unsupported_value",
    }),
    requestBody(),
    (body) => "text" in body,
    false,
  ],
  [
    "words that LiteLLM calls a content policy (OpenHands/software-agent-sdk#2295)",
    (body) => "prompt_cache_retention" in body,
    refused(400, {
      error: {
        message:
          "litellm.BadRequestError: litellm.ContentPolicyViolationError: AzureException - prompt_cache_retention is not supported on this model. Received Model Group=azure/gpt-4.1",
        type: null,
        param: null,
        code: "400",
      },
    }),
    requestBody({ prompt_cache_retention: "24h" }),
    (body) => "prompt_cache_retention" in body,
    false,
  ],
  [
    "a setting that is taken with one value only",
    (body) => body["store"] !== false,
    refused(400, { detail: "Store must be set to false" }),
    requestBody({ store: true }),
    (body) => body["store"],
    false,
  ],
  [
    "tools that aren't functions (ggml-org/llama.cpp#20156)",
    (body) => tools(body).length > 1,
    refused(400, {
      error: { code: 400, message: "'type' of tool must be 'function'", type: "invalid_request_error" },
    }),
    requestBody(),
    tools,
    ["exec_command"],
  ],
  [
    "one kind of tool, told as JSON in a string (caozhiyuan/copilot-api#206)",
    (body) => tools(body).includes("image_generation"),
    refused(400, {
      error: {
        message: JSON.stringify({
          error: {
            message: "The requested tool image_generation is not supported.",
            code: "unsupported_value",
            param: "tools",
          },
        }),
        type: "error",
      },
    }),
    requestBody(),
    tools,
    ["exec_command", "apply_patch", "image_gen"],
  ],
  [
    "a namespace whose name is taken (caozhiyuan/copilot-api#312)",
    (body) => tools(body).includes("image_gen"),
    invalid(
      "Invalid Value: 'tools.namespace'. User-defined namespace 'image_gen' collides with an existing tool namespace.",
      { param: "tools.namespace" },
    ),
    requestBody(),
    tools,
    ["exec_command", "apply_patch", "image_generation"],
  ],
  [
    "a tool that is named by its place in the words of a checker (openai/codex#18307)",
    (body) => tools(body).includes("image_generation"),
    refused(400, {
      error: { code: "invalid_prompt", message: "Invalid Responses API request" },
      metadata: {
        raw: JSON.stringify([
          {
            code: "invalid_union",
            errors: [[{ path: ["type"] }]],
            path: ["tools", 2],
            message: "Invalid input",
          },
        ]),
      },
    }),
    requestBody(),
    tools,
    ["exec_command", "apply_patch", "image_gen"],
  ],
  [
    "a member of tools, whichever has it",
    (body) => (body["tools"] as JsonObject[]).some((tool) => "strict" in tool),
    invalid("Unknown parameter: 'tools[0].strict'.", { param: "tools[0].strict", code: "unknown_parameter" }),
    requestBody({
      tools: (requestBody()["tools"] as JsonObject[]).map((tool) => ({ ...tool, strict: false })),
    }),
    (body) => body["tools"],
    requestBody()["tools"],
  ],
  [
    "a role that chat templates don't know",
    (body) => items(body).some(({ role }) => role === "developer"),
    invalid("Invalid value: 'developer'. Supported values are: 'assistant', 'system', and 'user'.", {
      param: "input[0].role",
      code: "invalid_value",
    }),
    requestBody({
      input: [{ type: "message", role: "developer", content: "Be careful." }, ...items(requestBody())],
    }),
    (body) => items(body)[0],
    { type: "message", role: "system", content: "Be careful." },
  ],
  [
    "a role that the ChatGPT backend doesn't know",
    (body) => items(body).some(({ role }) => role === "system"),
    { status: 400, body: '{"detail":"System messages are not allowed"}' },
    requestBody({
      input: [{ type: "message", role: "system", content: "Be careful." }, ...items(requestBody())],
    }),
    (body) => items(body)[0],
    { type: "message", role: "developer", content: "Be careful." },
  ],
  [
    "a member of items, in the stream, one after the other (james-6-23/codex2api#406)",
    (body) => items(body).some((item) => "namespace" in item),
    {
      status: 200,
      type: "text/event-stream",
      body: sse("response.failed", {
        response: {
          status: "failed",
          error: {
            code: "invalid_request_error",
            message:
              "[ObjectParam] [input[2].namespace] [unknown_parameter] Unknown parameter: 'input[2].namespace'.",
          },
        },
      }),
    },
    requestBody({
      input: items(requestBody()).map((item) =>
        item["type"] === "message" ? item : { ...item, namespace: "mcp__files" },
      ),
    }),
    items,
    items(requestBody()),
  ],
  [
    "reasoning without a summary, and outputs that are nothing (fuzhengwei/WaLiAPI#61)",
    (body) =>
      items(body).some(
        (item) => item["output"] === null || (item["type"] === "reasoning" && !item["summary"]),
      ),
    invalid("Missing required parameter: 'input[1].summary'.", {
      param: "input[1].summary",
      code: "missing_required_parameter",
    }),
    requestBody({
      input: items(requestBody()).map((item) => ({
        ...item,
        ...("summary" in item && { summary: undefined }),
        ...("output" in item && { output: null }),
      })),
    }),
    (body) => items(body).map((item) => item["summary"] ?? item["output"] ?? item["type"]),
    ["message", [], "function_call", "", "message"],
  ],
  [
    "an image, by its place among the messages that a relay made (farion1231/cc-switch#7536)",
    (body) => JSON.stringify(body).includes("data:image"),
    refused(422, {
      error: {
        message: "Error from provider (OpenCode Go): Input should be a valid string",
        type: "invalid_request_error",
        param: "messages.2.user.content.str",
      },
    }),
    requestBody({
      input: items(requestBody()).map((item) =>
        "output" in item
          ? { ...item, output: [{ type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" }] }
          : item,
      ),
    }),
    (body) => items(body).map(({ type }) => type),
    ["message", "reasoning", "function_call", "function_call_output", "message"],
  ],
  [
    "calls and outputs without an id, as models of local servers make them",
    (body) => items(body).some((item) => item["call_id"] === ""),
    invalid(
      "Invalid 'input[2].call_id': empty string. Expected a string with minimum length 1, but got an empty string instead.",
      { param: "input[2].call_id", code: "empty_string" },
    ),
    requestBody({
      input: items(requestBody()).map((item) => ("call_id" in item ? { ...item, call_id: "" } : item)),
    }),
    (body) => [items(body).map(({ type }) => type), new Set(items(body).map((item) => item["call_id"])).size],
    [["message", "reasoning", "function_call", "function_call_output", "message"], 2],
  ],
  [
    "what no request may have, in words that nobody knows",
    (body) => items(body).some((item) => item["call_id"] === ""),
    invalid("tool reference is required"),
    requestBody({
      input: items(requestBody()).map((item) => ("call_id" in item ? { ...item, call_id: "" } : item)),
    }),
    (body) => items(body).map(({ type }) => type),
    ["message", "reasoning", "function_call", "function_call_output", "message"],
  ],
  [
    "ids of another connection, told with 401 (openclaw/openclaw#66424)",
    (body) => items(body).some((item) => "id" in item),
    { status: 401, type: "text/plain", body: "input item ID does not belong to this connection\n" },
    byId,
    (body) => items(body).filter((item) => item["encrypted_content"] === seal && !("id" in item)).length,
    1,
  ],
  [
    "a response to go on from, where the whole conversation is there (r1n7aro/Locus#35)",
    (body) => "previous_response_id" in body,
    refused(400, { detail: "Unsupported parameter: previous_response_id" }),
    requestBody({ previous_response_id: "resp_0" }),
    (body) => items(body).length,
    5,
  ],
];

describe("a refusal of one thing", () => {
  it.each(rows)("%s costs one request, once", async (_what, isRefused, answer, sent, left, expected) => {
    const { url, sent: seen } = await endpoint((body) => (isRefused(body) ? answer : undefined));
    const gateway = await gatewayTo(url);
    for (let turn = 0; turn < 3; turn++) {
      expect(await (await ask(gateway, JSON.stringify(sent))).text()).toBe(good);
      expect(left(seen.at(-1)!.body)).toEqual(expected);
      expect(items(seen.at(-1)!.body).some((item) => item["encrypted_content"] === seal)).toBe(true);
    }
    expect(seen).toHaveLength(4);
  });

  it("of seals, where only shells of reasoning are left, costs one request too (Wei-Shaw/sub2api#3138)", async () => {
    const shells = items(requestBody()).map((item) =>
      item["type"] === "reasoning" ? { type: "reasoning", id: "rs_1", summary: [] } : item,
    );
    const answer = invalid("The encrypted content could not be verified.", {
      code: "invalid_encrypted_content",
    });
    const { url, sent } = await endpoint((body) =>
      items(body).some(({ type }) => type === "reasoning") ? answer : undefined,
    );
    const gateway = await gatewayTo(url);
    for (let turn = 0; turn < 3; turn++)
      expect(await (await ask(gateway, JSON.stringify(requestBody({ input: shells })))).text()).toBe(good);
    expect(sent).toHaveLength(4);
    expect(sent.at(-1)!.body["include"]).toEqual(["reasoning.encrypted_content"]);
  });

  it("that names nothing which the request has isn't answered with the same request again", async () => {
    const answer = refused(400, { detail: "Unsupported parameter: frobnicate" });
    const { url, sent } = await endpoint(() => answer);
    const got = await ask(await gatewayTo(url), JSON.stringify(requestBody()));
    expect([got.status, await got.text()]).toEqual([400, answer.body]);
    expect(sent).toHaveLength(1);
  });

  it("to go on from a response, where the rest of the conversation is missing, is the client's to know", async () => {
    const answer = refused(400, { detail: "Unsupported parameter: previous_response_id" });
    const { url, sent } = await endpoint((body) => ("previous_response_id" in body ? answer : undefined));
    const gateway = await gatewayTo(url);
    const whole = JSON.stringify(requestBody({ previous_response_id: "resp_0" }));
    expect((await ask(gateway, whole)).status).toBe(200);
    const rest = JSON.stringify({ ...requestBody(), input: [], previous_response_id: "resp_1" });
    const got = await ask(gateway, rest);
    expect([got.status, sent.at(-1)!.text]).toEqual([400, rest]);
  });

  it("in bytes that are no UTF-8 is sent with marks in their place", async () => {
    const seen: Buffer[] = [];
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      seen.push(Buffer.concat(chunks));
      if (!seen.at(-1)!.includes(0xff))
        return void response.writeHead(200, { "content-type": "text/event-stream" }).end(good);
      response
        .writeHead(400)
        .end('{"error":{"message":"We could not parse the JSON body of your request."}}');
    });
    const body = Buffer.from(JSON.stringify(requestBody()));
    body[body.indexOf("a.txt")] = 0xff;
    expect(await (await ask(await gatewayTo(url), body)).text()).toBe(good);
    expect(seen.map((bytes) => bytes.includes("\uFFFD.txt"))).toEqual([false, true]);
  });
});
