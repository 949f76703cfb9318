// The terminal interface at a real terminal: what is changed in the session that is open, here and elsewhere.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type ScenarioInput, step, turn } from "../../src/simulator/server.ts";
import { moveOwnerAway } from "../kit/other-host.ts";
import { withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux, type Tmux } from "../kit/tmux.ts";

const echo: ScenarioInput = { turn: [turn(/./, step("You said: {{prompt}}"))] };

async function enter(terminal: Tmux, line: string): Promise<void> {
  await terminal.type(line);
  await terminal.press("Enter");
}

const answered = (terminal: Tmux, prompt: string): Promise<string> =>
  terminal.shows((screen) => screen.includes(`You said: ${prompt}`) && /^ready/mu.test(screen));

describe.skipIf(!hasTmux)("a session that is open", () => {
  it("shows what another terminal says in it, and what it is called there, before anything is said here", () =>
    withRig(echo, (rig) =>
      atTerminal(rig, ["from here"], async (here) => {
        await answered(here, "from here");
        await atTerminal(rig, ["resume", rig.id()], async (there) => {
          await answered(there, "from here");
          await enter(there, "from there");
          await answered(there, "from there");
          const told = await answered(here, "from there");
          expect(told).toMatch(/meanwhile, in another process:\n\n› from there\n/u);
          expect((await rig.run(["name", rig.id(), "two-desks"])).status).toBe(0);
          for (const terminal of [here, there]) await terminal.shows(/^ready · .*two-desks$/mu);
          await enter(here, "/clear");
          await there.shows("the session was cleared by another process");
        });
      }),
    ));

  it("says once, and not at every look, what keeps it from being looked at", () =>
    withRig(echo, (rig) =>
      atTerminal(rig, ["hello"], async (terminal) => {
        await answered(terminal, "hello");
        const inbox = join(rig.sessionFolder(rig.id()), "inbox");
        rmSync(inbox, { recursive: true, force: true });
        writeFileSync(inbox, "");
        const trouble = "a part of its path";
        await terminal.shows(trouble);
        // Three looks more.
        await pause(3_000);
        expect((await terminal.screen()).split(trouble)).toHaveLength(2);
      }),
    ));

  it("says that it watches an owner out of sight, and leaves nothing of an earlier drawing", () =>
    withRig(echo, (rig) =>
      atTerminal(rig, ["hello"], async (terminal) => {
        await answered(terminal, "hello");
        moveOwnerAway(rig, rig.id());
        await enter(terminal, "again");
        await terminal.shows(/^· held by process \d+ on elsewhere/mu);
        const waiting = await terminal.shows(/working [3-9] s/u);
        expect(waiting.match(/working \d+ s/gu)).toHaveLength(1);
        const began = performance.now();
        await terminal.press("Escape");
        await terminal.shows(/^failed|^interrupted|^ready|works in it/mu);
        expect(performance.now() - began, "Esc ends the wait").toBeLessThan(15_000);
      }),
    ));

  it("calls off a wait that somebody else's clear makes pointless", () =>
    withRig({ ...echo, fault: [{ kind: "usage-limit", request: 1, resets_in: "9s" }] }, (rig) =>
      atTerminal(rig, ["hello"], async (terminal) => {
        await terminal.shows(/limited, resets in \d s/u);
        await enter(terminal, "/wait");
        await terminal.shows(/goes on by itself in \d s/u);
        expect((await rig.run(["clear", rig.id()])).status).toBe(0);
        const cleared = await terminal.shows(/^ready/mu);
        expect(cleared).not.toContain("by itself");
        await new Promise((resolve) => setTimeout(resolve, 9_500));
        expect(rig.simulator.requests).toHaveLength(1);
      }),
    ));

  it("meets a fault of its scenario as often as that says, not anew with each turn", () =>
    withRig(echo, (rig) => {
      const file = join(rig.folder, "limit.toml");
      const fault = '[[fault]]\nkind = "usage-limit"\nrequest = 1\nresets_in = "2s"\n';
      writeFileSync(file, `[[turn]]\n[[turn.step]]\nsay = "It is over."\n${fault}`);
      return atTerminal(rig, ["--provider", "simulator", "--scenario", file, "hello"], async (terminal) => {
        await terminal.shows("usage limit is reached");
        await enter(terminal, "/wait");
        await terminal.shows("It is over.");
      });
    }));

  it("asks another model from the next turn on, and a new session the usual one again", () =>
    withRig(echo, (rig) =>
      atTerminal(rig, ["one"], async (terminal) => {
        const usual = /^ready · (\S+) /mu.exec(await answered(terminal, "one"))![1]!;
        await enter(terminal, "/model gpt-5.5-mini/low");
        await terminal.shows("the model is gpt-5.5-mini/low");
        await enter(terminal, "two");
        await answered(terminal, "two");
        await enter(terminal, "/new");
        await terminal.shows(`ready · ${usual} · new session`);
        await enter(terminal, "three");
        await answered(terminal, "three");
        expect(rig.simulator.requests.map(({ body }) => body)).toMatchObject([
          { model: usual },
          { model: "gpt-5.5-mini", reasoning: { effort: "low" } },
          { model: usual },
        ]);
      }),
    ));

  it("goes back to an earlier step and takes an instruction, and says what it doesn't know", () =>
    withRig(echo, (rig) =>
      atTerminal(rig, ["one"], async (terminal) => {
        await answered(terminal, "one");
        for (const prompt of ["two", "three"]) {
          await enter(terminal, prompt);
          await answered(terminal, prompt);
        }
        await enter(terminal, "/resume --from-step 1 --amend 'Mind the gap.'");
        await terminal.shows(
          /went back to the end of step 1; 2 later steps stay in the log[^]*\n› one\n\nYou said: one\n\n/u,
        );
        await enter(terminal, "another");
        await answered(terminal, "another");
        const last = rig.simulator.requests.at(-1)!;
        expect(last.body).toMatchObject({ instructions: expect.stringContaining("Mind the gap.") });
        expect(JSON.stringify(last.body?.["input"])).not.toContain("two");
        await enter(terminal, "/resume --nothing");
        await terminal.shows("There is no option --nothing here.");
      }),
    ));
});
