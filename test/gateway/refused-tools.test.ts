// Tools that are refused for what they say of themselves, in namespaces and in the item in which Codex brings them (0.144 on).
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { prompt } from "../kit/simulator-client.ts";
import { askedThrice, good, invalid, items, type Refusal } from "./endpoint.ts";
import { closeAll } from "./kit.ts";

afterEach(closeAll);

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
const asOwn = { tools: namespaces, input: [prompt("List.")] };
const asItem = {
  input: [{ type: "additional_tools", role: "developer", tools: namespaces }, prompt("List.")],
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

const bodies = { "the request's own": asOwn, "come as an item": asItem };

it.each(rows.flatMap((row) => Object.entries(bodies).map(([whose, body]) => [whose, ...row, body] as const)))(
  "a tool (%s) that is refused %s costs one request, once, and no other tool",
  async (_whose, _what, isRefused, message, left, expected, body) => {
    const { sent, texts } = await askedThrice(body, (got) => (isRefused(got) ? invalid(message) : undefined));
    expect(texts).toEqual([good, good, good]);
    expect(sent).toHaveLength(4);
    for (const healed of sent.slice(1)) expect(left(healed)).toEqual(expected);
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
  [
    "the request's own",
    { tools: [named("a"), named("b")], input: [item(named("c", "")), prompt("List.")] },
    0,
  ],
  ["an empty list of its own", { tools: [], input: [item(named("c", "")), prompt("List.")] }, 0],
  [
    "another item's",
    { input: [item(named("a")), prompt("List."), item(named("c", "")), prompt("List.")] },
    2,
  ],
])("a tool that an item brings, told by its place there, is not one of %s", async (_whose, more, place) => {
  const message = `Invalid 'input[${place}].tools[0].description': empty string.`;
  const { sent, texts } = await askedThrice(more, (got) => (isMute(got) ? invalid(message) : undefined), 1);
  expect(texts).toEqual([good]);
  expect(toolsOf(sent.at(-1)!).map(({ name, description }) => [name, description])).toEqual(
    toolsOf(more).map(({ name, description }) => [name, name === "c" ? "c" : description]),
  );
});

it("a tool that is refused unnamed, where none is without a schema, is the client's to know", async () => {
  const tools = namespaces.filter(({ name }) => name !== "mcp__codex_app__");
  const refusal = invalid('tools.function.parameters.type is required and must be "object"');
  const { sent, statuses } = await askedThrice({ ...asOwn, tools }, () => refusal, 1);
  expect([statuses, sent.length]).toEqual([[400], 1]);
});

const shell = { type: "function", name: "shell", parameters: { type: "object" } };

describe("tools that come as an item", () => {
  const holdsItem = (body: JsonObject): boolean =>
    items(body).some(({ type }) => type === "additional_tools");
  const tool = { type: "function", name: "exec", parameters: { type: "object" } };
  const refuse = (body: JsonObject): Refusal | undefined =>
    holdsItem(body)
      ? invalid("Unsupported Responses API input item type: 'additional_tools' None")
      : undefined;

  it("are said to be offered, and not to go in words, where the item is named by its place alone", async () => {
    const { statuses, lines, sent } = await askedThrice(
      { input: [item(tool, shell), prompt("List.")] },
      (body) => (holdsItem(body) ? invalid("Invalid item.", { param: "input[0]" }) : undefined),
    );
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent.at(-1)!["tools"]).toHaveLength(2);
    expect(lines[0]).toContain(
      "the item that tools came in was refused; they are offered as the request's own from now on (request-malformed 400)",
    );
  });

  it("are said to be offered where the item goes among others", async () => {
    const call = { type: "function_call", call_id: "c", name: "shell", arguments: "{}" };
    const output = { type: "function_call_output", call_id: "c", output: "done" };
    const { statuses, lines, sent } = await askedThrice(
      { input: [item(tool, shell), prompt("List."), call, output] },
      (body) =>
        items(body).every(({ type }) => type === "message")
          ? undefined
          : invalid("Function call is missing a thought_signature in functionCall parts."),
    );
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent.at(-1)!["tools"]).toHaveLength(2);
    expect(lines.find((line) => line.includes("plain transcript"))).toContain(
      "; the tools that came as an item are offered as the request's own",
    );
  });

  it.each([{}, { tools: [shell] }])(
    "go among the request's own where the item isn't taken: %j",
    async (own) => {
      const { statuses, sent, lines } = await askedThrice(
        { ...own, input: [item(tool, shell), prompt("List."), prompt("Go on.")] },
        refuse,
      );
      expect(statuses).toEqual([200, 200, 200]);
      expect(sent).toHaveLength(4);
      for (const body of sent.slice(1)) {
        expect((body["tools"] as JsonObject[]).map(({ name }) => name).toSorted()).toEqual(["exec", "shell"]);
        expect(items(body)).toEqual([prompt("List."), prompt("Go on.")]);
      }
      expect(lines[0]).toContain(
        "the item that tools came in was refused; they are offered as the request's own",
      );
    },
  );

  it("stay as they are for an endpoint that takes them", async () => {
    const input = [item(tool, shell), prompt("List."), prompt("Go on.")];
    const { sent } = await askedThrice({ input, user: "u" }, (body) =>
      body["user"] === undefined ? undefined : invalid("Unknown parameter: 'user'.", { param: "user" }),
    );
    expect(items(sent.at(-1)!)).toEqual(input);
    expect(sent.at(-1)).not.toHaveProperty("tools");
  });
});

