// A session that waits for a usage limit to end, in processes that are killed meanwhile (R17).
import { describe, expect, it } from "vitest";
import { step, turn } from "../../src/simulator/server.ts";
import { type Rig, type Running, until, withRig } from "../kit/rig.ts";
import { eventsOf, expectSoundLog } from "../kit/survival.ts";

const atMost = 180_000;

const limited = (resets: string): Parameters<typeof withRig>[0] => ({
  turn: [turn(/work/, step("Worked.")), turn(undefined, step("Yes."))],
  fault: [{ kind: "usage-limit", resets_in: resets }],
});

/** Gives the rig's provider a limit that ends when the program has been started so often, however slow the machine is; returns its milliseconds. */
async function limit(rig: Rig, starts: number): Promise<number> {
  const began = performance.now();
  await rig.run(["sessions"]);
  const ms = 3_000 + Math.ceil(3 * starts * (performance.now() - began));
  rig.simulator.reset(limited(`${ms}ms`));
  return ms;
}

const statuses = (rig: Rig): number[] => rig.simulator.requests.map(({ status }) => status);

async function killedWhileWaiting(rig: Rig, args: readonly string[]): Promise<string> {
  const run: Running = rig.start(args);
  await until(() => run.said().includes("waiting until"), "the wait to begin");
  run.child.kill("SIGKILL");
  await run.ended;
  return run.said();
}

interface Listed {
  status: string;
  reason?: string;
  until?: number;
}

async function listed(rig: Rig): Promise<Listed> {
  const { out } = await rig.run(["sessions", "--json"]);
  const { sessions } = JSON.parse(out) as { sessions: Listed[] };
  const [shown] = sessions;
  if (shown === undefined) throw new Error(`no session in ${out}`);
  return shown;
}

describe("a wait for a usage limit", () => {
  it(
    "is on disk with its end, survives kill -9 again and again, spends nothing before the reset, and goes on once",
    { timeout: atMost },
    () =>
      withRig({}, async (rig) => {
        const ms = await limit(rig, 5);
        await killedWhileWaiting(rig, ["exec", "Please work.", "--wait"]);
        const [first] = rig.simulator.requests;
        const resetsAt = (first?.at ?? 0) + ms;
        const { status, reason, until: end } = await listed(rig);
        expect([status, reason]).toEqual(["limited", "usage-limit"]);
        expect(Math.abs(Number(end) - resetsAt)).toBeLessThan(3_000);

        for (const _ of [1, 2]) await killedWhileWaiting(rig, ["resume", "--last", "--wait"]);
        expect(statuses(rig)).toEqual([429]);

        const resumed = await rig.run(["resume", "--last", "--wait"]);
        expect(resumed, resumed.err).toMatchObject({ status: 0, out: "Worked.\n" });
        expect(statuses(rig)).toEqual([429, 200]);
        expect(rig.simulator.requests[1]?.at).toBeGreaterThanOrEqual(resetsAt - 50);
        expect((await listed(rig)).status).toBe("idle");

        // Gone on with once: there is nothing more to go on with.
        expect((await rig.run(["resume", "--last", "--wait"])).status).toBe(2);
        expect(statuses(rig)).toEqual([429, 200]);
        expectSoundLog(rig.log(rig.id()));
        const ended = eventsOf(rig.log(rig.id())).filter(({ type }) => type === "turn-ended");
        expect(ended.map(({ outcome }) => (outcome as { kind: string }).kind)).toEqual([
          "limited",
          "completed",
        ]);
      }),
  );

  it(
    "that nobody sat out is over at once after the reset, and asks before it without --wait",
    { timeout: atMost },
    () =>
      withRig({}, async (rig) => {
        await limit(rig, 3);
        const parked = await rig.run(["exec", "Please work."]);
        expect(parked.status).toBe(4);
        expect((await rig.run(["resume", "--last"])).status).toBe(4);
        expect(statuses(rig)).toEqual([429, 429]);
        const resetsAt = Number((await listed(rig)).until);
        await until(() => Date.now() > resetsAt, "the limit to end");
        const resumed = await rig.run(["resume", "--last", "--wait"]);
        expect(resumed).toMatchObject({ status: 0, out: "Worked.\n" });
        expect(resumed.err).not.toContain("waiting until");
        expect(statuses(rig)).toEqual([429, 429, 200]);
      }),
  );

  it("is cancelled by clear: nothing is left to go on with, and nothing is sent", { timeout: atMost }, () =>
    withRig(limited("60s"), async (rig) => {
      await killedWhileWaiting(rig, ["exec", "Please work.", "--wait"]);
      expect((await rig.run(["clear", rig.id()])).status).toBe(0);
      const resumed = await rig.run(["resume", "--last", "--wait"]);
      expect(resumed.status, resumed.err).toBe(2);
      expect(statuses(rig)).toEqual([429]);
    }),
  );

  it("that a person stops leaves the session parked, with its end", { timeout: atMost }, () =>
    withRig(limited("60s"), async (rig) => {
      let end: number | undefined;
      // The wait within the turn that met the limit, and then the one before the next turn.
      for (const args of [
        ["exec", "Please work.", "--wait"],
        ["resume", "--last", "--wait"],
      ]) {
        const run = rig.start(args);
        await until(() => run.said().includes("waiting until"), "the wait to begin");
        run.child.kill("SIGINT");
        const { status, err } = await run.ended;
        expect(status, err).toBe(130);
        expect(err).toContain("stays parked until");
        expect(err).toContain(`throughline resume ${rig.id()} --wait\n`);
        const { until: told, ...stands } = await listed(rig);
        expect(stands).toMatchObject({ status: "limited", reason: "usage-limit" });
        expect(told).toBeGreaterThan(Date.now());
        expect(told).toBe((end ??= told));
      }
      expect(statuses(rig)).toEqual([429]);
    }),
  );
});
