import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { needsRepair } from "../findings/finding.ts";
import { judge } from "../findings/judge.ts";
import { examine } from "./examine.ts";
import {
  answer,
  blank,
  call,
  event,
  examined,
  type Line,
  output,
  prompt,
} from "../../../../test/kit/examined.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";

const root = temporaryFolder();

const thread = "01a1fab7-43af-7111-ab7c-b4a4c49da1a3";

/** A turn in which a script was run (code mode), a line that is blank before the event and one after it. */
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

/** Lost calls: their id, the line of the event, and those of the call and of the output. */
async function lost(lines: readonly Line[]): Promise<string[]> {
  const { lostCalls } = await examined(lines);
  return lostCalls.map(
    ({ call: id, event: its, before, after }) =>
      `${id} told at ${its.index}, between ${before.index} and ${after.index}`,
  );
}
const told = (id: string, more: object = {}): Line =>
  event("exec_command_end", { call_id: id, command: ["ls"], ...more });
const others = (count: number): Line[] => Array.from({ length: count }, () => event("token_count"));
const ended = event("task_complete");
const back = event("thread_rolled_back", { num_turns: 1 });

it.each<[string, Line[], string[]]>([
  ["an event between two blank lines", [blank, told("a"), blank, ended], ["a told at 2, between 1 and 3"]],
  [
    "an event between two blank lines at the end",
    [blank, told("a"), blank],
    ["a told at 2, between 1 and 3"],
  ],
  [
    "an event between two blank lines in a turn that was aborted",
    [blank, told("a"), blank, event("turn_aborted"), output("a")],
    ["a told at 2, between 1 and 3"],
  ],
  [
    "an event between two blank lines before another turn",
    [blank, told("a"), blank, event("task_started"), output("a")],
    ["a told at 2, between 1 and 3"],
  ],
  ["an event before two blank lines", [told("a"), blank, blank, ended], []],
  ["an event after two blank lines", [blank, blank, told("a"), ended], []],
  [
    "two events, each between two blank lines",
    [blank, told("a"), blank, blank, told("b"), blank, ended],
    ["a told at 2, between 1 and 3", "b told at 5, between 4 and 6"],
  ],
  [
    "two events of calls that were made at once",
    [blank, blank, told("a"), told("b"), blank, blank, ended],
    ["a told at 3, between 2 and 5", "b told at 4, between 1 and 6"],
  ],
  [
    "an event that is there twice",
    [blank, blank, told("a"), told("a"), blank, blank, ended],
    ["a told at 3, between 2 and 5"],
  ],
  ["an event whose call is there", [call("a"), blank, told("a"), blank, ended], []],
  ["an event whose output is there", [blank, told("a"), blank, output("a"), ended], []],
  [
    "an event whose output comes in a turn of its own",
    [blank, told("a"), blank, answer("a"), output("a"), ended],
    [],
  ],
  ["what the person ran", [blank, told("a", { source: "user_shell" }), blank, ended], []],
  [
    "an event a few lines from both",
    [blank, ...others(15), told("a"), ...others(15), blank, ended],
    ["a told at 17, between 1 and 33"],
  ],
  ["an event far after a blank line", [blank, ...others(16), told("a"), blank, ended], []],
  ["an event far before a blank line", [blank, told("a"), ...others(16), blank, ended], []],
  [
    "an event after one that has no place for its output",
    [blank, told("a"), ...others(16), blank, told("b"), blank, ended],
    ["b told at 20, between 19 and 21"],
  ],
  ["an event in the next turn", [blank, ended, told("a"), blank, ended], []],
  ["a blank line in the next turn", [blank, told("a"), ended, blank], []],
  [
    "an event that a summary took the place of",
    [blank, told("a"), blank, ended, ["compacted", { message: "so far" }]],
    [],
  ],
  [
    "an event that a summary took the place of in its turn",
    [blank, told("a"), ["compacted", { message: "so far" }], blank, ended],
    [],
  ],
  ["an event after a summary", [blank, ["compacted", { message: "so far" }], told("a"), blank, ended], []],
  [
    "what was taken back",
    [prompt("one"), blank, told("a"), blank, ended, prompt("two"), blank, told("b"), blank, back],
    ["a told at 3, between 2 and 4"],
  ],
])("of %s, the calls are told that are lost", async (_what, lines, found) => {
  expect(await lost(lines)).toEqual(found);
});