describe("a tool that is refused for its schema", () => {
  const broken = { type: "function", name: "automation", parameters: { type: null } };
  const refuse = (body: JsonObject): Refusal | undefined => {
    const at = ((body["tools"] ?? []) as JsonObject[]).findIndex(({ name }) => name === "automation");
    const words =
      "Invalid schema for function 'automation': None is not valid under any of the given schemas.";
    return at < 0
      ? undefined
      : invalid(words, { param: `tools[${at}].parameters`, code: "invalid_function_parameters" });
  };

  it("is left out among others", async () => {
    const { statuses, sent } = await askedThrice({ tools: [shell, broken] }, refuse);
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(4);
    expect(sent.at(-1)!["tools"]).toEqual([shell]);
  });

  it("is the client's to know when it is the only one", async () => {
    const { statuses, sent, texts } = await askedThrice({ tools: [broken] }, refuse, 1);
    expect(statuses).toEqual([400]);
    expect(texts[0]).toContain("automation");
    expect(sent.every((body) => body["tools"] !== undefined)).toBe(true);
  });
});

describe("a function that is called like a kind of tool", () => {
  const kind = { type: "web_search" };
  const alike = { type: "function", name: "web_search", parameters: { type: "object" } };
  const unknown = (param: string): Refusal => invalid("Invalid value.", { param, code: "invalid_value" });
  it.each<[string, JsonObject, (at: number) => Refusal]>([
    ["stays where the kind is refused by its place", kind, (at) => unknown(`tools[${at}].type`)],
    ["stays where the kind is refused", kind, () => invalid("Unsupported tool type: web_search")],
    [
      "goes alone where its schema is refused",
      alike,
      () => invalid("Invalid schema for function 'web_search': None is not valid."),
    ],
    ["goes alone where it is refused by its place", alike, (at) => unknown(`tools[${at}].name`)],
  ])("%s", async (_what, refused, words) => {
    const tools = [shell, alike, kind];
    const { statuses, sent } = await askedThrice({ tools }, (body) => {
      const offered = (body["tools"] ?? []) as JsonObject[];
      const at = offered.findIndex((tool) => JSON.stringify(tool) === JSON.stringify(refused));
      return at < 0 ? undefined : words(at);
    });
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(4);
    expect(sent.at(-1)!["tools"]).toEqual(tools.filter((tool) => tool !== refused));
  });
});
