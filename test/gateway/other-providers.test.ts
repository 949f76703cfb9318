// What endpoints of other providers refuse of a client's history (2026): what it takes goes, and what it can't go without stays.
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { bodyOf, created, serve, sse } from "../wire/upstream.ts";
import { prompt } from "../kit/simulator-client.ts";
import { askedThrice, good, invalid, items, refused, type Refusal } from "./endpoint.ts";
import { ask, closeAll, gatewayTo } from "./kit.ts";

afterEach(closeAll);

const holds = (body: JsonObject, type: string): boolean => items(body).some((item) => item["type"] === type);
const shell = { type: "function", name: "shell", parameters: { type: "object" } };

it("the wish for a compaction isn't left out: an answer would come in its place", async () => {
  const call = { type: "function_call", call_id: "call_1", name: "shell", arguments: "{}" };
  const output = { type: "function_call_output", call_id: "call_1", output: "a.txt" };
  const input = [prompt("List."), call, output, { type: "compaction_trigger" }];
  for (const words of [
    "unsupported input item type: compaction_trigger",
    "value did not match any variant",
  ]) {
    const { statuses, sent, texts } = await askedThrice(
      { input },
      (body) => (holds(body, "compaction_trigger") ? invalid(words) : undefined),
      1,
    );
    expect(statuses).toEqual([400]);
    expect(texts[0]).toContain(words);
    expect(sent.every((body) => holds(body, "compaction_trigger"))).toBe(true);
  }
});

describe("a setting that is named in words which nobody knows", () => {
  it.each<[string, JsonObject, Refusal]>([
    ["metadata", { metadata: { k: "v" } }, invalid("property 'metadata' is unsupported")],
    ["temperature", { temperature: 0 }, invalid("Validation error: `temperature` may not be used here")],
    ["service_tier", { service_tier: "flex" }, invalid("Flex is not on offer.", { param: "service_tier" })],
    ["truncation", { truncation: "auto" }, invalid("参数 'truncation' 无效")],
    [
      "reasoning",
      { reasoning: { effort: "high" } },
      refused(400, { error: "Argument not supported on this model: reasoningEffort" }),
    ],
    [
      "metadata",
      { metadata: { k: "v" } },
      refused(400, { errors: [{ message: "Bad input: metadata: unknown field (8001)" }] }),
    ],
  ])("is left out from then on: %s", async (name, setting, refusal) => {
    const { statuses, sent } = await askedThrice(setting, (body) => (name in body ? refusal : undefined));
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(4);
  });

  it("is the first of several, and then the next that is still there", async () => {
    const both = { prompt_cache_key: "k", safety_identifier: "u" };
    const words = "Unrecognized request arguments supplied: prompt_cache_key, safety_identifier";
    const { statuses, sent } = await askedThrice(both, (body) =>
      Object.keys(both).some((name) => name in body) ? invalid(words) : undefined,
    );
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(5);
    const one = await askedThrice({ temperature: 0.2, top_p: 0.9 }, (body) =>
      "temperature" in body && "top_p" in body
        ? invalid("`temperature` and `top_p` cannot both be given. Please use only one.")
        : undefined,
    );
    expect(one.sent).toHaveLength(4);
    expect(one.sent.at(-1)).toMatchObject({ top_p: 0.9 });
  });

  it.each<[string, JsonObject, Refusal]>([
    [
      "a bound of the answer",
      { max_output_tokens: 1 },
      invalid("Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.", {
        param: "max_output_tokens",
        code: "integer_below_min_value",
      }),
    ],
    [
      "the conversation that it goes on in",
      { conversation: "conv_1" },
      invalid("Unsupported parameter: 'conversation'", { param: "conversation" }),
    ],
    [
      "the form of the answer",
      { text: { format: { type: "json_object" } } },
      invalid("Unsupported parameter: 'text.format'", { param: "text.format" }),
    ],
  ])("stays where the answer would be another one: %s", async (_what, setting, refusal) => {
    const [name] = Object.keys(setting) as [string];
    const { statuses, texts } = await askedThrice(setting, (body) => (name in body ? refusal : undefined), 1);
    expect(statuses).toEqual([400]);
    expect(texts[0]).toBe(refusal.body);
  });
});

