// What people and systems do to a running process short of kill -9.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { type Rig, type Running, until, withRig } from "../kit/rig.ts";
import {
  eventsOf,
  expectAtRest,
  expectRequestsPaired,
  expectSoundLog,
  itemOf,
  lastOutcome,
  ranFile,
} from "../kit/survival.ts";

const atMost = 180_000;

/** A command that waits for a file, once it has printed and then left its trace, and the answer behind it. */
const working = (before = ""): ScenarioInput => ({
  turn: [
    turn(
      /work/,
      step(
        shell(
          `${before} echo partial; echo one >> ${ranFile}; while [ ! -e gate ]; do sleep 0.05; done; echo passed`,
        ),
        {
          reason: "This takes its time.",
        },
      ),
      step("Worked."),
    ),
    turn(/more/, step("No more.")),
  ],
});

async function atGate(rig: Rig, ...options: string[]): Promise<Running> {
  const run = rig.start(["exec", "Please work.", ...options]);
  await until(() => rig.lines(ranFile).length > 0, "the command to begin");
  return run;
}

const outputs = (rig: Rig): string[] =>
  eventsOf(rig.log(rig.id()))
    .filter((event) => event["kind"] === "function_call_output")
    .map((event) => String(itemOf(event)["output"]));

async function expectGoesOn(rig: Rig): Promise<void> {
  const resumed = await rig.run(["exec", "resume", rig.id()]);
  expect(resumed.status, resumed.err).toBe(0);
  expect(resumed.out).toBe("Worked.\n");
  expect(rig.lines(ranFile)).toEqual(["one"]);
  expectSoundLog(rig.log(rig.id()));
  expectRequestsPaired(rig);
  await expectAtRest(rig, rig.id());
}

describe.concurrent("a turn whose tool runs", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "ends with status 130 at %s, its tool ended, what the tool printed kept",
    { timeout: atMost },
    (signal) =>
      withRig(working(), async (rig) => {
        const run = await atGate(rig);
        run.child.kill(signal);
        const { status, err } = await run.ended;
        expect(status, err).toBe(130);
        expect(err).toContain(`throughline resume ${rig.id()}`);
        expect(rig.processes(), "the tool's group and its wrapper have ended").toEqual([]);
        expect(outputs(rig)).toEqual([expect.stringMatching(/cancelled[^]*partial/u)]);
        expect(lastOutcome(eventsOf(rig.log(rig.id())))).toBe("interrupted");
        await expectGoesOn(rig);
      }),
  );

  it("is left at once at the second Ctrl-C; the tool is ended all the same", { timeout: atMost }, () =>
    withRig(working("trap 'echo told >> told' TERM;"), async (rig) => {
      const run = await atGate(rig);
      run.child.kill("SIGINT");
      // Of two that come before the program is awake the system makes one.
      await until(() => rig.lines("told").length > 0, "the first Ctrl-C to reach the tool");
      run.child.kill("SIGINT");
      expect((await run.ended).status).toBe(130);
      // A tool that ignores TERM is killed after a grace of 2 s; the program didn't wait for that any more.
      expect(outputs(rig)).toEqual([]);
      await expectGoesOn(rig);
      expect(outputs(rig)).toEqual([expect.stringMatching(/cancelled[^]*partial/u)]);
    }),
  );

  it(
    "ends as at one hangup when its terminal closes, at which the system and the shell hang up",
    { timeout: atMost },
    () =>
      withRig(working(), async (rig) => {
        const run = await atGate(rig);
        for (const _ of [1, 2]) {
          run.child.kill("SIGHUP");
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        expect((await run.ended).status).toBe(130);
        expect(outputs(rig)).toEqual([expect.stringMatching(/cancelled[^]*partial/u)]);
        expect(lastOutcome(eventsOf(rig.log(rig.id())))).toBe("interrupted");
        await expectGoesOn(rig);
      }),
  );

  it("goes on when the reader of its output goes away", { timeout: atMost }, () =>
    withRig(working(), async (rig) => {
      const run = await atGate(rig, "--json");
      run.child.stdout!.destroy();
      run.child.stderr!.destroy();
      writeFileSync(join(rig.workspace, "gate"), "");
      expect((await run.ended).status).toBe(0);
      expect(lastOutcome(eventsOf(rig.log(rig.id())))).toBe("completed");
      expectSoundLog(rig.log(rig.id()));
      await expectAtRest(rig, rig.id());
    }),
  );

  it(
    "goes on after a suspension in which its tool ended, still its session's owner",
    { timeout: atMost },
    () =>
      withRig(working(), async (rig) => {
        const run = await atGate(rig);
        run.child.kill("SIGSTOP");
        writeFileSync(join(rig.workspace, "gate"), "");
        const call = eventsOf(rig.log(rig.id())).find((event) => event["kind"] === "function_call");
        const exit = join(rig.sessionFolder(rig.id()), "spool", String(call!["seq"]), "exit.json");
        await until(() => existsSync(exit), "the tool to end");
        expect((await rig.run(["exec", "resume", rig.id(), "Me too."])).status).toBe(3);
        run.child.kill("SIGCONT");
        const { status, out, err } = await run.ended;
        expect(status, err).toBe(0);
        expect(out).toBe("Worked.\n");
        expect(outputs(rig)).toEqual([expect.stringMatching(/passed/u)]);
        expectSoundLog(rig.log(rig.id()));
        await expectAtRest(rig, rig.id());
      }),
  );
});

describe.concurrent("a turn whose answer streams", () => {
  const silent: ScenarioInput = {
    turn: [turn(/talk/, step("A long story about a short thing."))],
    fault: [{ kind: "silent", after: "text", for: "60s" }],
  };

  it("ends with status 130 at Ctrl-C at once", { timeout: atMost }, () =>
    withRig(silent, async (rig) => {
      const run = rig.start(["exec", "Please talk."]);
      await until(() => rig.simulator.requests.length === 1, "the request");
      const began = performance.now();
      run.child.kill("SIGINT");
      expect((await run.ended).status).toBe(130);
      expect(performance.now() - began).toBeLessThan(50_000);
      const resumed = await rig.run(["exec", "resume", rig.id()]);
      expect(resumed).toMatchObject({ status: 0, out: "A long story about a short thing.\n" });
      expectSoundLog(rig.log(rig.id()));
    }),
  );

  it("is asked for again after a suspension in which the connection was lost", { timeout: atMost }, () => {
    const slow: ScenarioInput = {
      stream: { delta_every: "30ms", delta_size: 2 },
      turn: [turn(/talk/, step("A long story about a short thing."))],
      fault: [{ kind: "cut", after: "text", reset: true }],
    };
    return withRig(slow, async (rig) => {
      const run = rig.start(["exec", "Please talk."]);
      await until(() => rig.simulator.requests.length === 1, "the request");
      run.child.kill("SIGSTOP");
      await until(() => rig.simulator.requests[0]!.endedAt !== undefined, "the cut");
      run.child.kill("SIGCONT");
      const { status, out, err } = await run.ended;
      expect(status, err).toBe(0);
      expect(out).toBe("A long story about a short thing.\n");
      expect(rig.simulator.requests).toHaveLength(2);
      expectSoundLog(rig.log(rig.id()));
    });
  });
});
