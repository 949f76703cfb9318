// Commands at a real terminal.
import { describe, expect, it } from "vitest";
import { shell, step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux } from "../kit/tmux.ts";

const scenario: ScenarioInput = {
  turn: [turn(/./, step(shell("echo ran >> ran.txt")), step("It says {{last_line}}."))],
};

describe.skipIf(!hasTmux)("exec at a terminal", () => {
  it("asks before a command runs, and takes the answer from the keyboard", () =>
    withRig(scenario, async (rig) => {
      const ask = { env: { THROUGHLINE_APPROVAL: "ask" } };
      await atTerminal(
        rig,
        ["exec", "go"],
        async (terminal) => {
          await terminal.shows("[y/N]");
          expect(rig.lines("ran.txt")).toEqual([]);
          await terminal.press("y", "Enter");
          await terminal.shows("It says");
          expect(await terminal.ended()).toBe(0);
          expect(rig.lines("ran.txt")).toEqual(["ran"]);
        },
        ask,
      );
    }));

  it("takes Ctrl-D for a no, and goes on in a line of its own", () =>
    withRig(scenario, async (rig) => {
      const ask = { env: { THROUGHLINE_APPROVAL: "ask" } };
      await atTerminal(
        rig,
        ["exec", "go"],
        async (terminal) => {
          await terminal.shows("[y/N]");
          await terminal.press("C-d");
          expect(await terminal.ended()).toBe(0);
          expect(await terminal.screen()).toMatch(/\[y\/N\] *\n +Denied: the person said no/u);
          expect(rig.lines("ran.txt")).toEqual([]);
        },
        ask,
      );
    }));
});
