// What a session goes on with, where Codex 0.169 rebuilds another history than the lines would say one after the other.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { advance, createHistory } from "../../../session/history.ts";
import { itemText } from "../../../session/item.ts";
import { itemsOf } from "../../../session/items.ts";
import { threadAt } from "./find.ts";
import { importThread } from "./import.ts";

const id = "01a1fd5d-d6d5-7f92-8f98-eacbd690e9ab";
const timestamp = "2026-11-21T09:09:07.000Z";

const item = (payload: JsonObject, metadata?: JsonObject): JsonObject => ({
  timestamp,
  type: "response_item",
  payload,
  ...(metadata && { metadata }),
});
const message = (role: string, text: string): JsonObject => ({
  type: "message",
  role,
  content: [{ type: role === "user" ? "input_text" : "output_text", text }],
});
const event = (type: string, more: JsonObject = {}): JsonObject => ({
  timestamp,
  type: "event_msg",
  payload: { type, ...more },
});
const compacted = (...history: JsonObject[]): JsonObject => ({
  timestamp,
  type: "compacted",
  payload: { message: "", replacement_history: history },
});
const turn = (name: string, ...within: JsonObject[]): JsonObject[] => [
  event("task_started", { turn_id: name }),
  item(message("user", name)),
  ...within,
  item(message("assistant", `answer to ${name}`)),
  event("task_complete", { turn_id: name, last_agent_message: null }),
];
const compaction = (...history: JsonObject[]): JsonObject[] => [
  event("task_started", { turn_id: "c" }),
  compacted(...history),
  event("task_complete", { turn_id: "c", last_agent_message: null }),
];
const rolledBack = (turns: number): JsonObject => event("thread_rolled_back", { num_turns: turns });

interface Rebuilt {
  items: JsonObject[];
  compactions: number;
  did: string;
}

const taken = (...lines: JsonObject[]): Promise<Rebuilt> => takenIn([lines.length], lines);

/**
 * The items that a session of these lines goes on with, of which so many were there when it was taken over, and how many compactions were
 * seen at last.
 */
async function takenIn(pieces: readonly number[], lines: readonly JsonObject[]): Promise<Rebuilt> {
  const folder = temporaryFolder();
  const path = join(folder, `rollout-2026-11-21T09-09-07-${id}.jsonl`);
  const head = {
    timestamp,
    type: "session_meta",
    payload: { id, timestamp, cwd: "/w", cli_version: "0.130.0" },
  };
  const write = (count: number): void =>
    writeFileSync(path, [head, ...lines.slice(0, count)].map((line) => `${JSON.stringify(line)}\n`).join(""));
  const plan = importPlan();
  const { store } = plan;
  for (const count of pieces.slice(0, -1)) {
    write(count);
    await importThread(plan, (await threadAt(path))!);
  }
  write(pieces.at(-1)!);
  const { kept, counts, did } = await importThread(plan, (await threadAt(path))!, { keep: true });
  const { history, log } = kept!;
  const bodies: JsonObject[] = [];
  for await (const { item: body } of itemsOf(history.items, (refs) => log.bodies(refs)))
    bodies.push(JSON.parse(new TextDecoder().decode(body)) as JsonObject);
  await log.release();
  const again = createHistory();
  await store.read(id, { record: (record) => advance(again, record) });
  expect(again.items).toEqual(history.items);
  return { items: bodies, compactions: counts.compactions, did };
}

const texts = async (...lines: JsonObject[]): Promise<string[]> =>
  (await taken(...lines)).items.map((each) => itemText(each));

const summary = message("user", "the summary");

test("a rollback takes back the compaction within its turn: what that replaced counts again", async () => {
  const within = compacted(message("user", "one"), message("user", "two"), summary);
  expect(await texts(...turn("one"), ...turn("two", within), rolledBack(1))).toEqual([
    "one",
    "answer to one",
  ]);
  expect((await taken(...turn("one"), ...turn("two", within), rolledBack(1))).compactions).toBe(1);
  expect(await texts(...turn("one"), ...turn("two", within), rolledBack(1), ...turn("three"))).toEqual([
    "one",
    "answer to one",
    "three",
    "answer to three",
  ]);
});

test("a rollback takes back a compaction that was asked for after a turn that goes, and none before the first such turn", async () => {
  const asked = compaction(message("user", "one"), summary);
  const before = [...turn("one"), ...asked, ...turn("two"), ...turn("three")];
  expect(await texts(...before, rolledBack(1))).toEqual(["one", "the summary", "two", "answer to two"]);
  expect(await texts(...before, rolledBack(2))).toEqual(["one", "the summary"]);
  expect(await texts(...turn("one"), ...turn("two"), ...asked, rolledBack(1))).toEqual([
    "one",
    "answer to one",
  ]);
  // Of two one after the other only the one within what is taken back.
  const twice = [...before, ...turn("four", compacted(message("user", "four"), summary)), rolledBack(1)];
  expect(await texts(...twice)).toEqual([
    "one",
    "the summary",
    "two",
    "answer to two",
    "three",
    "answer to three",
  ]);
  expect(await texts(...before, rolledBack(99))).toEqual([]);
});

