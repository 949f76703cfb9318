// `clear --scrub`, `delete` and `purge` of the real program, killed at every point that they pass: run again, they leave no byte.
import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { removalPoints } from "../../src/lib/fault.ts";
import { plant, type Planted, planting, secret } from "../kit/planted.ts";
import { type Rig, withRig } from "../kit/rig.ts";
import { filesWith } from "../kit/secret.ts";

const atMost = 180_000;

/** Kills the command at the point, and runs it again; then the home is as it was. */
async function interrupted(
  rig: Rig,
  point: string,
  words: readonly string[],
  after: () => Promise<void>,
): Promise<void> {
  const died = await rig.run(words, { env: { THROUGHLINE_CRASH_AT: point } });
  expect(died.signal, `${point} is not passed by: ${words.join(" ")}\n${died.err}`).toBe("SIGKILL");
  // Somebody looks in between: a list has to come, and must not keep what is to go.
  const between = await rig.run(["sessions", "--all", "--search", secret, "--json"]);
  expect(between.status, between.err).toBe(0);
  const again = await rig.run(words);
  expect(again.status, `${words.join(" ")} after ${point}: ${again.out}${again.err}`).toBe(0);
  expect(filesWith(rig.home, secret), `${words.join(" ")} after ${point}`).toEqual([]);
  await after();
}

async function withPlanted(
  use: (rig: Rig, planted: Planted, restore: () => void) => Promise<void>,
): Promise<void> {
  await withRig(planting, async (rig) => {
    const planted = await plant(rig);
    const kept = join(rig.folder, "kept");
    renameSync(rig.home, kept);
    const restore = (): void => {
      rmSync(rig.home, { recursive: true, force: true });
      cpSync(kept, rig.home, { recursive: true });
    };
    await use(rig, planted, restore);
  });
}

const passed = new Set<string>();

describe.concurrent("a removal that is killed and run again leaves no byte", () => {
  it("purge", { timeout: atMost }, () =>
    withPlanted(async (rig, _, restore) => {
      const points = removalPoints.filter((point) => /^(?:removal|rows|catalogue)-/u.test(point));
      for (const point of [
        ...points,
        "removal-fenced:2",
        "removal-renamed:2",
        "removal-renamed:3",
        "removal-emptied:3",
      ]) {
        restore();
        await interrupted(rig, point, ["purge", "--yes"], async () => expect(rig.ids()).toEqual([]));
        passed.add(point);
      }
    }),
  );

  it("delete --with-relatives", { timeout: atMost }, () =>
    withPlanted(async (rig, { head, dying }, restore) => {
      for (const point of ["removal-renamed", "removal-renamed:2", "removal-emptied:2", "removal-fenced:3"]) {
        restore();
        expect((await rig.run(["delete", dying])).status).toBe(0);
        const words = ["delete", head, "--with-relatives"];
        await interrupted(rig, point, words, async () => expect(rig.ids()).toEqual([]));
      }
    }),
  );

  it("clear --scrub", { timeout: atMost }, () =>
    withPlanted(async (rig, { head, predecessor, fork, dying }, restore) => {
      const points = removalPoints.filter((point) => !point.startsWith("removal-"));
      for (const point of [
        ...points,
        "rewrite-written:2",
        "rewrite-renamed:2",
        "rows-removed:2",
        "catalogue-vacuumed:2",
      ]) {
        restore();
        // What a fork holds is left and said, and the third one has nothing to do with it.
        expect((await rig.run(["delete", fork, dying])).status).toBe(0);
        await interrupted(rig, point, ["clear", head, "--scrub"], async () => {
          expect(rig.ids()).toEqual([predecessor, head].sort());
          const resumed = await rig.run(["resume", "kept", "Go on."]);
          expect(resumed.status, resumed.err).toBe(0);
        });
        passed.add(point);
      }
    }),
  );
});

describe("the points of a removal", () => {
  it("are all passed", () => {
    expect(removalPoints.filter((point) => !passed.has(point))).toEqual([]);
  });
});
