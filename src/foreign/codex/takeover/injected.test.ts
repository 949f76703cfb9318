import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { judged } from "../../../../test/kit/judged.ts";
import { titleTaken } from "../../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { listRollouts } from "../home/places.ts";
import { repairRollout } from "../repair/repair.ts";
import { scanRollout } from "../list/scan.ts";
import { understand } from "../findings/understand.ts";
import { RolloutWriter } from "../rollout/write.ts";

const id = "01a0f497-0990-7f13-933f-78cca4bbbb53";
const parent = "01a0f497-0990-7f13-933f-78cca4bbbb54";
const now = Date.parse("2026-11-21");
const asked =
  "<codex_delegation>\n  <source_thread_id>t</source_thread_id>\n  <input>Count the ponds</input>\n</codex_delegation>";
const injected = {
  type: "function_call_output",
  id: "fco_01a09fca-8d33-73a1-97fd-4d83ecc02f9d",
  name: "send_message_to_thread",
  namespace: "codex_app",
  output: asked,
};
const answer = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Two." }] };
const refusal = "unexpected status 400 Bad Request: input: missing field `call_id` at line 1 column 88555";
const item = (payload: object): object => ({ type: "response_item", payload });
const promptOf = (words: string): object =>
  item({ type: "message", role: "user", content: [{ type: "input_text", text: words }] });
const ended = (error?: object): object => ({
  type: "event_msg",
  payload: { type: "task_complete", turn_id: "t", last_agent_message: null, ...(error && { error }) },
});

function text(provider: string, rows: readonly object[], more: object = {}): string {
  const timestamp = "2026-10-01T00:00:00.000Z";
  const header = { id, timestamp, cwd: "/w", originator: "Codex Desktop", cli_version: "0.155.0" };
  const meta = { ...header, model_provider: provider, history_mode: "paginated", ...more };
  return [{ type: "session_meta", payload: meta }, ...rows]
    .map((row, ordinal) => `${JSON.stringify({ timestamp, ordinal, ...row })}\n`)
    .join("");
}

function placed(content: string): { path: string; home: string } {
  const home = temporaryFolder();
  mkdirSync(join(home, "sessions"));
  const path = join(home, "sessions", `rollout-2026-10-01T00-00-00-${id}.jsonl`);
  writeFileSync(path, content);
  return { path, home };
}

it.each<[string, string, object[], string]>([
  ["that OpenAI answered", "openai", [item(injected), item(answer)], "note"],
  ["that a gateway's provider answered", "gateway", [item(injected), item(answer)], "note"],
  // As the second turn of a goal that was killed.
  [
    "whose like was answered before",
    "gateway",
    [item(injected), item(answer), item({ ...injected, id: "fco_01a09fca-8d33-73a1-97fd-4d83ecc02f9e" })],
    "note",
  ],
  ["that another provider never answered", "deepseek", [item(injected), ended()], "broken"],
  ["that was refused", "openai", [item(injected), ended({ message: refusal })], "broken"],
])("a prompt without a call id %s", async (_what, provider, rows, severity) => {
  const { path } = placed(text(provider, rows));
  expect(await judged(path, now)).toMatchObject([{ kind: "injected-output", severity }]);
});

it("becomes a message of the user's in its place, and no byte moves", async () => {
  const before = text("deepseek", [item(injected), ended({ message: refusal })]);
  const { path, home } = placed(before);
  const options = { home: join(home, "own"), now, seals: { which: "dead" } } as const;
  await repairRollout(path, options);
  const after = readFileSync(path, "utf8");
  expect(after.length).toBe(before.length);
  const [meta, line, end] = after
    .split("\n")
    .map((each) => (each === "" ? {} : (JSON.parse(each) as JsonObject)));
  expect([meta, end]).toEqual(
    before.split("\n").flatMap((each, at) => (at === 1 || each === "" ? [] : (JSON.parse(each) as object))),
  );
  expect(line).toMatchObject({
    ordinal: 1,
    payload: { type: "message", role: "user", content: [{ type: "input_text", text: asked }] },
  });
  expect(await judged(path, now)).toEqual([]);
});