test("a rollback takes back a compaction that was taken over before the rollback came, and one that came with it", async () => {
  const within = compacted(message("user", "one"), message("user", "two"), summary);
  const asked = compaction(message("user", "two"), summary);
  for (const before of [
    [...turn("one"), ...turn("two", within)],
    [...turn("one"), ...turn("two"), ...asked],
  ]) {
    const lines = [...before, rolledBack(1), ...turn("three")];
    const whole = await texts(...lines);
    expect(whole).toEqual(["one", "answer to one", "three", "answer to three"]);
    for (let count = 1; count < lines.length; count++) {
      const { items, did } = await takenIn([count, lines.length], lines);
      expect(items.map((each) => itemText(each))).toEqual(whole);
      expect(did === "remade").toBe(count <= before.length);
      const third = await takenIn([count, before.length + 1, lines.length], lines);
      expect(third.items.map((each) => itemText(each))).toEqual(whole);
    }
  }
});

test("a rollback takes back a compaction from before any line told where a turn begins", async () => {
  const old = [item(message("user", "one")), compacted(summary), item(message("user", "two"))];
  expect(await texts(...old, ...turn("three"), rolledBack(1))).toEqual(["the summary", "two"]);
  expect(await texts(...old, ...turn("three"), rolledBack(2))).toEqual(["one"]);
});

test("a rollback of turns that no compaction was in is taken over with what else is new", async () => {
  const lines = [...turn("one"), ...compaction(summary), ...turn("two"), ...turn("three"), rolledBack(1)];
  const { items, did } = await takenIn([lines.length - 1, lines.length], lines);
  expect(items.map((each) => itemText(each))).toEqual(["the summary", "two", "answer to two"]);
  expect(did).toBe("grown");
});

test("what Codex told of a turn goes with it, also where that was taken over before the rollback came", async () => {
  const told = [
    "<turn_aborted>\nx\n</turn_aborted>",
    "<collaboration_mode>plan</collaboration_mode>",
  ] as const;
  const lines = [
    ...turn("one"),
    item(message("user", told[0])),
    item(message("developer", told[1])),
    ...turn("two"),
    rolledBack(1),
  ];
  for (let count = 1; count < lines.length; count++) {
    const { items } = await takenIn([count, lines.length], lines);
    expect(items.map((each) => itemText(each))).toEqual(["one", "answer to one"]);
  }
});

test("a sealed summary by its former name is one by the name that providers know", async () => {
  const [first, second] = ["sealedOnce", "sealedTwice"];
  const { items } = await taken(
    ...compaction({ type: "compaction_summary", encrypted_content: first }),
    item({ type: "compaction_summary", encrypted_content: second }),
  );
  expect(items.map(({ type, encrypted_content: seal }) => [type, seal])).toEqual([
    ["compaction", first],
    ["compaction", second],
  ]);
});

test("what a tool delivered in the model's name is told by its call, and isn't said again", async () => {
  const marker = { delivered_assistant_message: "codex:code-mode-delivery:v1:complete", user_input_order: 2 };
  const lines = turn(
    "one",
    item(message("assistant", "delivered"), marker),
    item(message("assistant", "said"), { client_authored: false }),
  );
  expect(await texts(...lines)).toEqual(["one", "said", "answer to one"]);
});

test("a search for tools that was broken off is answered, and one of the provider's needs no answer", async () => {
  const search = (call: string | null): JsonObject => ({
    type: "tool_search_call",
    call_id: call,
    status: "completed",
    execution: call === null ? "server" : "client",
    arguments: { query: "x" },
  });
  const found = {
    type: "tool_search_output",
    status: "completed",
    execution: "client",
    tools: [{ name: "t" }],
  };
  const { items } = await taken(
    ...turn(
      "one",
      item(search("a")),
      item({ ...found, call_id: "a" }),
      item(search(null)),
      item(search("b")),
    ),
    ...turn("two"),
  );
  expect(
    items.flatMap(({ type, call_id: call, tools }) => (type === "message" ? [] : [[type, call, tools]])),
  ).toEqual([
    ["tool_search_call", "a", undefined],
    ["tool_search_output", "a", [{ name: "t" }]],
    ["tool_search_call", null, undefined],
    ["tool_search_call", "b", undefined],
    ["tool_search_output", "b", []],
  ]);
});
