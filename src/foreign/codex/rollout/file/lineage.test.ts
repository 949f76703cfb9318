import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../../../test/kit/temporary-folder.ts";
import { lineageOf } from "./lineage.ts";
import { listRollouts } from "../../home/places.ts";

const root = temporaryFolder();

const thread = "01a1fab7-43af-7111-ab7c-b4a4c49da1a3";
const rollouts = ["01a1fab7-5000-7111-ab7c-b4a4c49da1a3", "01a1fab7-6000-7111-ab7c-b4a4c49da1a3"] as const;

function header(base?: string): string {
  const history_base = base && { thread_id: base, end_ordinal_exclusive: 1, end_byte_offset: 10 };
  const payload = {
    id: thread,
    timestamp: "2026-11-20T20:48:05.000Z",
    cwd: "/",
    history_mode: "paginated",
    history_base,
  };
  return JSON.stringify({ timestamp: payload.timestamp, ordinal: 0, type: "session_meta", payload });
}

/** The rollout ids of a thread's lineage, and what is said of its beginning. */
async function lineage(name: string, files: Record<string, string>): Promise<[string[], string | undefined]> {
  const folder = join(root, name, "sessions", "2026", "11", "20");
  mkdirSync(folder, { recursive: true });
  for (const [rollout, line] of Object.entries(files)) {
    const own = rollout === thread ? thread : `${thread}_${rollout}`;
    writeFileSync(join(folder, `rollout-2026-11-20T20-48-05-${own}.jsonl`), `${line}\n`);
  }
  const found = listRollouts(join(root, name));
  const newest = found.toSorted((a, b) => (a.rollout < b.rollout ? 1 : -1))[0]!;
  const { segments, trouble } = await lineageOf(newest, found);
  return [segments.map(({ file }) => file.rollout), trouble];
}

describe("the files of a reverted thread", () => {
  it("are followed from the newest to the first", async () => {
    const [one, two] = rollouts;
    const files = { [thread]: header(), [one]: header(thread), [two]: header(one) };
    expect(await lineage("whole", files)).toEqual([[thread, one, two], undefined]);
  });

  it("end, and it is said why, where one is missing, goes round in a circle, or can't say what it goes on from", async () => {
    const [one, two] = rollouts;
    expect(await lineage("missing", { [two]: header(one) })).toEqual([
      [two],
      expect.stringContaining("is not there"),
    ]);
    const circle = { [one]: header(two), [two]: header(one) };
    expect(await lineage("circle", circle)).toEqual([
      [one, two],
      expect.stringContaining("which continues it"),
    ]);
    const broken = { [thread]: header(), [one]: "####" };
    expect(await lineage("broken", broken)).toEqual([[one], expect.stringContaining("can't be read")]);
  });
});
