// The command `clear` of the real program: what was said is never sent again, and with `--scrub` no byte of it is left under the home.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { shell, step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { codexFixtures } from "../kit/codex-home.ts";
import { plant, planting, secret as planted } from "../kit/planted.ts";
import { until, withRig } from "../kit/rig.ts";
import { filesWith } from "../kit/secret.ts";

const childProgram = fileURLToPath(new URL("../kit/session-child.ts", import.meta.url));
const secret = "pl4ntedsecret";
const scenario: ScenarioInput = {
  turn: [
    turn(/tool/, step(shell(`echo ${secret}`)), step(`It printed ${secret}.`)),
    turn(/./, step("Done.")),
  ],
};

describe("throughline clear", () => {
  it("sends nothing of the old context again, and what a limit had parked is over", () =>
    withRig(
      { ...scenario, fault: [{ kind: "usage-limit", request: 1, resets_in: "2h" }] } as ScenarioInput,
      async (rig) => {
        await rig.run(["exec", `anything ${secret}`]);
        const id = rig.id();
        const cleared = await rig.run(["clear", id, "--json"]);
        expect(JSON.parse(cleared.out), cleared.err).toMatchObject({
          schema: 1,
          session: id,
          scrubbed: false,
        });
        const listed = await rig.run(["sessions", "--json"]);
        expect(JSON.parse(listed.out)).toMatchObject({ sessions: [{ id, status: "cleared" }] });
        const parked = await rig.run(["resume", id]);
        expect([parked.status, parked.err]).toEqual([
          2,
          expect.stringContaining("nothing to go on with: it was cleared"),
        ]);
        const asked = rig.simulator.requests.length;
        await rig.run(["resume", id, "afresh"]);
        expect(rig.simulator.requests.length).toBeGreaterThan(asked);
        for (const request of rig.simulator.requests.slice(asked)) {
          expect(JSON.stringify(request)).not.toContain(secret);
          expect(JSON.stringify(request)).toContain("environment_context");
        }
        expect(rig.log(id).includes(secret), "the log keeps it").toBe(true);
      },
    ));

  it("ends the wait for a limit that a killed process had begun: nothing wakes up, and nothing old is sent", () =>
    withRig(
      { ...scenario, fault: [{ kind: "usage-limit", request: 1, resets_in: "2h" }] } as ScenarioInput,
      async (rig) => {
        const waiting = rig.start(["exec", "--wait", `anything ${secret}`]);
        await until(() => waiting.said().includes("Ctrl-C"), "the wait");
        const id = rig.id();
        const refused = await rig.run(["clear", id]);
        expect([refused.status, refused.err]).toEqual([
          3,
          expect.stringMatching(/in use by process \d+ .*which is waiting for a limit to end/u),
        ]);
        waiting.child.kill("SIGKILL");
        await waiting.ended;
        expect((await rig.run(["clear", id])).status).toBe(0);
        const asked = rig.simulator.requests.length;
        for (const words of [
          ["resume", id, "--wait"],
          ["resume", "--last"],
        ])
          expect((await rig.run(words)).status, "there is nothing to go on with").toBe(2);
        expect(rig.simulator.requests).toHaveLength(asked);
        expect(JSON.parse((await rig.run(["show", id, "--json"])).out)).toMatchObject({ status: "cleared" });
      },
    ));

  it("scrubs every byte of what was said, also in what it was rotated from, and keeps the metadata", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "--name", "kept", `use the tool ${secret}`]);
      const before = rig.id();
      await rig.run(["queue", before, `later ${secret}`]);
      appendFileSync(join(rig.sessionFolder(before), "log.jsonl"), `torn ${secret}`);
      const words = ["--no-warnings", childProgram, rig.home, rig.simulator.url, "rotate", before];
      execFileSync(process.execPath, words, { cwd: rig.workspace });
      const after = rig.ids().find((id) => id !== before)!;
      const was = JSON.parse((await rig.run(["sessions", "--json"])).out) as { sessions: object[] };
      expect(filesWith(rig.home, secret)).not.toEqual([]);

      const scrubbed = await rig.run(["clear", "kept", "--scrub", "--json"]);
      expect(JSON.parse(scrubbed.out), scrubbed.err).toMatchObject({
        session: after,
        cleared: [after, before],
        left: [],
        troubles: [],
      });
      expect(filesWith(rig.home, secret)).toEqual([]);
      const is = JSON.parse((await rig.run(["sessions", "--json"])).out) as { sessions: object[] };
      const { id, name, created, messages, usage } = was.sessions[0] as Record<string, unknown>;
      expect(is.sessions).toMatchObject([{ id, name, created, messages, usage, status: "cleared" }]);
      expect((await rig.run(["clear", after, "--scrub"])).status, "it can be run again").toBe(0);
      const resumed = await rig.run(["resume", "kept", "go on"]);
      expect(resumed.out, resumed.err).toBe("Done.\n");
      const shown = JSON.parse((await rig.run(["show", "kept", "--json"])).out) as object;
      expect(shown).toMatchObject({ damage: [], title: "go on" });
      expect((await rig.run(["delete", "kept", "--with-relatives"])).status).toBe(0);
      expect(rig.ids()).toEqual([]);
    }));

  it("has a session that was taken over from Codex go on anew, though the rollout is still there", () =>
    withRig(scenario, async (rig) => {
      const codex = join(rig.folder, "codex");
      cpSync(join(codexFixtures, "0.130.0"), codex, { recursive: true });
      const { path } = listRollouts(codex)[0]!;
      expect((await rig.run(["import", path])).status).toBe(0);
      const id = rig.id();
      const scrubbed = await rig.run(["clear", id, "--scrub"]);
      expect(scrubbed.out).toContain(`Begin anew: throughline resume ${id} `);
      const resumed = await rig.run(["exec", "resume", id, "Go on.", "--here"]);
      expect([resumed.status, resumed.out], resumed.err).toEqual([0, "Done.\n"]);
      const again = await rig.run(["import", path]);
      expect([again.status, again.err]).toEqual([2, expect.stringContaining("throughline import --new ")]);
    }));

  it("scrubs forks too when it is told to, and says which it leaves otherwise", () =>
    withRig(planting, async (rig) => {
      const { predecessor, head, fork, dying } = await plant(rig);
      expect((await rig.run(["delete", dying])).status).toBe(0);
      const alone = await rig.run(["clear", head, "--scrub", "--json"]);
      expect(JSON.parse(alone.out), alone.err).toMatchObject({ cleared: [head, predecessor], left: [fork] });
      expect(filesWith(rig.home, planted)).not.toEqual([]);
      const told = await rig.run(["clear", head, "--scrub"]);
      expect(told.out).toContain('only its metadata is kept, its name "kept" too.');
      expect(told.err).toContain(`was left: throughline clear ${fork} --scrub\n`);
      await rig.run(["name", fork, "other"]);
      const all = await rig.run(["clear", head, "--scrub", "--with-relatives", "--json"]);
      expect(JSON.parse(all.out), all.err).toMatchObject({ cleared: [head, predecessor, fork], left: [] });
      expect(filesWith(rig.home, planted)).toEqual([]);
    }));

  it("says who holds a session in use, and why a foreign log can't be cleared, and leaves both", () =>
    withRig({ ...scenario, fault: [{ kind: "silent", after: "text", for: "170s" }] }, async (rig) => {
      const working = rig.start(["exec", "first"]);
      try {
        await until(() => rig.simulator.requests.length > 0, "the request");
        const refused = await rig.run(["clear", rig.id(), "--scrub"]);
        expect(refused.status).toBe(3);
        expect(refused.err).toContain(`in use by process ${working.pid}`);
      } finally {
        working.child.kill("SIGKILL");
        await working.ended;
      }
      const path = join(rig.sessionFolder(rig.id()), "log.jsonl");
      writeFileSync(path, "another program's\n");
      expect((await rig.run(["clear", rig.id()])).err).toMatch(
        /holds no event of a session.*session-damaged/u,
      );
      expect(rig.log(rig.id()).toString()).toBe("another program's\n");
    }));
});
