import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { lostBase } from "./lost-base.ts";

const root = temporaryFolder();
const sessions = join(root, "codex", "sessions", "2026", "11", "20");
beforeEach(() => {
  rmSync(sessions, { recursive: true, force: true });
  mkdirSync(sessions, { recursive: true });
});

const id = (nth: number): string => `01a1fe21-a4f7-7732-aaac-cfb0c457200${nth}`;
const minute = 60_000;

interface File {
  /** Which thread it is of, and which of its rollouts it is; the first one has the thread's id. */
  readonly thread: number;
  readonly rollout?: number;
  /** The ordinals of its first line and behind its last one; a turn begins at each one that ends in 1. */
  readonly from: number;
  readonly to: number;
  /** Minutes after which it is begun; a line is written every second. */
  readonly begun: number;
  readonly cwd?: string;
  /** So many lines behind the first one can't be read. */
  readonly bad?: number;
}

const turnEnd = 9;
const kindAt = (ordinal: number): string =>
  ordinal % 10 === 1 ? "task_started" : ordinal % 10 === turnEnd ? "task_complete" : "token_count";

function written(
  { thread, rollout = thread, from, to, begun, cwd = "/w", bad = 0 }: File,
  isHeadless = false,
): string {
  const name = `rollout-2026-11-20T10-${String(begun).padStart(2, "0")}-00-${id(thread)}`;
  const path = join(sessions, `${name}${rollout === thread ? "" : `_${id(rollout)}`}.jsonl`);
  const lines = Array.from({ length: to - from }, (_none, nth) => {
    const ordinal = from + nth;
    if (nth > 0 && nth <= bad) return "#\n";
    const at = Date.parse("2026-11-20T10:00:00Z") + begun * minute + nth * 1_000;
    const [type, payload] =
      nth === 0
        ? [
            "session_meta",
            { id: id(thread), cwd, timestamp: "2026-11-20T10:00:00Z", history_mode: "paginated" },
          ]
        : ["event_msg", { type: kindAt(ordinal) }];
    return `${JSON.stringify({ timestamp: new Date(at).toISOString(), ordinal, type, payload })}\n`;
  });
  writeFileSync(path, lines.slice(isHeadless ? 1 : 0).join(""));
  return path;
}

const first: File = { thread: 1, from: 0, to: 40, begun: 1, cwd: "/first" };
const reverted: File = { thread: 1, rollout: 2, from: 20, to: 40, begun: 10 };
const again: File = { thread: 1, rollout: 3, from: 30, to: 35, begun: 20 };
const fork: File = { thread: 5, from: 30, to: 35, begun: 20 };

/** What the last file, whose first line is gone, goes on from: a rollout, the ordinal behind its last line, and the folder. */
it.each<[string, File[], string[], unknown]>([
  ["the thread's file before it", [first, { ...again, rollout: 2 }], [], [1, 30, "/first"]],
  ["the one begun last, of several", [first, reverted, again], [], [2, 30, "/first"]],
  [
    "not one that was begun behind it",
    [first, { ...reverted, rollout: 4, begun: 30 }, again],
    [],
    [1, 30, "/first"],
  ],
  [
    "nothing, as it begins the thread",
    [
      { ...first, thread: 3 },
      { ...first, to: 9 },
    ],
    [],
    ["nothing"],
  ],
  [
    "the same, though lines behind it can't be read",
    [first, { ...again, rollout: 2, bad: 3 }],
    [],
    [1, 30, "/first"],
  ],
  [
    "no other session, where an earlier file of the thread is gone",
    [first, { ...fork, rollout: 6 }],
    ["a", "", "", "", "a"],
    [],
  ],
  ["a session that begins with the same words", [first, fork], ["a", "", "", "", "a"], [1, 30, "/first"]],
  ["none that begins with others", [first, fork], ["a", "", "", "", "b"], []],
  ["none, where no words are known", [first, fork], [], []],
  ["none that was begun later", [{ ...first, begun: 30 }, fork], ["a", "", "", "", "a"], []],
  ["none that ended before", [{ ...first, to: 10 }, fork], ["a", "", "", "", "a"], []],
])("a file whose first line is gone goes on from %s", async (_what, files, previews, told) => {
  for (const file of files.slice(0, -1)) written(file);
  const path = written(files.at(-1)!, true);
  const previewOf = (thread: string): unknown => previews[Number(thread.at(-1)) - 1];
  const { base, isNone, folder } = await lostBase(path, "missing", previewOf);
  expect([
    ...(base ? [Number(base.rollout.at(-1)), base.endOrdinal] : []),
    ...(isNone ? ["nothing"] : []),
    ...(folder === undefined ? [] : [folder]),
  ]).toEqual(told);
});
