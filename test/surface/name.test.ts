// The command `name` of the real program.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { until, withRig } from "../kit/rig.ts";

const scenario: ScenarioInput = { turn: [turn(/./, step("Done."))] };

describe("throughline name", () => {
  it("names a session, also one with a damaged line, and the name stands for its id", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "first"]);
      const id = rig.id();
      appendFileSync(join(rig.sessionFolder(id), "log.jsonl"), "torn");
      const named = await rig.run(["name", id.slice(0, 8), "fix the tests", "--json"]);
      expect(JSON.parse(named.out), named.err).toEqual({ schema: 1, session: id, name: "fix the tests" });
      const again = await rig.run(["name", "fix the tests", "other"]);
      expect(again.out).toContain(`session ${id} is "other", no longer "fix the tests"`);
      expect((await rig.run(["name", "other", "other"])).status).toBe(0);
      const shown = JSON.parse((await rig.run(["show", "other", "--json"])).out) as object;
      expect(shown).toMatchObject({ id, name: "other" });
    }));

  it("refuses what means another session, what is no name, and a session that is in use", () => {
    const slow: ScenarioInput = {
      ...scenario,
      fault: [{ kind: "silent", after: "text", turn: 2, for: "170s" }],
    };
    return withRig(slow, async (rig) => {
      await rig.run(["exec", "--name", "taken", "first"]);
      const first = rig.id();
      await rig.run(["exec", "second"]);
      const second = rig.ids().find((id) => id !== first)!;
      for (const name of ["taken", first, " ", "a\nb"]) {
        const refused = await rig.run(["name", second, name]);
        expect(refused.status, name).toBe(2);
        expect(refused.err, name).toMatch(/means session|A name is one line/u);
      }
      const asked = rig.simulator.requests.length;
      const working = rig.start(["exec", "resume", second, "third"]);
      try {
        await until(() => rig.simulator.requests.length > asked, "the request");
        const refused = await rig.run(["name", second, "new"]);
        expect(refused.status).toBe(3);
        expect(refused.err).toContain(`in use by process ${working.pid}`);
      } finally {
        working.child.kill("SIGKILL");
        await working.ended;
      }
    });
  });
});
