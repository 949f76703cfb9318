import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { opened, take } from "../../../../test/kit/taken-over.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { lostOutput } from "../plan/rebuild-pair.ts";
import { RolloutWriter } from "../rollout/write.ts";

// As Codex writes them with `codex-mini-latest`, which has the API's own shell tool (0.23 to 0.104, 2026-11).
const call = (id: string, command: string): JsonObject => ({
  type: "local_shell_call",
  id: null,
  call_id: id,
  status: "completed",
  action: { type: "exec", command: ["bash", "-lc", command], timeout_ms: null, working_directory: null },
});
const output = (id: string): JsonObject => ({
  type: "function_call_output",
  call_id: id,
  output: '{"output":"one\\n","metadata":{"exit_code":0,"duration_seconds":0.0}}',
});
const prompt = { type: "message", role: "user", content: [{ type: "input_text", text: "go" }] };
const id = "01a1fd5d-d6d5-7f92-8f98-eacbd690e9ab";

test("a call of the local shell is answered by the output that Codex stored for it, and an open one as Codex answers it", async () => {
  const folder = temporaryFolder();
  const path = join(folder, `rollout-2026-11-21T09-09-07-${id}.jsonl`);
  const timestamp = "2026-11-21T09:09:07.000Z";
  const items = [prompt, call("a", "echo one"), output("a"), call("b", "sleep 9")];
  const lines = [
    { timestamp, type: "session_meta", payload: { id, timestamp, cwd: "/w", cli_version: "0.45.0" } },
    ...items.map((payload) => ({ timestamp, type: "response_item", payload })),
  ];
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const plan = importPlan();
  const taken = await take(plan, path);
  expect(taken.counts).toMatchObject({ calls: 2, outputs: 1 });
  const { history } = await opened(plan.store, taken.id);
  expect([...history.openCalls]).toEqual([]);
  expect(history.items.map(({ event }) => event.kind)).toEqual([
    "message",
    "local_shell_call",
    "function_call_output",
    "local_shell_call",
    "function_call_output",
  ]);
});

test("what is written for Codex has calls of the local shell and outputs that it knows", () => {
  const writer = new RolloutWriter();
  const own: JsonObject = { ...output("b"), type: "local_shell_call_output" };
  const items: JsonObject[] = [call("a", "ls"), output("a"), call("b", "ls"), own, call("c", "ls")];
  const text = items.map((item) => writer.item(item, 0)).join("") + writer.end(0);
  const written = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { payload: JsonObject });
  expect(written.map(({ payload }) => [payload["type"], payload["call_id"]])).toEqual(
    ["a", "b", "c"].flatMap((each) => [
      ["local_shell_call", each],
      ["function_call_output", each],
    ]),
  );
  expect(written[0]!.payload["action"]).toEqual(items[0]!["action"]);
  expect(writer.left).toBe(0);
});

test("the output that a repair makes for one is of the kind that Codex reads", () => {
  const unpaired = { index: 1, at: 0, bytes: 1, call: "a", kind: "local_shell_call" };
  expect(lostOutput(unpaired, undefined)).toMatchObject({ type: "function_call_output", call_id: "a" });
});
