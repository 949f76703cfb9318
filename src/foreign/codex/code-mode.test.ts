import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { examine } from "./examine/examine.ts";
import { judge } from "./findings/judge.ts";
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

async function found(items: readonly object[]): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), "throughline-notes-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "sessions"));
  const path = join(home, "sessions", `rollout-2026-11-22T04-03-19-${id}.jsonl`);
  const timestamp = "2026-11-22T04:03:19.000Z";
  const meta = { id, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.169.0" };
  const rows = [
    { type: "session_meta", payload: { ...meta, history_mode: "paginated" } },
    ...items.map((payload) => ({ type: "response_item", payload })),
  ];
  const lines = rows.map((row, ordinal) => `${JSON.stringify({ timestamp, ordinal, ...row })}\n`);
  writeFileSync(path, lines.join(""));
  return judge(await examine(path), { path, now }).map(({ kind }) => kind);
}

it("what a script says while it runs is a further output of its call, and no damage", async () => {
  expect(await found([call, output, note, note])).toEqual([]);
  expect(await found([output, note])).toEqual(["output-without-call"]);
});

it("what a script said while it ran is exported with its call", () => {
  const writer = new RolloutWriter();
  const written = [call, output, note].map((item) => writer.item(item, 0)).join("");
  const rows = written.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as JsonObject]));
  expect(rows.map((row) => row["payload"])).toMatchObject([{ input: call.input }, output, note]);
  expect(writer.end(0)).toBe("");
});
