// Records whose ordinals go back: which lines move, to where, and that as few of them move as can be.
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fc } from "../../../../test/kit/property.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { describe, expect, it } from "vitest";
import { examine } from "../examine/examine.ts";
import type { Edit } from "./edit.ts";
import { EditedFile } from "./edited-file.ts";
import { OrdinalsPlanner } from "./ordinals-planner.ts";

const root = temporaryFolder();
const id = "01a1fd7f-7f19-7713-9a44-8f943967cbfd";
const path = join(root, `rollout-2026-11-21T09-45-53-${id}.jsonl`);

/** A line, with the minute at which it was written; lines of other lengths, as a session's are. */
const record = (ordinal: number | undefined, minute: number | undefined): string =>
  JSON.stringify({
    timestamp: `2026-11-21T09:${String(minute ?? 0).padStart(2, "0")}:53.780Z`,
    ...(ordinal !== undefined && { ordinal }),
    type: "event_msg",
    payload: { type: "agent_message", message: "x".repeat((7 * (minute ?? 0)) % 31) },
  });
const header = JSON.stringify({
  timestamp: "2026-11-21T09:00:53.780Z",
  ordinal: 0,
  type: "session_meta",
  payload: {
    id,
    timestamp: "2026-11-21T09:00:53.780Z",
    cwd: "/w",
    originator: "codex_exec",
    cli_version: "0.169.0",
    source: "cli",
    history_mode: "paginated",
  },
});

/** What the planned edits make of the lines behind the header, and the edits. */
async function restored(
  lines: readonly string[],
  ending = "\n",
): Promise<{ lines: string[]; edits: Edit[] }> {
  const text = [header, ...lines].map((line) => line + ending).join("");
  writeFileSync(path, text);
  const found = await examine(path);
  const fd = openSync(path, "r");
  try {
    const edits = [...new OrdinalsPlanner(found, {}, new EditedFile(fd, found.bytes)).restored()];
    const parts: string[] = [];
    let read = 0;
    for (const { at, length, bytes } of edits.toSorted((a, b) => a.at - b.at)) {
      parts.push(text.slice(read, at), bytes.toString());
      read = at + length;
    }
    const made = [...parts, text.slice(read)].join("");
    expect(made.endsWith(ending)).toBe(true);
    return { lines: made.slice(0, -ending.length).split(ending).slice(1), edits };
  } finally {
    closeSync(fd);
  }
}

/** How many of these numbers can't stay when the others are to rise. */
function leastMoved(numbers: readonly number[]): number {
  const longest: number[] = [];
  for (const [at, number] of numbers.entries())
    longest[at] = 1 + Math.max(0, ...longest.filter((_, before) => numbers[before]! < number));
  return numbers.length - Math.max(...longest);
}

const shuffled = fc.integer({ min: 2, max: 9 }).chain((length) =>
  fc.shuffledSubarray(
    [...Array(length).keys()].map((nth) => 2 * nth + 1),
    { minLength: 2 },
  ),
);

describe("records that stand in another order than they were written in", () => {
  it("go back to their places, and no more of them move than have to", async () => {
    await fc.assert(
      fc.asyncProperty(shuffled, fc.constantFrom("\n", "\r\n"), async (ordinals, ending) => {
        const { lines, edits } = await restored(
          ordinals.map((each) => record(each, each)),
          ending,
        );
        expect(lines).toEqual(ordinals.toSorted((a, b) => a - b).map((each) => record(each, each)));
        expect(edits).toHaveLength(2 * leastMoved(ordinals));
      }),
      { numRuns: 25 },
    );
  });

  it("stay where one that would move is too long to be held in memory", async () => {
    const lines = (message: string): string[] => [
      record(9, 9).replace(/x+/u, message),
      ...[2, 3].map((nth) => record(nth, nth)),
    ];
    expect((await restored(lines("x"))).edits.length).toBeGreaterThan(0);
    expect((await restored(lines("x".repeat(32_000_000)))).edits).toEqual([]);
  });

  it("leave lines alone that have no ordinal, and lines that an older Codex numbered once more", async () => {
    const some = [record(1, 1), "", record(undefined, 3), record(5, 5), record(2, 2), record(3, 3)];
    expect((await restored(some)).lines).toEqual([...some.toSpliced(3, 1), some[3]]);
    const again = [record(1, 1), record(2, 2), record(1, 3), record(2, 4)];
    expect((await restored(again)).edits).toEqual([]);
  });
});

describe("records whose ordinals alone were exchanged, as their times say", () => {
  it("stay, and get the ordinals of their places", async () => {
    await fc.assert(
      fc.asyncProperty(shuffled, async (ordinals) => {
        const { lines, edits } = await restored(ordinals.map((each, nth) => record(each, nth + 1)));
        const inOrder = ordinals.toSorted((a, b) => a - b);
        const isRising = ordinals.every((each, nth) => each === inOrder[nth]);
        expect(lines).toEqual(inOrder.map((each, nth) => record(each, nth + 1)));
        expect(edits).toHaveLength(
          isRising ? 0 : ordinals.filter((each, nth) => each !== inOrder[nth]).length,
        );
      }),
      { numRuns: 25 },
    );
  });
});
