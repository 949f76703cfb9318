// Commands at a real terminal.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shell, step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux } from "../kit/tmux.ts";

const scenario: ScenarioInput = {
  turn: [
    turn(/./, step(shell("echo ran >> ran.txt"), { say: "I look first." }), step("It says {{last_line}}.")),
  ],
};

/** A command whose first line is out of sight when its last one is asked about. */
const long: ScenarioInput = {
  turn: [turn(/./, step(shell(`echo ran >> ran.txt #${"\n".repeat(60)}ls`)), step("Done."))],
};

describe.skipIf(!hasTmux)("exec at a terminal", () => {
  it("says of a question that is longer than the screen that it begins above", () =>
    withRig(long, (rig) =>
      atTerminal(
        rig,
        ["exec", "go"],
        async (terminal) => {
          const screen = await terminal.shows("[y/N]");
          expect(screen).toMatch(
            /^ {2}ls\nRun a command\? All of it stands above, on 61 lines or so \[y\/N\]/mu,
          );
          await terminal.press("n", "Enter");
          expect(await terminal.ended()).toBe(0);
        },
        { env: { THROUGHLINE_APPROVAL: "ask" } },
      ),
    ));

  it("says nothing of the kind where every row is on the screen, nor of a terminal without a size", () =>
    withRig({ turn: [turn(/./, step(shell(`echo ${"x".repeat(590)}`)), step("Done."))] }, async (rig) => {
      const env = { THROUGHLINE_APPROVAL: "ask" };
      const sizeless = ["sh", "-c", 'stty cols 0 rows 0; exec "$@"', "sh"];
      for (const prefix of [[], sizeless])
        await atTerminal(
          rig,
          ["exec", "go"],
          async (terminal) => {
            expect(await terminal.shows("[y/N]")).toMatch(/^x+\n \[y\/N\]/mu);
            await terminal.press("n", "Enter");
            expect(await terminal.ended()).toBe(0);
          },
          { env, argv: [...prefix, ...rig.command(["exec", "go"], env).argv] },
        );
    }));

  it("asks before a command runs, and takes the answer from the keyboard", () =>
    withRig(scenario, async (rig) => {
      const ask = { env: { THROUGHLINE_APPROVAL: "ask" } };
      await atTerminal(
        rig,
        ["exec", "go"],
        async (terminal) => {
          expect(await terminal.shows("[y/N]"), "why stands above").toMatch(
            /› I look first\.\n[^]*\[y\/N\]/u,
          );
          expect(rig.lines("ran.txt")).toEqual([]);
          await terminal.press("y", "Enter");
          await terminal.shows("It says");
          expect(await terminal.ended()).toBe(0);
          expect(rig.lines("ran.txt")).toEqual(["ran"]);
        },
        ask,
      );
    }));

  it("takes nothing for an answer that was typed before it was asked", () =>
    withRig({ ...scenario, fault: [{ kind: "silent", after: "headers", for: "6s" }] }, (rig) =>
      atTerminal(
        rig,
        ["exec", "go"],
        async (terminal) => {
          await terminal.shows("started");
          await terminal.press("y", "Enter", "y");
          await terminal.shows("[y/N]");
          await new Promise((resolve) => setTimeout(resolve, 500));
          expect(rig.lines("ran.txt")).toEqual([]);
          await terminal.press("y", "Enter");
          await terminal.shows("It says");
          expect(rig.lines("ran.txt")).toEqual(["ran"]);
        },
        { env: { THROUGHLINE_APPROVAL: "ask" } },
      ),
    ));

  it("takes nothing of it on a machine either that is too busy to look at the keyboard in time", () =>
    withRig(scenario, async (rig) => {
      const typed = join(rig.workspace, "typed");
      const program = `
        import { existsSync } from "node:fs";
        import { processTerminal } from ${JSON.stringify(import.meta.resolve("../../src/surface/command/terminal.ts"))};
        while (!existsSync(${JSON.stringify(typed)})) await new Promise((resolve) => setTimeout(resolve, 20));
        const asked = processTerminal(process.env).ask("Run it?", new AbortController().signal);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        console.log("answer:", await asked);`;
      const argv = [process.execPath, "--input-type=module", "--eval", program];
      await atTerminal(
        rig,
        [],
        async (terminal) => {
          await terminal.press("y", "Enter");
          await terminal.shows(/^y$/mu);
          writeFileSync(typed, "");
          await terminal.rests("[y/N]");
          await terminal.press("n", "Enter");
          await terminal.shows("answer: false");
        },
        { argv },
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
