// What of a Mac can be had on Linux: owners and commands are told alive from dead without /proc.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { noMac, onMac } from "../kit/mac.ts";
import { type Rig, type RunOptions, type Running, until, withRig } from "../kit/rig.ts";
import { expectRequestsPaired, expectSoundLog, ranFile } from "../kit/survival.ts";

const atMost = 180_000;

const folder = mkdtempSync(join(tmpdir(), "mac-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const why = noMac(folder);
if (why !== undefined) console.log(`a Mac: skipped, ${why}`);

const mac = (options?: Parameters<typeof onMac>[1]): RunOptions => ({ prefix: onMac(folder, options) });

/** A command that waits for a file, and the answer behind it. */
const working: ScenarioInput = {
  turn: [
    turn(
      /work/,
      step(shell(`echo one >> ${ranFile}; while [ ! -e gate ]; do sleep 0.05; done; echo passed`)),
      step("Worked."),
    ),
  ],
};

async function atGate(rig: Rig, options: RunOptions): Promise<Running> {
  const run = rig.start(["exec", "Please work."], options);
  await until(() => rig.lines(ranFile).length > 0, "the command to begin");
  return run;
}

async function kill(run: Running): Promise<void> {
  run.child.kill("SIGKILL");
  await run.ended;
}

describe.skipIf(why !== undefined)("on a Mac", { concurrent: true, timeout: atMost }, () => {
  it("a living owner keeps its session; a killed one is gone at once, and its command is waited for", () =>
    withRig(working, async (rig) => {
      const owner = await atGate(rig, mac());
      const refused = await rig.run(["exec", "resume", rig.id()], mac());
      expect(refused.status, refused.err).toBe(3);
      expect(refused.err).toContain(`in use by process ${owner.pid} on mac.local`);
      await kill(owner);
      const resumed = rig.start(["exec", "resume", rig.id()], mac());
      await until(() => resumed.said().includes("attached again"), "the command to be found");
      writeFileSync(join(rig.workspace, "gate"), "");
      const { status, out, err } = await resumed.ended;
      expect(status, err).toBe(0);
      expect(out).toBe("Worked.\n");
      expect(rig.lines(ranFile)).toEqual(["one"]);
      expectSoundLog(rig.log(rig.id()));
      expectRequestsPaired(rig);
    }));

  it("a killed owner is gone at once under another name of the machine, which changes with the network", () =>
    withRig(working, async (rig) => {
      const owner = await atGate(rig, mac({ name: "mac.local" }));
      await kill(owner);
      writeFileSync(join(rig.workspace, "gate"), "");
      const listed = await rig.run(["sessions", "--json"], mac({ name: "mac.fritz.box" }));
      expect(JSON.parse(listed.out), listed.err).toMatchObject({ sessions: [{ status: "interrupted" }] });
      expect(listed.out).not.toContain('"holder"');
      const resumed = await rig.run(["exec", "resume", rig.id()], mac({ name: "mac.fritz.box" }));
      expect(resumed.status, resumed.err).toBe(0);
      expect(resumed.err).not.toContain("mac.local");
    }));

  it("in a sandbox that runs no ps a living owner isn't taken for dead, and a dead one isn't waited for", () =>
    withRig(working, async (rig) => {
      const owner = await atGate(rig, mac());
      const refused = await rig.run(["exec", "resume", rig.id()], mac({ isBoxed: true }));
      expect(refused.status, refused.err).toBe(3);
      await kill(owner);
      writeFileSync(join(rig.workspace, "gate"), "");
      const resumed = await rig.run(["exec", "resume", rig.id()], mac({ isBoxed: true }));
      expect(resumed.status, resumed.err).toBe(0);
      expect(resumed.out).toBe("Worked.\n");
      expect(rig.lines(ranFile)).toEqual(["one"]);
    }));

  it("an owner in a sandbox that runs no ps keeps its session from those outside, and its commands are waited for", () =>
    withRig(working, async (rig) => {
      const owner = await atGate(rig, mac({ isBoxed: true }));
      const refused = await rig.run(["exec", "resume", rig.id()], mac());
      expect(refused.status, refused.err).toBe(3);
      writeFileSync(join(rig.workspace, "gate"), "");
      const { status, out, err } = await owner.ended;
      expect(status, err).toBe(0);
      expect(out).toBe("Worked.\n");
      expect(rig.log(rig.id()).toString()).toContain("passed\\n");
    }));

  it("a command in a sandbox that runs no ps is ended by a cancel", () =>
    withRig(working, async (rig) => {
      const owner = await atGate(rig, mac({ isBoxed: true }));
      owner.child.kill("SIGTERM");
      expect((await owner.ended).status).toBe(130);
      expect(rig.log(rig.id()).toString()).toContain("command cancelled");
      expect(rig.processes(), "the tool's group and its wrapper have ended").toEqual([]);
    }));
});

it(
  "a folder that the shell calls otherwise, as by another case on a Mac, is the workspace that it is",
  { timeout: atMost },
  () =>
    withRig({ turn: [turn(/work/, step("Worked.")), turn(/more/, step("More."))] }, async (rig) => {
      expect((await rig.run(["exec", "Please work."])).status).toBe(0);
      const otherwise = join(rig.folder, "otherwise");
      symlinkSync(rig.workspace, otherwise);
      const called = `process.cwd = () => ${JSON.stringify(otherwise)}`;
      const resumed = await rig.run(["exec", "resume", "--last", "And more."], {
        env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(called)}` },
      });
      expect(resumed.status, resumed.err).toBe(0);
      expect(resumed.out).toBe("More.\n");
    }),
);
