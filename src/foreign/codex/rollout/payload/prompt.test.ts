import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { titleTaken } from "../../../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../../../test/kit/temporary-folder.ts";
import { listRollouts } from "../../home/places.ts";
import { promptOf } from "./prompt.ts";
import { scanRollout } from "../../list/scan.ts";

const id = "01a0f497-0990-7f13-933f-78cca4bbbb53";
const message = (text: string, more: object = {}): object => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
  ...more,
});
const openPage = `<external_codex_apps_open_page>{"page_id":null}</external_codex_apps_open_page>`;

it.each([
  ["the page that is open in the app", openPage, undefined],
  ["context of a program, with attributes", '<external_context kind="x">y</external_context>', undefined],
  [
    "a notice from other agents",
    "<agent_message_board_notification>\nNew\n</agent_message_board_notification>",
    undefined,
  ],
  ["a tag that the person left open", "<external_page> is what?", "<external_page> is what?"],
  ["a skill", '\n<SKILL name="a">\nb\n</Skill>\n', undefined],
  ["what the person asks behind a skill", "<skill>a</skill> says what?", "<skill>a</skill> says what?"],
  ["an element named much as one of Codex's", "<skill-list>a</skill-list>", "<skill-list>a</skill-list>"],
  ["an element that the person left open", "<skill> means what?", "<skill> means what?"],
  ...["permissions instructions", "collaboration_mode", "token_budget", "app-context"].map(
    (tag): [string, string, string] => [
      `<${tag}>, which Codex puts into a developer's messages alone,`,
      `<${tag}>\nx\n</${tag}>`,
      `<${tag}>\nx\n</${tag}>`,
    ],
  ),
  ["context that somebody cut", "<environment_context>\n<cwd>…", undefined],
])("%s is told from what the person asks", (_what, text, prompt) => {
  expect(promptOf(message(text) as Parameters<typeof promptOf>[0])).toBe(prompt);
});

interface Line {
  type: string;
  payload: object;
}
const item = (text: string): Line => ({ type: "response_item", payload: message(text) });
const told = (text: string, more: object = {}): Line => ({
  type: "event_msg",
  payload: { type: "user_message", message: text, ...more },
});
const goal = (objective: string): Line => ({
  type: "event_msg",
  payload: { type: "thread_goal_updated", threadId: id, goal: { threadId: id, objective, status: "active" } },
});
const completed = (content: object[]): Line => ({
  type: "event_msg",
  payload: {
    type: "item_completed",
    thread_id: id,
    turn_id: "t",
    item: { type: "UserMessage", id: "u", content },
  },
});

it.each<[string, "legacy" | "paginated", Line[], string]>([
  [
    "behind words of a program that nobody here knows",
    "legacy",
    [
      item("<heartbeats_of_2031>\nbeat\n</heartbeats_of_2031>"),
      item("count the ponds"),
      told("count the ponds"),
    ],
    "count the ponds",
  ],
  [
    "in a file whose instructions were blacked out",
    "legacy",
    [item("[REDACTED len=3019]"), item("[REDACTED len=110]"), told("count the ponds")],
    "count the ponds",
  ],
  [
    "where only the event was kept",
    "legacy",
    [told("", { images: ["x"] }), told("count the ponds", { kind: "plain" })],
    "count the ponds",
  ],
  [
    "behind what Codex told of its own words",
    "legacy",
    [
      told("<environment_context>\n<cwd>/w</cwd>\n</environment_context>", { kind: "environment_context" }),
      told("words", { kind: "user_instructions" }),
      told("count the ponds", { kind: "plain" }),
    ],
    "count the ponds",
  ],
  [
    "in a paginated session",
    "paginated",
    [item("<page_of_2031>p</page_of_2031>"), completed([{ type: "text", text: "count the ponds" }])],
    "count the ponds",
  ],
  ["without any event", "legacy", [item("count the ponds")], "count the ponds"],
  [
    "of a goal, before any prompt",
    "legacy",
    [goal("count the ponds"), item("x"), told("x")],
    "count the ponds",
  ],
  ["of a goal alone", "paginated", [goal("count the ponds"), goal("find one")], "count the ponds"],
  [
    "before a goal was set",
    "paginated",
    [item("count the ponds"), completed([{ type: "text", text: "count the ponds" }]), goal("find one")],
    "count the ponds",
  ],
])("a session is known by what the person asked first, %s", (_where, history, lines, title) => {
  const home = temporaryFolder();
  mkdirSync(join(home, "sessions"));
  const header = { id, originator: "codex-tui", cli_version: "0.150.0", cwd: "/w", history_mode: history };
  const rows = [{ type: "session_meta", payload: header }, ...lines].map((line, ordinal) => ({
    timestamp: "2026-01-01T00:00:00.000Z",
    ...(history === "paginated" && { ordinal }),
    ...line,
  }));
  const sorted = rows.map(({ timestamp, type, payload }) => ({ payload, type, timestamp }));
  // Codex refuses a header that a program has left that out of.
  const { originator: _originator, ...less } = header;
  const lessened = rows.map((row) => (row.payload === header ? { ...row, payload: less } : row));
  const path = join(home, "sessions", `rollout-2026-01-01T00-00-00-${id}.jsonl`);
  for (const written of [rows, sorted, lessened]) {
    const text = written.map((row) => `${JSON.stringify(row)}\n`).join("");
    writeFileSync(path, text);
    expect(scanRollout(listRollouts(home)[0]!).title).toBe(title);
    expect(titleTaken(text)).toBe(title);
  }
});

it("what the app tells the model of itself is no prompt", () => {
  for (const text of [
    "<recommended_plugins>\n- x\n</recommended_plugins>",
    '<codex_internal_context source="goal">\nx\n</codex_internal_context>',
  ])
    expect(promptOf(message(text))).toBeUndefined();
});
