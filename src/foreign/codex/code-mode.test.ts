import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { judged } from "../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../lib/json.ts";
import { repairRollout } from "./repair/repair.ts";
import { RolloutWriter } from "./rollout/write.ts";

const id = "01a2016c-3a93-76e1-8b82-40ede00172d3";
const now = Date.parse("2026-11-23");

// As Codex 0.130 to 0.169 write a script that says something while it runs, without what doesn't matter here.
const call = {
  type: "custom_tool_call",
  id: "ctc_8e1d0f2a",
  status: "completed",
  call_id: "call_9dab351f",
  name: "exec",
  input: 'notify("first note"); await tools.exec_command({cmd: "sleep 2"}); text("end")',
};
const output = {
  type: "custom_tool_call_output",
  call_id: "call_9dab351f",
  output: [{ type: "input_text", text: "Script completed" }],
};
const note = {
  type: "custom_tool_call_output",
  call_id: "call_9dab351f",
  name: "exec",
  output: "first note",
};

const isRow = (item: object): boolean => "payload" in item;

function fileOf(items: readonly object[]): string {
  const home = temporaryFolder();
  mkdirSync(join(home, "sessions"));
  const path = join(home, "sessions", `rollout-2026-11-22T04-03-19-${id}.jsonl`);
  const timestamp = "2026-11-22T04:03:19.000Z";
  const meta = { id, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.169.0" };
  const rows = [
    { type: "session_meta", payload: { ...meta, history_mode: "paginated" } },
    ...items.map((item) => (isRow(item) ? item : { type: "response_item", payload: item })),
  ];
  const lines = rows.map((row, ordinal) => `${JSON.stringify({ timestamp, ordinal, ...row })}\n`);
  writeFileSync(path, lines.join(""));
  return path;
}

async function found(items: readonly object[]): Promise<string[]> {
  const path = fileOf(items);
  return (await judged(path, now)).map(({ kind, count }) => `${count} ${kind}`);
}

it("what a script says while it runs is a further output of its call, and no damage", async () => {
  expect(await found([call, output, note, note])).toEqual([]);
  // The repair puts a call before the first, whose further output the other then is.
  expect(await found([output, note])).toEqual(["1 output-without-call"]);
});

it("what a script said is without a call where the call isn't sent any more, or was never there", async () => {
  const lost = ["1 output-without-call"];
  const text = (words: string): object => ({
    type: "message",
    role: "user",
    content: [{ type: "input_text", text: words }],
  });
  const summary = { type: "compacted", payload: { message: "", replacement_history: [text("sum")] } };
  const rollback = { type: "event_msg", payload: { type: "thread_rolled_back", num_turns: 1 } };
  expect(await found([note])).toEqual(lost);
  expect(await found([call, output, summary, note])).toEqual(lost);
  expect(await found([text("one"), text("two"), call, output, rollback, note])).toEqual(lost);
  const carried = { ...summary, payload: { message: "", replacement_history: [call, output] } };
  expect(await found([call, output, carried, note])).toEqual([]);
});

it("what a script said while it ran is exported with its call", () => {
  const writer = new RolloutWriter();
  const written = [call, output, note].map((item) => writer.item(item, 0)).join("");
  const rows = written.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as JsonObject]));
  expect(rows.map((row) => row["payload"])).toMatchObject([{ input: call.input }, output, note]);
  expect(writer.end(0)).toBe("");
  expect(writer.left).toBe(0);
});

it("what a script said stays behind where its call isn't exported: Codex would leave it out, or send it and be refused", () => {
  const writer = new RolloutWriter();
  expect(writer.item(note, 0)).toBe("");
  expect(writer.left).toBe(1);
});

const message = (role: string, text: string): object => ({
  type: "message",
  role,
  content: [{ type: role === "assistant" ? "output_text" : "input_text", text }],
});
/** The event of a call that a script made, or that the model made itself. */
const ran = (callId: string, more: object): object => ({
  type: "event_msg",
  payload: { type: "item_completed", item: { id: callId, ...more } },
});
const [first, second] = [
  "exec-6d35057b-330e-4b09-8cab-8961caf9a69b",
  "exec-6d35057b-330e-4b09-8cab-8961caf9a69c",
];
const sleeps = {
  type: "CommandExecution",
  command: ["/bin/bash", "-lc", "sleep 2; echo ü"],
  aggregated_output: "ü\n",
  exit_code: 3,
};
const change = { type: "FileChange", changes: { "/w/a.txt": { type: "add", content: "a\n" } } };
const unknown = "outcome unknown; verify before repeating";
const other = { ...call, call_id: "call_9dab3520" };

it.each<[string, object[], string]>([
  [
    "as the events of the calls that it made tell, in their order",
    [call, ran(first, sleeps), ran(second, change), message("assistant", "on")],
    `${unknown}. The script made these calls:

exec_command {"cmd":"sleep 2; echo ü"}
Exit code: 3
Output:
ü


apply_patch *** Begin Patch
*** Add File: /w/a.txt
+a
*** End Patch`,
  ],
  ["as unknown where it made none", [call, message("assistant", "on")], unknown],
  [
    "as unknown where its calls may be those of a script beside it",
    [other, call, ran(first, sleeps), { ...output, call_id: "call_9dab3520" }, message("assistant", "on")],
    unknown,
  ],
  [
    "without the calls that another script made later",
    [call, message("assistant", "on"), other, ran(first, sleeps), { ...output, call_id: "call_9dab3520" }],
    unknown,
  ],
  [
    "without what isn't a script's",
    [call, ran("call_abc", sleeps), ran(first, { type: "WebSearch" }), message("assistant", "on")],
    unknown,
  ],
])("the lost output of a script is told to the model %s", async (_what, items, told) => {
  const path = fileOf([message("user", "go"), ...items, message("user", "go on")]);
  const options = { home: join(path, "..", "..", "own"), now, seals: { which: "none" } } as const;
  const done = await repairRollout(path, options);
  expect(done?.journal.mended).toEqual({ "call-without-output": 1 });
  const rows = readFileSync(path, "utf8").trimEnd().split("\n");
  const made = rows.find((row) => row.includes("rebuilt_by"))!;
  expect((JSON.parse(made) as { payload: object }).payload).toEqual({
    type: "custom_tool_call_output",
    call_id: call.call_id,
    output: told,
  });
});
