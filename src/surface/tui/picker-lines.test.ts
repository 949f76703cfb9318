import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { Listed } from "../codex-sessions.ts";
import { row } from "./fixtures/picker-row.ts";
import { pickerLines, pickerRoom, type PickerScreen } from "./picker-lines.ts";
import type { Preview } from "./picker-model.ts";
import { type PickerAction, type PickerRows, pickerState, pickerStep } from "./picker-state.ts";
import { painter } from "./style.ts";
import { columnsOf } from "./wrap.ts";

const now = Date.UTC(2026, 10, 21, 12);
const here = { path: "/work/shop", gitRoot: "/work/shop" };
const plain = painter(false);

const hostile: readonly Listed[] = [
  row(1, {
    title: "\u001b[2J\u001b]0;pwned\u0007\u001b[31mred \u202etxet\u202c \u2066iso\u2069 \u200b\u200d end",
  }),
  row(2, { title: "👩‍👩‍👧‍👦 🇩🇪 e\u0301 日本語のタイトル 한국어 \ud800 lone", name: "名前" }),
  row(3, { title: "x".repeat(1_000_000), settings: { ...row(0).settings, model: "m".repeat(300) } }),
  row(4, {
    title: `\u001b]8;;${"y".repeat(1_000_000)}`,
    workspace: { path: "/work/shop/\u001b[1mdeep", gitBranch: "b\u202e" },
  }),
  row(5, { status: "limited", until: now + 7_800_000, reason: "usage_limit_reached" }),
  row(6, { status: "failed", reason: "billing", repairs: 1, messages: 123_456 }),
  row(7, { origin: "codex", created: now - 86_400_000 * 30, updated: now - 3_600_000 }),
  row(8, { trouble: "line 3\nis\u001b[5m damaged", status: "failed" }),
];

function screenOf(
  rows: readonly Listed[],
  size: { columns?: number; rows?: number },
  {
    preview,
    actions = [],
    ...list
  }: { preview?: Preview; actions?: PickerAction[] } & Partial<PickerRows> = {},
): PickerScreen {
  const [columns, height] = [size.columns ?? 80, size.rows ?? 24];
  const first = pickerState({ rows, everywhere: false, codex: false, elsewhere: 0, archived: 0, ...list });
  const page: PickerAction = { kind: "page", lines: pickerRoom(height).list };
  const state = [page, ...actions].reduce(pickerStep, first);
  return { state, preview, here, columns, rows: height, now };
}

