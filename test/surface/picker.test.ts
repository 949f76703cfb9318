// The picker at a real terminal.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { moveOwnerAway } from "../kit/other-host.ts";
import { type Rig, withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux } from "../kit/tmux.ts";

/** What a real Codex wrote. */
const codexFixture = fileURLToPath(new URL("../../src/foreign/codex/fixtures/0.130.0", import.meta.url));

const scenario: ScenarioInput = { turn: [turn(/./, step("It is done: {{input}}."))] };

/** Three sessions of the workspace and one of another; ids oldest first. */
async function sessionsOf(rig: Rig): Promise<string[]> {
  const other = join(rig.folder, "other");
  mkdirSync(other);
  for (const [name, prompt, cwd] of [
    ["parser", "mend the \u001b[2Jparser \u202enow", rig.workspace],
    ["docs", "write about needles", rig.workspace],
    ["far", "far away", other],
    ["タイトル", "日本語 prompt", rig.workspace],
  ] as const)
    expect((await rig.run(["exec", "--name", name, prompt], { cwd })).status).toBe(0);
  return rig.ids();
}

describe.skipIf(!hasTmux)("resume without a session, at a terminal", () => {
  it("ends at Ctrl-C, also while a change waits for an owner out of sight, and that is not made", () =>
    withRig(scenario, async (rig) => {
      const newest = (await sessionsOf(rig)).at(-1)!;
      moveOwnerAway(rig, newest);
      const before = rig.log(newest);
      await atTerminal(rig, ["exec", "resume"], async (terminal) => {
        await terminal.shows("3 · not here");
        await terminal.press("C-r");
        await terminal.type("ponds");
        await terminal.press("Enter");
        await terminal.shows(/^naming it: held by process \d+ on elsewhere \(.+\), out of\nsight/mu);
        const began = performance.now();
        await terminal.press("C-c");
        await terminal.shows("[ended with 130]");
        expect(performance.now() - began).toBeLessThan(15_000);
      });
      expect(rig.log(newest).equals(before)).toBe(true);
    }));

  it("picks by search and goes on with that session", () =>
    withRig(scenario, async (rig) => {
      const [parser] = await sessionsOf(rig);
      await atTerminal(rig, ["exec", "resume"], async (terminal) => {
        const screen = await terminal.shows("3 · not here: 1 in other workspaces");
        expect(screen).toMatch(/› タイトル .*\n {2}docs .*\n {2}parser /u);
        await terminal.shows("It is done");
        await terminal.type("PARS");
        await terminal.shows("1 of 3");
        await terminal.shows("mend the parser now");
        await terminal.press("Enter");
        await terminal.shows("[ended with");
        // Back on the screen as it was: the picker leaves nothing behind.
        expect(await terminal.screen()).not.toContain("type to search");
        expect(await terminal.screen()).toContain(parser!);
      });
    }));

  it("leaves everything as it was at Esc", () =>
    withRig(scenario, async (rig) => {
      const ids = await sessionsOf(rig);
      const before = ids.map((id) => rig.log(id));
      await atTerminal(rig, ["exec", "resume"], async (terminal) => {
        await terminal.shows("type to search");
        await terminal.press("Down", "Escape");
        expect(await terminal.ended()).toBe(0);
      });
      expect(ids.map((id) => rig.log(id))).toEqual(before);
      await atTerminal(rig, ["exec", "resume"], async (terminal) => {
        await terminal.shows("type to search");
        await terminal.press("C-c");
        expect(await terminal.ended()).toBe(130);
      });
      // A window that is closed takes the picker along.
      await atTerminal(
        rig,
        ["exec", "resume"],
        async (terminal) => void (await terminal.shows("type to search")),
      );
      expect(rig.processes()).toEqual([]);
    }));

  it("shows all workspaces, looks into the messages, renames, archives, forks and deletes", () =>
    withRig(scenario, async (rig) => {
      const [parser, docs] = await sessionsOf(rig);
      await atTerminal(rig, ["exec", "resume"], async (terminal) => {
        await terminal.shows("type to search");
        await terminal.press("Tab");
        await terminal.shows(/far .* …\S+\/other/u);
        await terminal.type("needles");
        await terminal.shows("1 of 4");
        await terminal.press("C-u");
        await terminal.type("done mend");
        await terminal.shows("0 of 4");
        await terminal.press("C-f");
        await terminal.shows(/› parser/u);
        await terminal.press("C-r");
        await terminal.type("mended parser");
        await terminal.press("Enter");
        await terminal.shows(/› mended parser/u);
        await terminal.press("C-u");
        await terminal.type("docs");
        await terminal.shows(/› docs/u);
        await terminal.press("C-o");
        await terminal.shows(`this is the fork of ${docs}`);
        await terminal.press("C-d");
        await terminal.shows("for good?");
        await terminal.press("n");
        await terminal.press("C-d");
        await terminal.shows("for good?");
        await terminal.press("y");
        await terminal.shows(/^deleted$/mu);
        await terminal.press("C-u");
        await terminal.type("mended");
        await terminal.shows(/› mended parser/u);
        await terminal.press("C-o");
        await terminal.shows(`this is the fork of ${parser}`);
        await terminal.type("mended");
        await terminal.shows(/› mended parser/u);
        await terminal.press("C-d");
        await terminal.shows("for good?");
        await terminal.press("y");
        await terminal.shows(/^deleted; some of it is still in its fork [0-9a-f-]{36}$/mu);
        await terminal.press("C-u");
        await terminal.type("far");
        await terminal.shows(/› far/u);
        await terminal.press("C-x");
        await terminal.shows("1 archived");
        await terminal.shows(/throughline unarchive [0-9a-f-]{36}$/mu);
        await terminal.press("Escape");
        expect(await terminal.ended()).toBe(0);
      });
      const { sessions } = JSON.parse((await rig.run(["sessions", "--all", "--archived", "--json"])).out) as {
        sessions: { id: string; name?: string; archived?: true }[];
      };
      const found = sessions.map(({ name = "", archived }) => `${name}${archived ? " archived" : ""}`).sort();
      // Without a name: the fork of the one that was deleted.
      expect(found).toEqual(["", "docs", "far archived", "タイトル"]);
      expect(sessions.map(({ id }) => id)).not.toContain(parser);
    }));

  it("shows Codex's sessions beside the own ones, changes none of them, and takes one over to go on with it", () =>
    withRig(scenario, async (rig) => {
      await sessionsOf(rig);
      const env = { CODEX_HOME: join(rig.folder, "codex") };
      cpSync(codexFixture, env.CODEX_HOME, { recursive: true });
      await atTerminal(
        rig,
        ["exec", "resume", "--all", "--here"],
        async (terminal) => {
          await terminal.shows("type to search");
          await terminal.press("C-g");
          await terminal.type("codex my named");
          await terminal.shows(/› codex: my named session/u);
          // What was said last in it.
          await terminal.shows("It says hi.");
          await terminal.press("C-x");
          await terminal.shows("Enter takes it over and goes on with it.");
          await terminal.press("Enter");
          await terminal.shows("[ended with");
        },
        { env },
      );
      const { sessions } = JSON.parse((await rig.run(["sessions", "--all", "--json"], { env })).out) as {
        sessions: { name?: string }[];
      };
      expect(sessions.map(({ name }) => name)).toContain("my named session");
    }));

  it("begins with Codex's sessions where there is no own one yet, also with a single one", () =>
    withRig(scenario, async (rig) => {
      const env = { CODEX_HOME: join(rig.folder, "codex") };
      cpSync(join(codexFixture, "../0.130.0-rolled-back"), env.CODEX_HOME, { recursive: true });
      await atTerminal(
        rig,
        ["exec", "resume", "--all", "--here"],
        async (terminal) => {
          await terminal.shows(/› codex: .+/u);
          await terminal.press("Enter");
          await terminal.shows("[ended with");
        },
        { env },
      );
      expect(rig.ids()).toHaveLength(1);
    }));

  it("works in a narrow window, and in one that changes its size", () =>
    withRig(scenario, async (rig) => {
      await sessionsOf(rig);
      const small = { columns: 34, rows: 9 };
      await atTerminal(
        rig,
        ["exec", "resume"],
        async (terminal) => {
          expect(await terminal.shows(/› タイトル/u)).toContain("esc · tab all · ^f text");
          await terminal.resize(100, 30);
          await terminal.shows((screen) => /session +model[^]*› タイトル .* gpt-5\.5/u.test(screen));
          await terminal.resize(34, 9);
          await terminal.shows((screen) => !screen.includes("model") && screen.includes("› タイトル"));
          await terminal.press("Escape");
          expect(await terminal.ended()).toBe(0);
        },
        small,
      );
    }));

  it("lists, and names the command that goes on, where there is one session only", () =>
    withRig(scenario, async (rig) => {
      expect((await rig.run(["exec", "--name", "only", "go"])).status).toBe(0);
      await atTerminal(rig, ["exec", "resume"], async (terminal) => {
        expect(await terminal.ended()).toBe(2);
        const screen = await terminal.screen();
        expect(screen).toContain("Go on with it: throughline resume --last");
        expect(screen).toContain(rig.id());
      });
      const piped = await rig.run(["resume"]);
      expect([piped.status, piped.out.includes(rig.id())]).toEqual([2, true]);
    }));
});