describe("words that nobody knows", () => {
  const custom = { type: "custom", name: "apply_patch" };
  const odd = { ...shell, name: "mcp.x/y" };
  const firstOdd = (body: JsonObject): number =>
    ((body["tools"] ?? []) as JsonObject[]).findIndex(({ name }) => name !== "shell");
  it.each<[string, JsonObject, (at: number) => string]>([
    ["its place", custom, (at) => `参数错误: tools[${at}].type 不合法`],
    ["its kind", custom, () => "Unsupported tool type(s): ['custom']"],
    ["its kind, without marks", custom, () => "[bad_request] Unsupported Responses tool type: custom"],
    ["its kind before the word", custom, () => "custom tools are not supported by this deployment"],
    ["its kind between two words", custom, () => "Unsupported custom tool in the request"],
    ["its kind as a variant", custom, () => "unknown variant `custom`, expected one of `function`, `mcp`"],
    ["that it has an unknown one", custom, () => "failed to parse JSON for /v1/responses: unknown tool type"],
    [
      "its place and its name",
      odd,
      (at) => `Invalid 'tools[${at}].name': string does not match pattern '^[a-zA-Z0-9_-]+$'.`,
    ],
  ])("may name a tool: %s", async (_what, tool, words) => {
    const { statuses, sent } = await askedThrice({ tools: [shell, tool] }, (body) => {
      const at = firstOdd(body);
      return at < 0 ? undefined : invalid(words(at));
    });
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(4);
    expect(sent.at(-1)!["tools"]).toEqual([shell]);
  });

  it.each([
    "The custom tool call at 3 has no partner.",
    "Odd: the output of a custom tool call",
    "unknown tool of yours",
    "Could not reach the custom tool server a.",
    "The tool custom was called twice.",
  ])("take no tool along that they are not about: %s", async (words) => {
    const { sent } = await askedThrice({ tools: [shell, custom] }, () => invalid(words), 1);
    for (const body of sent) expect(body["tools"]).toEqual([shell, custom]);
  });

  it.each<[string, JsonObject, string]>([
    ["who is blocked", { safety_identifier: "s" }, "Limited access for this safety_identifier."],
    ["a policy", { service_tier: "auto" }, "Your request for service_tier violates our policy."],
    ["what was asked", { service_tier: "auto" }, 'Refused: "how do I set service_tier" isn\'t answered.'],
    ["a part of an item", { text: { verbosity: "low" } }, "Missing required field 'text' in content."],
    ["a part of an item, without marks", { text: { verbosity: "low" } }, "content: missing field: text"],
    [
      "a member of an item",
      { reasoning: { effort: "low" } },
      "The item of type 'reasoning' lacks 'summary'.",
    ],
  ])("take no setting along that they are not about: %s", async (_what, setting, words) => {
    const { sent } = await askedThrice(setting, () => invalid(words), 1);
    for (const body of sent) expect(body).toMatchObject(setting);
  });

  it("are about the item where they name a member deep in it, or one that it hasn't", async () => {
    const call = {
      type: "local_shell_call",
      call_id: "c",
      status: "completed",
      action: { type: "exec", command: [] },
    };
    const output = { type: "local_shell_call_output", call_id: "c", output: "3" };
    for (const place of ["action.command", "foo"]) {
      const { sent } = await askedThrice(
        { input: [prompt("List."), call, output, prompt("Go on.")] },
        (body) => {
          const at = items(body).findIndex(({ action }) => action !== undefined);
          return at < 0 ? undefined : invalid(`Invalid 'input[${at}].${place}': empty array.`);
        },
      );
      expect(new Set(sent.map((body) => JSON.stringify(body))).size).toBeGreaterThan(1);
      for (const { type, action } of sent.flatMap(items))
        if (type === "local_shell_call") expect(action).toEqual(call.action);
    }
  });

  it("may name a member of an item in the server's own spelling", async () => {
    const answer = { type: "message", role: "assistant", content: [{ type: "output_text", text: "A." }] };
    const input = [prompt("List."), { ...answer, status: "incomplete" }, prompt("Go on.")];
    const { statuses, sent } = await askedThrice({ input }, (body) => {
      const at = items(body).findIndex((item) => "status" in item);
      return at < 0
        ? undefined
        : invalid(`Key: 'Request.Input[${at}].Status' Error:Field validation for 'Status' failed`);
    });
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(4);
    expect(items(sent.at(-1)!)).toEqual([prompt("List."), answer, prompt("Go on.")]);
  });

  it("may be about a message without any content", async () => {
    const input = [prompt("List."), { type: "message", role: "assistant", content: [] }, prompt("Go on.")];
    const { statuses, sent } = await askedThrice({ input }, (body) =>
      items(body).some(({ content }) => Array.isArray(content) && content.length === 0)
        ? refused(400, { code: "400", error: "Each message must have at least one content element." })
        : undefined,
    );
    expect(statuses).toEqual([200, 200, 200]);
    expect(items(sent.at(-1)!)).toEqual([prompt("List."), prompt("Go on.")]);
  });
});

it("servers behind one name that know one role each are asked in theirs, and none is asked in both for ever", async () => {
  const system = refused(400, { detail: "System messages are not allowed" });
  const developer = invalid(
    "Invalid value: 'developer'. Supported values are: 'assistant', 'system', and 'user'.",
    {
      param: "input[0].role",
      code: "invalid_value",
    },
  );
  const input = [{ type: "message", role: "developer", content: "Be careful." }, prompt("List.")];
  let accepted = 0;
  const { statuses } = await askedThrice(
    { input },
    (body) => {
      const known = accepted % 2 === 0 ? "system" : "developer";
      const { role } = items(body)[0]!;
      if (role !== known) return role === "system" ? system : developer;
      accepted++;
      return undefined;
    },
    6,
  );
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
  const neither = await askedThrice(
    { input },
    (body) => (items(body)[0]!["role"] === "system" ? system : developer),
    1,
  );
  expect(neither.statuses).toEqual([400]);
  expect(neither.sent.map((body) => items(body)[0]!["role"])).toEqual(["developer", "system", "developer"]);
});

