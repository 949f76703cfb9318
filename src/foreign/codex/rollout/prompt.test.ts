import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { linesIn } from "./lines.ts";
import { listRollouts } from "../home/places.ts";
import { promptOf, titleOf } from "./prompt.ts";
import { scanRollout } from "../list/scan.ts";
import { Taking } from "../takeover/taking.ts";

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
])("a session is known by what the person asked first, %s", (_where, history, lines, title) => {
  const home = mkdtempSync(join(tmpdir(), "throughline-prompt-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
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
    const taking = new Taking(() => "codex", 1);
    taking.take(linesIn(Buffer.from(text)), 0);
    const end = taking.end({ format: "codex", id, path, rollout: id, bytes: 0, line: 0, check: 0 }, 0);
    expect(end.map(({ event }) => event)).toContainEqual(expect.objectContaining({ title }));
  }
});

it("of notes that were pinned to a page or a diff the title is what was asked beside them, or the first note", () => {
  const note = (words: string): string =>
    `## User Comment 1\nFile: browser:pond\nNode position: (1, 2) in 800x600 viewport\nComment:\n${words}\n`;
  const picture =
    'The next image shows the browser page at the time of Comment 1. The element "p" that the user selected is outlined in blue.\n<image>';
  const page = "<in-app-browser-context>\n# In app browser:\n- /pond\n</in-app-browser-context>";
  for (const [prompt, title] of [
    [
      `\n# Diff comments:\n\n${note("move it")}\n# In app browser:\n- /\n\n## My request for Codex:\n\n${picture}`,
      "move it",
    ],
    [`# Diff comments:\n\n${note("move it")}${note("and that")}\n## My request:\n`, "move it"],
    [`\n# Browser comments:\n\n${note("move\nit")}\n${page}`, "move it"],
    [
      `# Browser comments:\n\n${note("move it")}\n${page}\n\n## My request:\nand hurry\n${picture}`,
      "and hurry",
    ],
    [`# Response annotations:\n[]\n\n# Browser comments:\n\n${note("move it")}`, "move it"],
    ["# Diff comments:\nI have none", "# Diff comments: I have none"],
    [picture, picture.replace("\n<image>", "")],
  ] as const)
    expect(titleOf(prompt)).toBe(title);
});

it("the title is what was asked, not what an editor, the app or an image put around it", () => {
  expect(
    titleOf("# Context from my IDE setup:\n\n## Open tabs:\n- a.ts\n\n## My request for Codex:\nfix it\n"),
  ).toBe("fix it");
  const page =
    '<in-app-browser-context source="ambient-ui-state">\n# In app browser:\n- /pond\n</in-app-browser-context>';
  for (const [prompt, title] of [
    [`${page}\n\n## My request:\nfix it\n`, "fix it"],
    ["\n# Files mentioned by the user:\n\n## a.png: /a.png\n\n## My request:\nfix it", "fix it"],
    [`${page}\nfix it`, "fix it"],
    ['<appshot app="Pond">a\nb</appshot>\n\nfix it', "fix it"],
    ["<realtime_delegation>\n  <input>is 3 &lt; 4?</input>\n</realtime_delegation>", "is 3 < 4?"],
    [
      "<codex_delegation>\n  <source_thread_id>01a1</source_thread_id>\n  <input>fix it</input>\n</codex_delegation>",
      "fix it",
    ],
    ["## My request:\nfix it", "fix it"],
    ["fix it\n\n## My request:\nlater", "fix it ## My request: later"],
  ] as const)
    expect(titleOf(prompt)).toBe(title);
  expect(titleOf('<image name=[Image #1] path="/a b.png"></image>what is this?')).toBe("what is this?");
  expect(titleOf("<image name=[Image #1]></image>")).toBe("<image name=[Image #1]></image>");
  const user = (text: string) => ({ type: "message", role: "user", content: [{ type: "input_text", text }] });
  for (const text of [
    "<recommended_plugins>\n- x\n</recommended_plugins>",
    '<codex_internal_context source="goal">\nx\n</codex_internal_context>',
  ])
    expect(promptOf(user(text))).toBeUndefined();
});
