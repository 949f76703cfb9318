// The first Ctrl-C ends what waits, at once.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { type Rig, type Running, until, withRig } from "../kit/rig.ts";

const scenario: ScenarioInput = { turn: [turn(/./, step("Done."))] };
/** Milliseconds, on a busy machine too; the waits that are ended take 30 s, or for ever. */
const atOnce = 15_000;

async function expectInterrupted(running: Running): Promise<void> {
  const began = performance.now();
  running.child.kill("SIGINT");
  const { status, err } = await running.ended;
  expect([status, err], err).toEqual([130, expect.stringContaining("Interrupted.")]);
  expect(performance.now() - began).toBeLessThan(atOnce);
}

/** Of HUP, because Node itself catches INT from its start. Where that can't be seen a moment has to do. */
const began = new Map<Running, number>();
function listens(running: Running): boolean {
  if (process.platform === "linux") {
    const [, caught = "0"] =
      /^SigCgt:\s*([0-9a-f]+)$/mu.exec(readFileSync(`/proc/${running.pid}/status`, "utf8")) ?? [];
    return (BigInt(`0x${caught}`) & 1n) === 1n;
  }
  if (!began.has(running)) began.set(running, performance.now());
  return performance.now() - began.get(running)! > 2_000;
}

/** The session's lease becomes that of a process that can't be looked at from here. */
function moveOwnerAway(rig: Rig, id: string): void {
  const folder = rig.sessionFolder(id);
  const path = join(
    folder,
    readdirSync(folder).find((name) => name.startsWith("lease."))!,
  );
  const lease = JSON.parse(readFileSync(path, "utf8")) as { owner: object };
  writeFileSync(
    path,
    JSON.stringify({
      ...lease,
      released: false,
      owner: { ...lease.owner, host: "elsewhere", boot: "another" },
    }),
  );
}

describe("Ctrl-C", () => {
  it("ends the reading of standard input", () =>
    withRig(scenario, async (rig) => {
      for (const words of [["exec", "-"], ["exec"], ["queue", "nobody", "-"]]) {
        const reading = rig.start(words, { stdin: "open" });
        await until(() => listens(reading), "the program to listen to signals");
        await expectInterrupted(reading);
      }
      expect(rig.ids()).toEqual([]);
    }));

  it("ends the watch of an owner out of sight, which says what it waits for, and changes nothing", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "One."]);
      const id = rig.id();
      moveOwnerAway(rig, id);
      const before = rig.log(id);
      for (const words of [
        ["resume", id, "Two."],
        ["clear", id],
        ["purge", "--yes"],
      ]) {
        const waiting = rig.start(words);
        await until(() => waiting.said().includes("on elsewhere"), "the words of the wait");
        expect(waiting.said()).toContain("watching for 30 s");
        await expectInterrupted(waiting);
      }
      expect(rig.log(id).equals(before)).toBe(true);
      expect(rig.simulator.requests).toHaveLength(1);
      expect((await rig.run(["show", id])).status, "looking waits for nobody").toBe(0);
    }));
});
