// The program kills itself at each named point, in a new session and in a resumed one, and the next process goes on.
import { utimesSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { crashPoints } from "../../src/lib/fault.ts";
import { type Ended, type Rig, withRig } from "../kit/rig.ts";
import {
  expectAtRest,
  expectDone,
  expectKept,
  expectSurvives,
  expectToldIsLogged,
  prepare,
  prompts,
  story,
  wordsToGoOn,
} from "../kit/survival.ts";

const atMost = 180_000;

/** Runs the program until it kills itself at the point. A point that is not passed fails the test. */
async function crash(rig: Rig, point: string, words: readonly string[]): Promise<Ended> {
  const died = await rig.run(words, { env: { THROUGHLINE_CRASH_AT: point } });
  expect(died.signal, `${point} is not passed by: ${words.join(" ")}\n${died.out}${died.err}`).toBe(
    "SIGKILL",
  );
  return died;
}

async function crashGoingOn(rig: Rig, point: string): Promise<void> {
  const id = rig.id();
  const left = rig.log(id);
  const died = await crash(rig, point, wordsToGoOn(rig, id));
  expectKept(rig, id, left);
  expectToldIsLogged(died.out, rig.log(id));
}

describe.concurrent("a new session survives kill -9 at", () => {
  // Only who takes over an existing session passes "lease-taken".
  // compaction.test.ts has the context that overflows.
  const points = crashPoints.filter((point) => point !== "lease-taken" && point !== "compaction-appended");
  it.each([...points, "append-half-written:3", "append-not-synced:3"])("%s", { timeout: atMost }, (point) =>
    withRig(story(), async (rig) => {
      prepare(rig);
      const died = await crash(rig, point, ["exec", prompts[0], "--json"]);
      if (rig.ids().length > 0) {
        expectToldIsLogged(died.out, rig.log(rig.id()));
        return expectSurvives(rig, rig.id());
      }
      // There is no session before its first event is durable: nothing was acknowledged, and nothing is listed.
      expect(died.out).toBe("");
      // What is left of it goes away once it is too old to be still in the making.
      for (const leftover of rig.leftovers())
        utimesSync(leftover, new Date(), new Date(Date.now() - 25 * 3_600_000));
      const list = await rig.run(["sessions", "--json"]);
      expect(JSON.parse(list.out)).toMatchObject({ sessions: [] });
      expect(rig.leftovers()).toEqual([]);
      expect((await rig.run(["exec", prompts[0]])).status).toBe(0);
      expectDone(rig, rig.id());
      await expectAtRest(rig, rig.id());
    }),
  );
});

describe.concurrent("a resumed session survives kill -9 at", () => {
  // Where a resumed one goes other ways than a new one; the rows of crashes below pass all other points in resumed sessions.
  const points = crashPoints.filter((point) => /^(?:lease|append)-/u.test(point));
  it.each([...points, "lease-taken:2"])("%s", { timeout: atMost }, (point) =>
    withRig(story(), async (rig) => {
      prepare(rig);
      expect((await rig.run(["exec", "Hello."])).status).toBe(0);
      await crashGoingOn(rig, point);
      await expectSurvives(rig, rig.id());
    }),
  );
});

describe.concurrent("crashes in a row on one session", () => {
  it("each of them during the recovery from the one before", { timeout: atMost }, () =>
    withRig(story(), async (rig) => {
      prepare(rig);
      const unpassed = new Set<string>(crashPoints);
      await crash(rig, "tool-spawned", ["exec", prompts[0], "--json"]);
      const points = [
        ["lease-made", "lease-half-written", "lease-taken", "lease-taken:2", "append-half-written"],
        ["append-not-synced", "append-half-written:2", "tool-finished", "output-appended", "turn-started"],
        ["request-projected", "attempt-failed", "quarantine-appended", "item-appended"],
        ["patch-staged", "patch-recorded", "patch-half-applied", "patch-half-applied:2", "patch-applied"],
        ["tool-intended", "tool-spawned", "append-half-written", "step-ended", "turn-ended"],
      ];
      for (const point of points.flat()) {
        await crashGoingOn(rig, point);
        unpassed.delete(point.split(":")[0]!);
      }
      // A session's folder is made once, and no context overflows here.
      expect([...unpassed]).toEqual(["session-folder-made", "compaction-appended"]);
      await expectSurvives(rig, rig.id());
    }),
  );

  it("the same point again and again, until it is passed", { timeout: atMost }, () =>
    withRig(story(), async (rig) => {
      prepare(rig);
      await crash(rig, "append-half-written:4", ["exec", prompts[0], "--json"]);
      for (let times = 0; times < 6; times++) await crashGoingOn(rig, "append-half-written:2");
      await expectSurvives(rig, rig.id());
    }),
  );
});