describe("the picker's screen", () => {
  it.each([80, 125, 300])("names every key in %i columns", (columns) => {
    const foot = pickerLines(screenOf(hostile, { columns }), plain).at(-1);
    for (const key of ["tab", "^f", "^g", "^r", "^x", "^o", "^d", "esc"]) expect(foot).toContain(key);
  });

  it("names as many keys as fit where a terminal is narrower", () => {
    const foot = pickerLines(screenOf(hostile, { columns: 60 }), plain).at(-1);
    expect(foot).toBe("esc · tab all · ^f text · ^g Codex · ^r name · ^x archive");
  });

  it("tells no times and counts of a session that can't be read, whose times are 0", () => {
    const unreadable = row(1, { created: 0, updated: 0, trouble: "no event", status: "failed" });
    const screen = pickerLines(screenOf([unreadable], { columns: 200 }), plain).join("\n");
    expect(screen).toContain("no event");
    expect(screen).not.toMatch(/ago|0 messages/u);
  });

  it("never outgrows the window, whatever its size and whatever the sessions say", () => {
    const said = [
      { who: "you" as const, text: `\u001b[2Jred\r\n${"日本語 ".repeat(5_000)}` },
      { who: "agent" as const, text: "z".repeat(1_000_000) },
    ];
    const asked: PickerAction[][] = [
      [],
      [{ kind: "type", text: "日本語".repeat(100) }],
      [{ kind: "ask", asking: { kind: "name", text: "n".repeat(500) } }],
      [{ kind: "ask", asking: { kind: "delete" } }],
      [{ kind: "note", words: "\u001b[2J".repeat(200) + "what ".repeat(200) }],
      [{ kind: "move", by: "last" }],
    ];
    for (const columns of [10, 23, 40, 80, 133, 240])
      for (const rows of [2, 5, 10, 16, 24, 70])
        for (const actions of asked) {
          const lines = pickerLines(screenOf(hostile, { columns, rows }, { preview: said, actions }), plain);
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
          for (const line of lines) expect([columnsOf(line) <= columns, line]).toEqual([true, line]);
          expect(lines.join("")).not.toMatch(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
        }
  });

  it("aligns its columns beside wide, joined and invisible characters", () => {
    const lines = pickerLines(screenOf(hostile, { columns: 100, rows: 40 }), plain);
    const heading = lines.find((line) => line.includes("session"))!;
    const at = heading.indexOf("status");
    const rows = lines
      .filter((line) => /(?:idle|limited|failed|damaged)/u.test(line))
      .slice(0, hostile.length);
    expect(rows).toHaveLength(hostile.length);
    for (const line of rows) {
      const status = /(?:idle|limited|failed|damaged).*$/u.exec(line)!;
      expect([line, columnsOf(line.slice(0, status.index))]).toEqual([line, at]);
    }
  });

  it("shows the columns of a list as far as they fit, and all of them for the chosen session", () => {
    const rows = [
      row(1, {
        name: "Fix",
        status: "limited",
        until: now + 7_800_000,
        created: now - 7_200_000,
        updated: now - 60_000,
      }),
    ];
    const wide = pickerLines(screenOf(rows, { columns: 150 }), plain).join("\n");
    expect(wide).toMatch(
      /^› Fix .* gpt-5.5\/high +2 h ago +1 m ago +2 +main +limited, resets in 2 h 10 m$/mu,
    );
    const narrow = pickerLines(screenOf(rows, { columns: 44 }), plain).join("\n");
    expect(narrow).toMatch(/^› Fix +limited/mu);
    expect(narrow.replace(/\s+/gu, " ")).toContain(
      "gpt-5.5/high · made 2 h ago · active 1 m ago · 2 messages · main · limited, resets in 2 h 10 m",
    );
  });

  it("shows a note to its end, as the command in it is of no use otherwise", () => {
    const command = `throughline --home ${"/h".repeat(30)} unarchive ${row(1).id}`;
    const screen = screenOf([row(1)], {}, { actions: [{ kind: "note", words: `back with: ${command}` }] });
    const lines = pickerLines(screen, plain);
    expect(lines).toHaveLength(23);
    expect(lines.slice(-3).join(" ").replace(/\s+/gu, " ")).toContain(command);
    const few = screenOf(
      [row(1)],
      { rows: 8 },
      { actions: [{ kind: "note", words: `back with: ${command}` }] },
    );
    expect(pickerLines(few, plain).at(-1)).toMatch(/^back with: throughline --home .*…$/u);
  });

  it("says what is not shown, marks another tool's sessions, and names the folder where all are shown", () => {
    const rows = [row(1, { origin: "codex" }), row(2, { workspace: { path: "/elsewhere" } })];
    const some = pickerLines(screenOf(rows, {}, { elsewhere: 3, archived: 2 }), plain).join("\n");
    expect(some).toContain("2 · not here: 3 in other workspaces, 2 archived");
    expect(some).toContain("codex: Task 1");
    expect(pickerLines(screenOf(rows, {}, { everywhere: true }), plain).join("\n")).toMatch(
      /Task 2 .* \/elsewhere /u,
    );
  });

  it("shows the end of what was said, or why it can't be read", () => {
    const text = (preview: Preview): string =>
      pickerLines(screenOf([row(1)], {}, { preview }), plain).join("\n");
    const said = Array.from({ length: 9 }, (_, at) => ({ who: "you" as const, text: `message ${at}\nmore` }));
    expect(text(said)).toContain("you    message 8\n       more");
    expect(text(said)).not.toContain("message 0");
    expect(text("Its log is gone.")).toContain("Its log is gone.");
    expect(text(undefined)).not.toContain("you ");
  });

  it("colours nothing where colours are not wanted, and tells the chosen one apart all the same", () => {
    const screen = screenOf(hostile, {});
    const coloured = pickerLines(screen, painter(true)).map((line) => stripVTControlCharacters(line));
    expect(coloured).toEqual(pickerLines(screen, plain));
    expect(coloured.filter((line) => line.startsWith("› "))).toHaveLength(1);
  });
});
