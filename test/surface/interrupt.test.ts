// The first Ctrl-C ends what waits, at once.
import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { moveOwnerAway } from "../kit/other-host.ts";
import { type Running, until, withRig } from "../kit/rig.ts";

const scenario: ScenarioInput = { turn: [turn(/./, step("Done."))] };
const fixtures = fileURLToPath(new URL("../../src/foreign/codex/fixtures/0.130.0", import.meta.url));
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

  it("ends the demo without calling what it hasn't come to a claim that doesn't hold", () =>
    withRig(scenario, async (rig) => {
      const playing = rig.start(["demo"]);
      await until(() => playing.printed().includes("One session"), "the demo's first words");
      await expectInterrupted(playing);
      expect((await playing.ended).out).not.toContain("NOT SO");
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

  it("ends the watch where what came since in Codex is to be taken over", () =>
    withRig(scenario, async (rig) => {
      const codex = join(rig.folder, "codex");
      cpSync(fixtures, codex, { recursive: true });
      const { thread, path } = listRollouts(codex)[0]!;
      await rig.run(["import", thread]);
      moveOwnerAway(rig, thread);
      const payload = { type: "message", role: "user", content: [{ type: "input_text", text: "more" }] };
      const line = { timestamp: "2026-11-21T00:00:00.000Z", type: "response_item", payload };
      appendFileSync(path, `${JSON.stringify(line)}\n`);
      const waiting = rig.start(["import", thread]);
      await until(() => waiting.said().includes("on elsewhere"), "the words of the wait");
      await expectInterrupted(waiting);
    }));
});
