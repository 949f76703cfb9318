// `resume --from-step`, `resume --amend` and `fork` of the real program, judged by the requests that the provider gets.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { type Rig, withRig } from "../kit/rig.ts";

/** Each turn is two steps: a command that says which it was, and an answer. */
const scenario: ScenarioInput = {
  turn: [
    turn(
      /(?<word>\w+)$/,
      step({ shell: "echo ran >> ran.txt; echo out-put" }),
      step("Done with {{prompt}}."),
    ),
  ],
};

function lastRequest(rig: Rig): { text: string; instructions: string } {
  const body = rig.simulator.requests.at(-1)?.body;
  return { text: JSON.stringify(body?.["input"]), instructions: String(body?.["instructions"]) };
}

async function twoTurns(rig: Rig): Promise<string> {
  expect((await rig.run(["exec", "alpha"])).status).toBe(0);
  expect((await rig.run(["resume", "--last", "beta"])).status).toBe(0);
  return rig.id();
}

const logOf = (rig: Rig, id: string): string =>
  readFileSync(join(rig.sessionFolder(id), "log.jsonl"), "utf8");

describe("going back", () => {
  it("goes on from an earlier step; the later ones stay in the log, and a fork brings them back", () =>
    withRig(scenario, async (rig) => {
      const id = await twoTurns(rig);
      const before = logOf(rig, id);
      const back = await rig.run(["resume", id, "--from-step", "2", "gamma"]);
      expect(back.status, back.err).toBe(0);
      expect(back.err).toContain(
        `went back to the end of step 2; 2 later steps stay in the log: throughline fork ${id} --from-step 4`,
      );
      expect(lastRequest(rig).text).toMatch(/alpha.*gamma/u);
      expect(lastRequest(rig).text).not.toContain("beta");
      expect(logOf(rig, id).startsWith(before)).toBe(true);

      const forked = await rig.run(["fork", id, "--from-step", "4", "--name", "other way", "--json"]);
      expect(forked.status, forked.err).toBe(0);
      const fork = JSON.parse(forked.out) as { session: string };
      expect(fork).toMatchObject({ schema: 1, parent: id, fromStep: 4 });
      const fresh = (await rig.run(["sessions"])).out.split("\n").find((line) => line.includes("other way"));
      expect(fresh?.match(/forked from/gu), fresh).toHaveLength(1);
      expect((await rig.run(["resume", "other way", "delta"])).status).toBe(0);
      expect(lastRequest(rig).text).toMatch(/alpha.*beta.*delta/u);
      expect(lastRequest(rig).text).not.toContain("gamma");
      const { out } = await rig.run(["sessions"]);
      expect(out).toContain(`forked from ${id}`);
      expect(out.trimEnd().split("\n"), "both are listed").toHaveLength(2);
    }));

  it("only goes back, or only amends, where nothing is left to go on with, and show says what is sent no more", () =>
    withRig(scenario, async (rig) => {
      const id = await twoTurns(rig);
      const asked = rig.simulator.requests.length;
      const back = await rig.run(["resume", id, "--from-step", "2", "--amend", "Be brief."]);
      expect(back.status, back.err).toBe(0);
      expect(back.err).toMatch(
        /amended[^]*went back to the end of step 2; 2 later steps stay[^]*That is done/u,
      );
      expect(rig.simulator.requests).toHaveLength(asked);
      const shown = await rig.run(["show", id]);
      expect(shown.out).toMatch(/^step 2$/mu);
      expect(shown.out).toMatch(/^step 3 \(left behind by going back\)$/mu);
      expect((await rig.run(["resume", id, "gamma"])).status).toBe(0);
      expect(lastRequest(rig).instructions).toContain("Be brief.");
      expect(lastRequest(rig).text).toMatch(/alpha.*gamma/u);
      expect(lastRequest(rig).text).not.toContain("beta");
    }));

  it("goes on without a prompt behind a step whose outputs nobody answered, and runs nothing again", () =>
    withRig(scenario, async (rig) => {
      const id = await twoTurns(rig);
      const back = await rig.run(["resume", id, "--from-step", "3"]);
      expect(back.status, back.err).toBe(0);
      expect(back.out).toContain("Done with beta.");
      expect(readFileSync(join(rig.workspace, "ran.txt"), "utf8")).toBe("ran\nran\n");
    }));

  it("says why there is no going back to a step, and changes nothing", () =>
    withRig(scenario, async (rig) => {
      const id = await twoTurns(rig);
      const missing = await rig.run(["resume", id, "--from-step", "9", "x"]);
      expect(missing.status).toBe(2);
      expect(missing.err).toMatch(/has no step 9: it has the steps 1 to 4/u);
      expect((await rig.run(["resume", id, "--from-step", "two", "x"])).err).toContain(
        "takes the number of a step",
      );
      await rig.run(["resume", id, "--from-step", "1", "gamma"]);
      const behind = await rig.run(["resume", id, "--from-step", "3", "x"]);
      expect([behind.status, behind.err]).toEqual([2, expect.stringContaining(`fork ${id} --from-step 3`)]);
      expect(logOf(rig, id).match(/"type":"history-rewound"/gu)).toHaveLength(1);
    }));
});

describe("amended instructions", () => {
  it("are sent from then on, in later turns too, and in a fork", () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "alpha"])).status).toBe(0);
      const id = rig.id();
      expect(lastRequest(rig).instructions).not.toContain("Answer in Welsh");
      expect((await rig.run(["resume", id, "--amend", "Answer in Welsh.", "beta"])).status).toBe(0);
      expect(lastRequest(rig).instructions).toContain("Answer in Welsh.");
      expect((await rig.run(["resume", id, "gamma"])).status).toBe(0);
      expect(lastRequest(rig).instructions.match(/Answer in Welsh/gu)).toHaveLength(1);
      const { session } = JSON.parse((await rig.run(["fork", id, "--json"])).out) as { session: string };
      expect((await rig.run(["resume", session, "delta"])).status).toBe(0);
      expect(lastRequest(rig).instructions).toContain("Answer in Welsh.");
      expect((await rig.run(["resume", id, "--amend", " ", "x"])).status).toBe(2);
    }));
});

describe("a fork", () => {
  it("leaves every byte of the session that it comes from, and can be made while that works", () =>
    withRig(scenario, async (rig) => {
      const id = await twoTurns(rig);
      const before = logOf(rig, id);
      const told = await rig.run(["fork", id]);
      expect(told.out).toMatch(new RegExp(`^session [0-9a-f-]{36} is forked from ${id}`, "u"));
      expect(logOf(rig, id)).toBe(before);
      const shown = JSON.parse((await rig.run(["sessions", "--json"])).out) as { sessions: object[] };
      expect(shown.sessions).toMatchObject([
        { parent: id, status: "idle", messages: 4, turns: 2, usage: { inputTokens: 0 } },
        { id },
      ]);
    }));

  it("at a step that there is not is refused, and makes nothing", () =>
    withRig(scenario, async (rig) => {
      const id = await twoTurns(rig);
      const none = await rig.run(["fork", id, "--from-step", "9"]);
      expect([none.status, none.err]).toEqual([2, expect.stringContaining("there is none of that number")]);
      expect(rig.ids()).toEqual([id]);
    }));
});
