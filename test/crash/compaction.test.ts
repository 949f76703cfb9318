// The context overflows in the program: it goes on by itself, also after a kill in the middle of it.
import { describe, expect, it } from "vitest";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { type Rig, withRig } from "../kit/rig.ts";
import { eventsOf, expectKept, expectSoundLog } from "../kit/survival.ts";

const atMost = 180_000;

const script: ScenarioInput["turn"] = [
  turn(/summary of this transcript/, step("SUMMARY: long listings were made.")),
  turn(/first/, ...[1, 2, 3].map((n) => step(shell(`printf '${n}%.0s' $(seq 12000)`))), step("Listed.")),
  turn(/second/, step(shell("echo ran >> ran; printf 'x%.0s' $(seq 4000)")), step("Done.")),
  turn(/third/, step("Three.")),
];

/** A session whose next turn fits with its first request and overflows with its second. */
async function nearlyFull(rig: Rig): Promise<string> {
  expect((await rig.run(["exec", "first"])).status).toBe(0);
  const tokens = rig.simulator.requests.at(-1)!.bytes / 4;
  rig.simulator.reset({ turn: script, limits: { context_tokens: Math.ceil(tokens + 500) } });
  return rig.id();
}

const types = (rig: Rig, id: string): unknown[] => eventsOf(rig.log(id)).map((event) => event["type"]);

describe.concurrent("a context that overflows in the program", () => {
  it("is summarised: one line, exit 0, one request in the next turn", { timeout: atMost }, () =>
    withRig({ turn: script }, async (rig) => {
      const id = await nearlyFull(rig);
      const left = rig.log(id);
      const second = await rig.run(["resume", id, "second"]);
      expect([second.status, second.out]).toEqual([0, "Done.\n"]);
      expect(second.err).toMatch(/the context was full \(about .* tokens\); \d+ items summarised in about/u);
      expect(rig.simulator.requests).toHaveLength(4);
      expect((await rig.run(["resume", id, "third"])).status).toBe(0);
      expect(rig.simulator.requests).toHaveLength(5);
      expect(rig.lines("ran")).toHaveLength(1);
      expectKept(rig, id, left);
      expectSoundLog(rig.log(id));
      expect((await rig.run(["show", id])).out).toContain("items summarised in about");
    }),
  );

  it(
    "survives kill -9 right after the summary is in the log, and is not summarised again",
    { timeout: atMost },
    () =>
      withRig({ turn: script }, async (rig) => {
        const id = await nearlyFull(rig);
        const died = await rig.run(["resume", id, "second"], {
          env: { THROUGHLINE_CRASH_AT: "compaction-appended" },
        });
        expect(died.signal).toBe("SIGKILL");
        const left = rig.log(id);
        const resumed = await rig.run(["resume", id]);
        expect([resumed.status, resumed.out]).toEqual([0, "Done.\n"]);
        expect(types(rig, id).filter((type) => type === "history-compacted")).toHaveLength(1);
        expect(rig.lines("ran")).toHaveLength(1);
        expectKept(rig, id, left);
        expectSoundLog(rig.log(id));
      }),
  );

  it("is summarised by hand", { timeout: atMost }, () =>
    withRig({ turn: script }, async (rig) => {
      expect((await rig.run(["exec", "first"])).status).toBe(0);
      const before = rig.simulator.requests.at(-1)!.bytes;
      const made = await rig.run(["compact", rig.id()]);
      expect([made.status, made.out]).toEqual([0, ""]);
      expect(made.err).toMatch(/as asked \(about .*items summarised in about/u);
      expect((await rig.run(["resume", rig.id(), "third"])).status).toBe(0);
      expect(rig.simulator.requests.at(-1)!.bytes).toBeLessThan(before / 2);
    }),
  );
});
