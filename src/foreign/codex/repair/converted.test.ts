import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judged } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { repairRollout, undoRepair } from "./repair.ts";

const root = temporaryFolder();

const id = "019f5000-0000-7000-8000-000000000001";
const parent = "019f5000-0000-7000-8000-000000000002";
const now = Date.parse("2026-11-22");
const header = {
  id,
  timestamp: "2026-03-04T10:51:21Z",
  cwd: "/work",
  originator: "converter",
  cli_version: "0.107.0",
  source: "cli",
};
const message = (role: string, text: string): JsonObject => ({
  type: "message",
  role,
  content: [{ type: role === "user" ? "input_text" : "output_text", text }],
});

/** The lines of the repaired file; it is taken back again, byte for byte. */
async function repaired(lines: readonly object[], before = ""): Promise<JsonObject[]> {
  const folder = join(root, "codex", "sessions", "2026", "03", "04");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `rollout-2026-03-04T10-51-21-${id}.jsonl`);
  const text = lines.map((line) => `${before}${JSON.stringify(line)}\n`).join("");
  writeFileSync(path, text);
  const home = join(root, "own");
  await repairRollout(path, { home, now, seals: { which: "none" } });
  expect(await judged(path, now)).toEqual([]);
  const made = readFileSync(path, "utf8").trim().split("\n");
  await undoRepair(path, { home });
  expect(readFileSync(path, "utf8")).toBe(text);
  return made.map((line) => JSON.parse(line) as JsonObject);
}

describe("a session that another program wrote for Codex", () => {
  const line = (type: string, payload: object): JsonObject => ({
    type,
    timestamp: header.timestamp,
    payload,
  });
  const begun = line("session_meta", { ...header, model_provider: "openai" });
  const told = (text: string): JsonObject => line("event_msg", { type: "user_message", message: text });
  const others = (role: string, ...content: object[]): JsonObject =>
    line("response_item", { type: "message", role, content });
  const payloads = (lines: readonly JsonObject[]): unknown[] => lines.slice(1).map(({ payload }) => payload);

  it("with prompts that only events tell, and answers in the person's parts, gets messages as Codex writes them", async () => {
    const lines = await repaired([
      begun,
      told("continue"),
      others("assistant", { type: "input_text", text: "one" }),
      { ...told("continue"), timestamp: "2026-03-04T10:52:00Z" },
      others("assistant", { type: "input_text", text: "two" }),
    ]);
    expect(payloads(lines).filter((payload) => (payload as JsonObject)["role"] !== undefined)).toEqual([
      message("user", "continue"),
      message("assistant", "one"),
      message("user", "continue"),
      message("assistant", "two"),
    ]);
  });

  it("with calls and outputs as parts gets items of their own, in the same order", async () => {
    const lines = await repaired([
      begun,
      line("response_item", message("user", "look")),
      others(
        "assistant",
        { type: "thinking", thinking: "Hm." },
        { type: "output_text", text: "Looking." },
        { type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls" } },
      ),
      others("user", {
        type: "tool_result",
        tool_use_id: "toolu_1",
        content: [{ type: "text", text: "a.ts" }],
      }),
      line("response_item", message("assistant", "There.")),
    ]);
    expect(payloads(lines)).toEqual([
      message("user", "look"),
      message("assistant", "Looking."),
      { type: "function_call", name: "Bash", arguments: '{"command":"ls"}', call_id: "toolu_1" },
      { type: "function_call_output", call_id: "toolu_1", output: [{ type: "input_text", text: "a.ts" }] },
      message("assistant", "There."),
    ]);
  });

  it("with what a tool said as a message of its own keeps the words, as an output", async () => {
    const lines = await repaired([
      begun,
      line("response_item", message("user", "look")),
      others("tool", { type: "input_text", text: "a.ts" }),
      line("response_item", message("assistant", "There.")),
    ]);
    expect(payloads(lines)[2]).toMatchObject({
      type: "function_call_output",
      output: [{ type: "input_text", text: "a.ts" }],
    });
  });

  it("with numbers for times gets their times, and its first line what it lacks", async () => {
    const seconds = 1_772_621_481.875;
    const lines = await repaired([
      { type: "session_meta", timestamp: seconds, payload: header },
      { type: "response_item", timestamp: seconds + 1, payload: message("user", "hello") },
      { type: "response_item", timestamp: (seconds + 2) * 1_000, payload: message("assistant", "hi") },
    ]);
    expect(lines).toMatchObject([
      { timestamp: header.timestamp, type: "session_meta", payload: header },
      { timestamp: "2026-03-04T10:51:22.875Z", payload: message("user", "hello") },
      { timestamp: "2026-03-04T10:51:23.875Z", payload: message("assistant", "hi") },
    ]);
  });

  it("without times gets those of the payloads, or the last one", async () => {
    const said = { ...message("assistant", "hi"), timestamp: "2026-03-04T11:00:00Z" };
    const lines = await repaired([
      { timestamp: header.timestamp, type: "session_meta", payload: header },
      { type: "response_item", payload: message("user", "hello") },
      { payload: said, type: "response_item", timestamp: null },
      { type: "response_item", payload: message("user", "on"), timestamp: {} },
    ]);
    expect(lines.map(({ timestamp }) => timestamp)).toEqual([
      header.timestamp,
      "2026-03-04T10:51:21.000Z",
      "2026-03-04T11:00:00.000Z",
      "2026-03-04T11:00:00.000Z",
    ]);
    expect(lines[2]!["payload"]).toEqual(said);
  });

  it("in lines that are indented gets its times, too", async () => {
    const lines = [
      { type: "session_meta", timestamp: header.timestamp, payload: header },
      { type: "response_item", timestamp: 1_772_621_482, payload: message("user", "hello") },
      { type: "response_item", payload: message("assistant", "hi") },
    ];
    const times = (await repaired(lines, "  ")).map(({ timestamp }) => timestamp);
    expect(times.slice(1)).toEqual(["2026-03-04T10:51:22.000Z", "2026-03-04T10:51:22.000Z"]);
  });

  it("keeps of its first line what Codex can read", async () => {
    const own = {
      ...header,
      forked_from_id: parent,
      agent_role: "reviewer",
      base_instructions: { text: "Be brief." },
      made_by: { converter: 3 },
    };
    const [first] = await repaired([
      {
        timestamp: header.timestamp,
        type: "session_meta",
        payload: { ...own, cwd: 5, source: null, context_window: 272_000, git: { branch: 7 } },
      },
      { timestamp: header.timestamp, type: "response_item", payload: message("user", "hello") },
    ]);
    expect(first!["payload"]).toEqual({ ...own, cwd: "/", model_provider: "openai" });
  });
});
