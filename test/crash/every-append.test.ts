// The story is cut off in the middle of each of its writes to the log, and before each of its syncs.
import { beforeAll, describe, expect, it } from "vitest";
import { until, withRig } from "../kit/rig.ts";
import {
  expectDone,
  expectToldIsLogged,
  prepare,
  prompts,
  recover,
  story,
  wholeLines,
  wordsToGoOn,
} from "../kit/survival.ts";

/** One in so many writes is tried; 1 tries all of them. */
const every = Number(process.env["THROUGHLINE_EVERY"] ?? 6);
/** More writes than the story has, however its events share them. */
const most = 60;

let writes = 0;
beforeAll(() =>
  withRig(story(), async (rig) => {
    prepare(rig);
    expect((await rig.run(["exec", prompts[0]])).status).toBe(0);
    // At most one write for each line.
    writes = wholeLines(rig.log(rig.id())).toString("utf8").split("\n").length - 1;
    expect(writes).toBeLessThan(most);
  }),
);

describe.concurrent.each(["append-half-written", "append-not-synced"])("kill -9 at %s", (point) => {
  const numbers = Array.from({ length: most }, (_, at) => at + 2).filter((nth) => (nth - 2) % every === 0);
  it.each(numbers)("number %i", { timeout: 180_000 }, (nth) =>
    withRig(story(), async (rig) => {
      if (nth > writes) return;
      prepare(rig);
      const run = await rig.run(["exec", prompts[0], "--json"], {
        env: { THROUGHLINE_CRASH_AT: `${point}:${nth}` },
      });
      expectToldIsLogged(run.out, rig.log(rig.id()));
      // Parallel outputs may have shared a write, so that there are fewer.
      if (run.signal === null) expect(run.status, run.err).toBe(0);
      else await recover(rig, rig.id());
      expectDone(rig, rig.id());
      if (run.signal !== null) expect((await rig.run(wordsToGoOn(rig, rig.id()))).status).toBe(0);
      await until(() => rig.processes().length === 0, "every process to end");
    }),
  );
});
