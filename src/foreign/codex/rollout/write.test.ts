import { expect, test } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import { summaryItem } from "../../../session/summary-item.ts";
import { RolloutWriter } from "./write.ts";

const context = "<environment_context>\n<cwd>/w</cwd>\n</environment_context>";
const said = (...texts: string[]): object => ({
  type: "message",
  role: "user",
  content: texts.map((text) => ({ type: "input_text", text })),
});

test("what the person said goes along where Codex's own words stand beside it, and those alone stay behind", () => {
  const writer = new RolloutWriter();
  expect(writer.item({ ...said(context, "and on") }, 0)).toContain("and on");
  expect(writer.item({ ...said(context) }, 0)).toBe("");
  expect(writer.left).toBe(1);
});

test.each([
  [
    "<user_shell_command>\n<command>\nnpm test\n</command>\n<result>\n1 failed\n</result>\n</user_shell_command>",
  ],
  ["<skill>\n<name>greet</name>\nSay hello.\n</skill>"],
  ['<subagent_notification>\n{"status":{"completed":"Child done."}}\n</subagent_notification>'],
  ['<hook_prompt hook_run_id="stop:4">Run the linter first.</hook_prompt>'],
  ["<turn_aborted>\nThe user interrupted.\n</turn_aborted>"],
  ["<goal_context>\n<objective>\nShip it.\n</objective>\n</goal_context>"],
  ['<codex_internal_context source="goal">\n<objective>\nShip it.\n</objective>\n</codex_internal_context>'],
])(
  "what Codex wrote in the person's name and writes no second time goes along, as no prompt: %s",
  (words) => {
    const written = new RolloutWriter().item({ ...said(words) }, 0);
    expect(written.split("\n").filter((line) => line !== "")).toHaveLength(1);
    expect(written).toContain(JSON.stringify(words));
  },
);

test("a summary goes along, as no prompt", () => {
  const item = JSON.parse(
    new TextDecoder().decode(summaryItem({ context: [], kind: "shadow", text: "It stands." })),
  ) as JsonObject;
  const written = new RolloutWriter().item(item, 0);
  expect(written.split("\n").filter((line) => line !== "")).toHaveLength(1);
  expect(written).toContain("It stands.");
});

test("a summary that stands for every prompt is shown without what the program told the model", () => {
  const item = JSON.parse(
    new TextDecoder().decode(summaryItem({ context: ["be good"], kind: "summary", text: "It stands." })),
  ) as JsonObject;
  const written = new RolloutWriter().item(item, 0, { isAsked: false });
  const [own, shown] = written
    .split("\n")
    .map((line) => (line === "" ? undefined : JSON.parse(line).payload));
  expect(JSON.stringify(own)).toContain("be good");
  expect(shown.message).toMatch(/^\[Summary of .*\]\nIt stands\.$/u);
});

test("what the app or a goal puts beside a prompt is no prompt in an export either", () => {
  // As Codex 0.169 keeps it.
  const beside = { type: "function_call_output", name: "open file", namespace: "agent", output: "a.ts" };
  const written = new RolloutWriter().item(beside, 0);
  expect(written.split("\n").filter((line) => line !== "")).toHaveLength(1);
  expect(written).toContain(JSON.stringify("<external_open_file>\na.ts\n</external_open_file>"));
});

test("a call keeps the namespace of its tool", () => {
  const call = { type: "custom_tool_call", call_id: "a", name: "exec", namespace: "box", input: "x" };
  expect(new RolloutWriter().item(call, 0)).toContain('"namespace":"box"');
});

