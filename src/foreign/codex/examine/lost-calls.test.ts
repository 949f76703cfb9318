import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { needsRepair } from "../findings/finding.ts";
import { judge } from "../findings/judge.ts";
import { examine } from "./examine.ts";

const root = mkdtempSync(join(tmpdir(), "throughline-lost-calls-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const thread = "01a1fab7-43af-7111-ab7c-b4a4c49da1a3";

/** A turn in which a script was run (code mode), a line that is blank before the event and one behind it. */
function turn(told: string): string {
  const record = (type: string, payload: object, nth: number): string =>
    JSON.stringify({ timestamp: `2026-11-20T20:48:0${nth}.000Z`, ordinal: nth, type, payload });
  const item = {
    type: "CommandExecution",
    id: told,
    command: ["bash", "-lc", "ls"],
    aggregated_output: "a\n",
  };
  const header = { id: thread, timestamp: "2026-11-20T20:48:00.000Z", cwd: "/", originator: "codex_exec" };
  return [
    record("session_meta", { ...header, cli_version: "0.169.0", history_mode: "paginated" }, 0),
    record("event_msg", { type: "task_started", turn_id: "turn" }, 1),
    record(
      "response_item",
      { type: "custom_tool_call", call_id: "call_1", name: "exec", input: "await ls()" },
      2,
    ),
    " ".repeat(300),
    record("event_msg", { type: "item_completed", item }, 4),
    " ".repeat(300),
    record("response_item", { type: "custom_tool_call_output", call_id: "call_1", output: "a" }, 6),
    record("event_msg", { type: "task_complete", turn_id: "turn" }, 7),
    "",
  ].join("\n");
}

it.each([
  ["a call of the model's", "call_2", ["lost-call"]],
  ["what a script of the model's has called", "exec-b826c05d-5b86-42c8-989f-036bdd506080", []],
])("between two blank lines, %s is taken for what it is", async (_what, told, kinds) => {
  const path = join(root, `rollout-2026-11-20T20-48-00-${thread}.jsonl`);
  writeFileSync(path, turn(told));
  const found = judge(await examine(path), { path, now: Date.parse("2026-11-21") }).filter(needsRepair);
  expect(found.map(({ kind }) => kind)).toEqual(kinds);
});