describe("what one agent tells another in a call's arguments", () => {
  const token = (seed: number): string =>
    Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0, 0x69]), Buffer.alloc(105 - 6, seed)]).toString("base64url");
  const reasoning = (seed: number): JsonObject => ({
    type: "reasoning",
    id: `rs_${seed}`,
    summary: [],
    encrypted_content: token(seed),
  });
  const calls = (message: string, more: JsonObject = {}): JsonObject[] => [
    {
      type: "function_call",
      call_id: "c",
      name: "spawn_agent",
      arguments: JSON.stringify({ task_name: "worker", n: 1, message }),
      ...more,
    },
    { type: "function_call_output", call_id: "c", output: "started" },
  ];
  const refuse = (body: JsonObject): Refusal | undefined => {
    const dead = [token(1), token(2)].find((blob) => JSON.stringify(body).includes(blob));
    if (dead === undefined) return undefined;
    const words = `The encrypted content ${dead.slice(0, 4)}...${dead.slice(-4)} could not be verified.`;
    return invalid(words, { code: "invalid_encrypted_content" });
  };

  it.each<[string, JsonObject[]]>([
    ["alone", []],
    ["with the reasoning before it", [reasoning(1)]],
  ])("goes %s when its key is gone, and the call stays", async (_how, before) => {
    const input = [prompt("List."), ...before, ...calls(token(2), { encrypted_function_args: ["message"] })];
    const { statuses, sent } = await askedThrice({ input: [...input, prompt("Go on.")] }, refuse);
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(4);
    const [call, output] = items(sent.at(-1)!).filter(({ call_id }) => call_id === "c");
    expect(JSON.parse(String(call?.["arguments"]))).toEqual({
      task_name: "worker",
      n: 1,
      message: "[Sealed content stood here. It can't be opened any more.]",
    });
    expect([call?.["encrypted_function_args"], output?.["output"]]).toEqual([[], "started"]);
  });

  it.each<[string, string, JsonObject]>([
    ["is in words", "Look at gAAAAA.", {}],
    ["is said to be in words", token(3), { encrypted_function_args: [] }],
    ["is alive", token(3), {}],
  ])("stays where it %s", async (_how, message, more) => {
    const answer = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Done." }] };
    const input = [prompt("List."), ...calls(message, more), reasoning(1), answer, prompt("Go on.")];
    const { statuses, sent } = await askedThrice({ input }, refuse);
    expect(statuses).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(4);
    const kept = items(sent.at(-1)!).find(({ call_id }) => call_id === "c");
    expect(JSON.parse(String(kept?.["arguments"]))["message"]).toBe(message);
  });
});

it("a message between agents keeps what can be read of it", async () => {
  const sealed = { type: "encrypted_content", encrypted_content: `gAAAAA${"C".repeat(174)}` };
  const content = [{ type: "input_text", text: "The report." }, sealed];
  const message = { type: "agent_message", author: "/root/a", recipient: "/root", content };
  const { statuses, sent } = await askedThrice(
    { input: [prompt("List."), message, prompt("Go on.")] },
    (body) =>
      JSON.stringify(body).includes(sealed.encrypted_content)
        ? invalid("The encrypted content could not be verified.", { code: "invalid_encrypted_content" })
        : undefined,
  );
  expect(statuses).toEqual([200, 200, 200]);
  expect(sent).toHaveLength(4);
  expect(JSON.stringify(items(sent.at(-1)!)[1])).toContain("The report.");
});

it("an error event that is passed on before output is followed by an end that Codex knows", async () => {
  const words = "This content was flagged for possible cybersecurity risk.";
  const error = sse("error", { code: "cyber_policy", message: words });
  const url = await serve(async (request, response) => {
    await bodyOf(request);
    response.writeHead(200, { "content-type": "text/event-stream" }).end(created + error);
  });
  const answer = await ask(await gatewayTo(url));
  const text = await answer.text();
  expect(answer.headers.get("x-throughline-failure")).toBe("refusal");
  expect(text.startsWith(created + error)).toBe(true);
  const end = text.slice((created + error).length);
  expect(end).toMatch(/^event: response\.failed\n/u);
  expect(JSON.parse(end.split("data: ")[1]!)).toMatchObject({
    response: { id: "resp_1", error: { code: "cyber_policy", message: words } },
  });
});

it("an answer of status 200 that says it was no success is none", async () => {
  let asked = 0;
  const url = await serve(async (request, response) => {
    await bodyOf(request);
    if (asked++ > 0) return void response.writeHead(200, { "content-type": "text/event-stream" }).end(good);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ success: false, message: "The upstream is overloaded, try again later" }));
  });
  expect(await (await ask(await gatewayTo(url))).text()).toContain("response.completed");
  expect(asked).toBe(2);
});