test("a search for tools goes along with what it found, and one without an answer found nothing", () => {
  // As Codex 0.169 keeps it.
  const search = { status: "completed", execution: "client" };
  const call = { ...search, type: "tool_search_call", id: "ts_1", arguments: { query: "mail" } };
  const output = { ...search, type: "tool_search_output", tools: [{ type: "namespace", name: "mail" }] };
  const writer = new RolloutWriter();
  const written = [
    writer.item({ ...call, call_id: "a" }, 0),
    writer.item({ ...output, call_id: "a" }, 0),
    writer.item({ ...call, call_id: "b" }, 0),
    // The provider's own, and an answer to nothing.
    writer.item({ ...call, execution: "server", call_id: null }, 0),
    writer.item({ ...output, execution: "server", call_id: null }, 0),
    writer.item({ ...output, call_id: "c" }, 0),
    writer.end(0),
  ];
  const { id: _id, ...kept } = call;
  expect(written.map((text) => (text === "" ? undefined : JSON.parse(text).payload))).toEqual([
    { ...kept, call_id: "a" },
    { ...output, call_id: "a" },
    { ...kept, call_id: "b" },
    undefined,
    undefined,
    undefined,
    { ...output, tools: [], call_id: "b" },
  ]);
  expect(writer.left).toBe(3);
});

test("what a script said, and what it came to, go along with the tool's name", () => {
  const call = { type: "custom_tool_call", call_id: "a", name: "exec", input: "notify(1)" };
  const output = { type: "custom_tool_call_output", call_id: "a", output: "done" };
  const writer = new RolloutWriter();
  const written = [call, output, { ...output, name: "exec" }].map((item) => writer.item(item, 0));
  expect(written.map((text) => JSON.parse(text).payload)).toEqual([
    call,
    output,
    { ...output, name: "exec" },
  ]);
});

test.each([
  ["search__search.query", "search__search_query"],
  ["assistant<|channel|>commentary", "assistant__channel__commentary"],
  ["", "unnamed"],
  ["mcp__files__read-file", "mcp__files__read-file"],
])(
  "a tool's name that OpenAI refuses with every request goes along as one that it takes: %j",
  (name, taken) => {
    const call = { type: "function_call", call_id: "a", name, arguments: "{}" };
    const { payload } = JSON.parse(new RolloutWriter().item(call, 0)) as { payload: JsonObject };
    expect(payload["name"]).toBe(taken);
  },
);

const image = { type: "input_image", image_url: "data:image/png;base64,aGk=" };
test.each<[string, JsonObject, unknown]>([
  [
    "a refusal",
    { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "I can't." }] },
    [{ type: "output_text", text: "I can't." }],
  ],
  [
    "a text in the place of parts",
    { type: "message", role: "user", content: "Go on." },
    [{ type: "input_text", text: "Go on." }],
  ],
  [
    "a part without words",
    { type: "message", role: "user", content: [image, { type: "input_text", text: "" }] },
    [image],
  ],
  [
    "a file",
    {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "Look." }, { type: "input_file" }],
    },
    [
      { type: "input_text", text: "Look." },
      { type: "input_text", text: "[A part of the kind input_file stood here.]" },
    ],
  ],
])(
  "a message whose parts Codex doesn't read, or a provider refuses, has such as are: %s",
  (_what, item, parts) => {
    const [written = ""] = new RolloutWriter().item(item, 0).split("\n");
    expect((JSON.parse(written) as { payload: JsonObject }).payload["content"]).toEqual(parts);
  },
);

test("an output with a part that Codex doesn't read keeps the others", () => {
  const writer = new RolloutWriter();
  writer.item({ type: "function_call", call_id: "a", name: "look", arguments: "{}" }, 0);
  const parts = [{ type: "input_text", text: "page 1" }, image, { type: "input_file", file_data: "x" }];
  const written = writer.item({ type: "function_call_output", call_id: "a", output: parts }, 0);
  expect((JSON.parse(written) as { payload: JsonObject }).payload["output"]).toEqual([
    parts[0],
    image,
    { type: "input_text", text: "[A part of the kind input_file stood here.]" },
  ]);
});

test("a message in which nothing is said stays behind, and a phase that Codex doesn't know", () => {
  const writer = new RolloutWriter();
  const message = { type: "message", role: "assistant" };
  expect(writer.item({ ...message, content: [] }, 0)).toBe("");
  expect(writer.left).toBe(1);
  const content = [{ type: "output_text", text: "so" }];
  expect(writer.item({ ...message, content, phase: "final_answer" }, 0)).toContain('"phase":"final_answer"');
  expect(writer.item({ ...message, content, phase: "afterthought" }, 0)).not.toContain("phase");
});
