// Tools that are refused for what they say of themselves, in namespaces and in the item in which Codex brings them (0.144 on).
import { afterEach, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { bodyOf, completed, created, serve, sse } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo } from "./kit.ts";

afterEach(closeAll);

const good = created + sse("response.output_item.added", { item: {} }) + completed;

const whole = { type: "object", properties: {} };
const namespaces: JsonObject[] = [
  {
    type: "namespace",
    name: "functions",
    description: "",
    tools: [
      { type: "custom", name: "exec" },
      { type: "function", name: "wait", parameters: whole },
    ],
  },
  {
    type: "namespace",
    name: "mcp__codex_app__",
    description: "The app.",
    tools: [{ type: "function", name: "automation_update", parameters: { anyOf: [whole] } }],
  },
  { type: "function", name: "view_image", parameters: whole },
];
const said = { type: "message", role: "user", content: [{ type: "input_text", text: "List." }] };
const own = { model: "gpt-6-sol", stream: true, tools: namespaces, input: [said] };
const brought = {
  model: "gpt-6-sol",
  stream: true,
  input: [{ type: "additional_tools", role: "developer", tools: namespaces }, said],
};

const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? (value as JsonObject[]) : []);
const toolsOf = (body: JsonObject): JsonObject[] => [
  ...list(body["tools"]),
  ...list(body["input"]).flatMap((item) => list(item["tools"])),
];
const names = (body: JsonObject): unknown[] =>
  toolsOf(body).flatMap((tool) =>
    tool["type"] === "namespace" ? list(tool["tools"]).map(({ name }) => name) : [tool["name"]],
  );
const relayed = (cause: string): string =>
  `CC Switch local proxy failed while handling Codex endpoint /responses. Provider: P; model: m; upstream_status: HTTP 400; cause: ${cause}`;

const isOffered = (body: JsonObject): boolean => names(body).includes("automation_update");
const others = ["exec", "wait", "view_image"];
const isMute = (body: JsonObject): boolean => toolsOf(body).some(({ description }) => description === "");

const rows: readonly [
  string,
  (body: JsonObject) => boolean,
  string,
  (body: JsonObject) => unknown,
  unknown,
][] = [
  [
    "for its schema, by its own name (Wei-Shaw/sub2api#5364)",
    isOffered,
    "Invalid schema for function 'automation_update': None is not valid under any of the given schemas.",
    names,
    others,
  ],
  [
    "for its schema, by the name that a relay gave it (farion1231/cc-switch#5354)",
    isOffered,
    relayed("Invalid schema for function 'codex_app__automation_update': schema must be a JSON Schema."),
    names,
    others,
  ],
  [
    "for its schema, by the name of its server (farion1231/cc-switch#6918)",
    isOffered,
    relayed(
      "Invalid schema for function 'mcp__codex_app__automation_update': schema must have type 'object'",
    ),
    names,
    others,
  ],
  [
    "for its schema, unnamed (farion1231/cc-switch#5809)",
    isOffered,
    relayed('Invalid request: tools.function.parameters.type is required and must be "object"'),
    names,
    others,
  ],
  [
    "for its description (openai/codex#37432)",
    isMute,
    "Invalid 'input[0].tools[0].description': empty string. Expected a string with minimum length 1, but got an empty string instead.",
    (body) => [names(body), toolsOf(body).map(({ description }) => description)],
    [
      [...others.slice(0, 2), "automation_update", "view_image"],
      ["functions", "The app.", undefined],
    ],
  ],
];

const sent = { "the request's own": own, "come as an item": brought };

it.each(rows.flatMap((row) => Object.entries(sent).map(([whose, body]) => [whose, ...row, body] as const)))(
  "a tool (%s) that is refused %s costs one request, once, and no other tool",
  async (_whose, _what, isRefused, message, left, expected, body) => {
    const seen: JsonObject[] = [];
    const url = await serve(async (request, response) => {
      const got = JSON.parse(await bodyOf(request)) as JsonObject;
      seen.push(got);
      if (!isRefused(got))
        return void response.writeHead(200, { "content-type": "text/event-stream" }).end(good);
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message, type: "invalid_request_error" } }));
    });
    const gateway = await gatewayTo(url);
    for (let turn = 0; turn < 3; turn++) {
      expect(await (await ask(gateway, JSON.stringify(body))).text()).toBe(good);
      expect(left(seen.at(-1)!)).toEqual(expected);
    }
    expect(seen).toHaveLength(4);
  },
);

const item = (...tools: JsonObject[]): JsonObject => ({ type: "additional_tools", role: "developer", tools });
const named = (name: string, description = `It is ${name}.`): JsonObject => ({
  type: "function",
  name,
  description,
  parameters: whole,
});

it.each<[string, JsonObject, number]>([
  ["the request's own", { tools: [named("a"), named("b")], input: [item(named("c", "")), said] }, 0],
  ["an empty list of its own", { tools: [], input: [item(named("c", "")), said] }, 0],
  ["another item's", { input: [item(named("a")), said, item(named("c", "")), said] }, 2],
])("a tool that an item brings, told by its place there, is not one of %s", async (_whose, more, place) => {
  const seen: JsonObject[] = [];
  const url = await serve(async (request, response) => {
    const got = JSON.parse(await bodyOf(request)) as JsonObject;
    seen.push(got);
    if (!isMute(got)) return void response.writeHead(200, { "content-type": "text/event-stream" }).end(good);
    response.writeHead(400, { "content-type": "application/json" });
    const message = `Invalid 'input[${place}].tools[0].description': empty string.`;
    response.end(JSON.stringify({ error: { message, type: "invalid_request_error" } }));
  });
  const got = await ask(await gatewayTo(url), JSON.stringify({ model: "m", stream: true, ...more }));
  expect(await got.text()).toBe(good);
  expect(toolsOf(seen.at(-1)!).map(({ name, description }) => [name, description])).toEqual(
    toolsOf(more).map(({ name, description }) => [name, name === "c" ? "c" : description]),
  );
});

it("a tool that is refused unnamed, where none is without a schema, is the client's to know", async () => {
  let asked = 0;
  const url = await serve((_request, response) => {
    asked++;
    response.writeHead(400, { "content-type": "application/json" });
    response.end(
      '{"error":{"message":"tools.function.parameters.type is required and must be \\"object\\""}}',
    );
  });
  const tools = namespaces.filter(({ name }) => name !== "mcp__codex_app__");
  const got = await ask(await gatewayTo(url), JSON.stringify({ ...own, tools }));
  expect([got.status, asked]).toEqual([400, 1]);
});
