// `show` of the real program: patches, going back, and the next request.
import { renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux, type Tmux } from "../kit/tmux.ts";

const patch = `*** Begin Patch
*** Add File: note.txt
+  indented
+last\u001b[31m
*** End Patch`;

const scenario: ScenarioInput = {
  turn: [turn(/alpha/, step({ patch }, { reason: "hm" }), step("Done.")), turn(/./, step("Yes."))],
};

describe("throughline show", () => {
  it("shows what patches change, whole lines, without control sequences", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "alpha"]);
      const { out, status } = await rig.run(["show", "--last"]);
      expect(status).toBe(0);
      expect(out).toMatch(
        /\$ apply_patch note\.txt\n {6}\*\*\* Add File: note\.txt\n {6}\+ {2}indented\n {6}\+last/u,
      );
      expect(out).not.toContain("\u001b");
      const json = JSON.parse((await rig.run(["show", rig.id(), "--json"])).out) as {
        items: { diff?: string }[];
      };
      expect(json.items.find(({ diff }) => diff !== undefined)?.diff).toContain("+  indented");
    }));

  it.skipIf(!hasTmux)("breaks its lines between words where a terminal is narrower", () =>
    withRig(scenario, async (rig) => {
      const words = Array.from({ length: 24 }, (_none, at) => `word-${at + 10}`);
      expect((await rig.run(["exec", "--name", "it", words.join(" ")])).status).toBe(0);
      const open = async (terminal: Tmux): Promise<void> => {
        expect(await terminal.ended()).toBe(0);
        const screen = await terminal.screen();
        const asked = screen.slice(screen.indexOf("  asked     "), screen.indexOf("  workspace"));
        expect(asked.trimEnd().split("\n").slice(1).join("\n")).toMatch(/^(?: {12}\S[^\n]*\n?)+$/u);
        const prompt = screen.slice(screen.indexOf("  › "), screen.indexOf("  • "));
        expect(prompt.replaceAll(/\s+/gu, " ").trim()).toBe(`› ${words.join(" ")}`);
        expect(prompt.split("\n").filter((line) => !/^ {2}(?:› | {2}\S)/u.test(line))).toEqual([""]);
      };
      await atTerminal(rig, ["show", "it"], open, { columns: 44, rows: 40 });
      const sizeless = [
        "sh",
        "-c",
        'stty cols 0 rows 0; exec "$@"',
        "sh",
        ...rig.command(["show", "it"]).argv,
      ];
      await atTerminal(
        rig,
        ["show", "it"],
        async (terminal) => {
          expect(await terminal.ended()).toBe(0);
          expect(await terminal.screen()).toMatch(/^ {2}model {5}\S+ through \S+$/mu);
        },
        { rows: 40, argv: sizeless },
      );
    }),
  );

  it("names what goes on behind a refusal: not the command that sends the same again", () =>
    withRig({ fault: [{ kind: "status", status: 400, code: "cyber_policy" }] }, async (rig) => {
      const { status, err } = await rig.run(["exec", "alpha"]);
      const next = `throughline resume ${rig.id()} "…"\n`;
      expect([status, err]).toEqual([1, expect.stringContaining(`is kept: ${next}`)]);
      expect((await rig.run(["show", "--last"])).out).toContain(`next: ${next}`);
    }));

  it("names how to leave out what was refused, which works for a session's first prompt, too", () => {
    const message = "words ".repeat(60);
    const fault = { kind: "status", status: 400, code: "cyber_policy", message, request: 1 } as const;
    return withRig({ fault: [fault] }, async (rig) => {
      const { err } = await rig.run(["exec", "alpha"]);
      const id = rig.id();
      expect(err).toContain(`(the step before it, as \`throughline show ${id}\` numbers them)`);
      expect(err).toContain(`begin anew: \`throughline clear ${id}\`. [`);
      expect((await rig.run(["clear", id])).status).toBe(0);
      expect((await rig.run(["exec", "resume", id, "beta"])).status).toBe(0);
      const { body } = rig.simulator.requests.at(-1)!;
      expect(JSON.stringify(body?.["input"])).toMatch(/^(?!.*alpha).*beta/u);
    });
  });

  it("says that the session's folder is gone, and names what goes on in this one", () =>
    withRig(scenario, async (rig) => {
      const moved = join(rig.folder, "moved");
      await rig.run(["exec", "beta"]);
      renameSync(rig.workspace, moved);
      const { out } = await rig.run(["show", rig.id()], { cwd: moved });
      expect(out).toContain(`workspace ${rig.workspace}, which is gone\n`);
      expect(out).toContain(`next: throughline resume ${rig.id()} --here "…"\n`);
      expect((await rig.run(["resume", rig.id(), "--here", "beta"], { cwd: moved })).status).toBe(0);
    }));

  it("tells the whole line of a repair, its cause included", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "alpha"]);
      rig.simulator.rotateKey();
      await rig.run(["resume", "--last", "beta"]);
      expect((await rig.run(["show", "--last"])).out).toContain("400 invalid_encrypted_content)\n");
    }));

  it("--request prints what the next request carries, as the provider gets it then, and sends nothing", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "alpha"]);
      const before = rig.simulator.requests.length;
      const shown = await rig.run(["show", "--last", "--request", "--json"]);
      expect(shown.status, shown.err).toBe(0);
      expect(rig.simulator.requests).toHaveLength(before);
      const { input, changes } = JSON.parse(shown.out) as { input: object[]; changes: object[] };
      expect(changes).toEqual([]);
      await rig.run(["resume", "--last", "beta"]);
      const sent = rig.simulator.requests.at(-1)?.body?.["input"] as object[];
      expect(sent.slice(0, -1)).toEqual(input);
      expect((await rig.run(["show", "--last", "--request"])).out).toMatch(
        /carries \d+ items.*nothing is left out/su,
      );
    }));

  it("--request says what is left out, and why", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "alpha"]);
      // Sealed by another issuer: the credential is a part of what it is.
      const { out } = await rig.run(["show", "--last", "--request"], { env: { OPENAI_API_KEY: "another" } });
      expect(out).toMatch(/left out or changed:\n {2}1 × left out: another issuer sealed it/u);
    }));

  it("asks which one, where neither a session nor --last is given", () =>
    withRig(scenario, async (rig) => {
      const none = await rig.run(["show"]);
      expect([none.status, none.err]).toEqual([2, expect.stringContaining("Which one?")]);
    }));
});