it("names its session, and is exported as what every version takes", () => {
  const content = text("openai", [item(injected), item(answer)]);
  const [file] = listRollouts(placed(content).home);
  expect(scanRollout(file!).title).toBe("Count the ponds");
  expect(titleTaken(content)).toBe("Count the ponds");
  const [line] = new RolloutWriter().item(injected, now).split("\n");
  expect(JSON.parse(line!)).toMatchObject({
    type: "response_item",
    payload: { type: "message", role: "user", content: [{ type: "input_text", text: asked }] },
  });
});

it.each([
  refusal,
  "Invalid Value: 'input.call_id'. Function call output requires call_id.",
  "Invalid request: tool_call_id  is not found",
  "Missing required parameter: 'input[3].call_id'.",
])("is what a provider means with: %s", (said) => {
  expect(understand(said, now).kinds).toEqual(["injected-output"]);
});

it("an output of a call that is named is no such prompt", () => {
  expect(
    understand("No tool call found for function call output with call_id call_1.", now).kinds,
  ).not.toContain("injected-output");
});

it("a sub-agent that was given its parent's history is known by its own task", () => {
  const rows = [
    { type: "session_meta", payload: { id: parent } },
    promptOf("the parent's"),
    promptOf("its own"),
  ];
  const own = {
    subagent_history_start_ordinal: 3,
    source: { subagent: { thread_spawn: { parent_thread_id: parent } } },
  };
  const [file] = listRollouts(placed(text("openai", rows, own)).home);
  expect(scanRollout(file!).title).toBe("its own");
  const long = [rows[0]!, promptOf("the parent's ".repeat(100_000)), rows[2]!];
  const [larger] = listRollouts(placed(text("openai", long, own)).home);
  expect(scanRollout(larger!).title).toBe("its own");
});

// As Codex 0.169 writes them for models with agents of version 2: what they are to do is sealed, or stands in no prompt.
it.each<[string, object[], object, string]>([
  [
    "was given its parent's history",
    [promptOf("the parent's")],
    { subagent_history_start_ordinal: 2 },
    "/root/a",
  ],
  [
    "was given more than a list reads of it",
    [promptOf("the parent's"), promptOf("long ".repeat(250_000))],
    { subagent_history_start_ordinal: 3 },
    "/root/a",
  ],
  ["was given nothing", [], {}, "/root/a"],
  [
    "was asked something itself",
    [promptOf("the parent's"), promptOf("its own")],
    { subagent_history_start_ordinal: 2 },
    "its own",
  ],
])("a sub-agent that %s is known by what its parent calls it, or by that", (_what, rows, more, title) => {
  const task = { type: "agent_message", author: "/root", recipient: "/root/a", content: [] };
  const source = { subagent: { thread_spawn: { parent_thread_id: parent, agent_path: "/root/a" } } };
  const content = text("openai", [...rows, item(task)], { source, agent_path: "/root/a", ...more });
  const [file] = listRollouts(placed(content).home);
  expect(scanRollout(file!).title).toBe(title);
  // No prompt of its own comes as an event here, so that a takeover can't tell it from its parent's.
  expect(titleTaken(content)).toBe("/root/a");
});

it("what a sub-agent is called makes a line of a list, whatever it holds", () => {
  const content = text("openai", [item(answer)], { agent_path: `/root/\u001b[31ma\n${"b".repeat(1_000)}` });
  const [file] = listRollouts(placed(content).home);
  const title = scanRollout(file!).title!;
  expect(title).toMatch(/^\/root\/a b+…?$/u);
  expect(title.length).toBeLessThanOrEqual(200);
  expect(titleTaken(content)).toBe(title);
});
