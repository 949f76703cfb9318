// The terminal interface at a real terminal: turns, and whatever ends them.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { patch, shell, step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { until, withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux } from "../kit/tmux.ts";

/** Nothing moves on the screen while it rests. */
const isAtRest = (screen: string): boolean => !/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/u.test(screen);

describe.skipIf(!hasTmux)("a turn in the terminal interface", () => {
  it("asks, folds its calls, shows patches and Markdown, and goes on in the same session", () => {
    const scenario: ScenarioInput = {
      turn: [
        turn(
          /first/,
          step(shell("echo ran >> ran.txt; exit 3")),
          step(patch("*** Begin Patch\n*** Add File: new.txt\n+one line\n*** End Patch")),
          step("# Done\n\nIt ran **once**:\n\n- exit 3"),
        ),
        turn(/second/, step("And the second.")),
      ],
    };
    return withRig(scenario, async (rig) => {
      await atTerminal(
        rig,
        ["first", "--name", "told"],
        async (terminal) => {
          await terminal.shows("y yes · n no (Esc)");
          expect(rig.lines("ran.txt")).toEqual([]);
          await terminal.press("y");
          const asked = await terminal.shows("Change 1 file?");
          expect(asked).toMatch(/^ {2}add new\.txt\n {2}\+one line$/mu);
          await terminal.shows("y yes · n no (Esc)");
          await terminal.press("a");
          const done = await terminal.shows((screen) => screen.includes("• exit 3") && isAtRest(screen));
          expect(done).toMatch(/^\$ echo ran >> ran\.txt; exit 3 {2}exit 3, \d\.\d s$/mu);
          expect(done).toMatch(/^\$ apply_patch new\.txt {2}ok/mu);
          expect(done).toMatch(/^ {2}add new\.txt\n {2}\+one line$/mu);
          expect(done).toMatch(/^It ran once:$/mu);
          expect(done).toMatch(/^ready · .* · told$/mu);
          await terminal.type("second");
          await terminal.press("Enter");
          await terminal.shows((screen) => screen.includes("And the second.") && isAtRest(screen));
          await terminal.press("C-c", "C-c");
          expect(await terminal.ended()).toBe(0);
          expect(await terminal.screen()).toContain(`throughline resume ${rig.id()}`);
        },
        { env: { THROUGHLINE_APPROVAL: "ask" } },
      );
      expect(rig.lines("ran.txt")).toEqual(["ran"]);
      await atTerminal(rig, ["resume", "told"], async (terminal) => {
        const opened = await terminal.shows("ready");
        expect(opened).toContain("› first");
        expect(opened).toMatch(/^\$ echo ran >> ran\.txt; exit 3 {2}exit 3, \d\.\d s$/mu);
        expect(opened).toContain("And the second.");
        await terminal.press("C-d");
        expect(await terminal.ended()).toBe(0);
      });
    });
  });

  it("is stopped by Esc, which leaves no spinner; Enter goes on, and the command did not run again", () => {
    const scenario: ScenarioInput = {
      turn: [turn(/./, step(shell("echo begun >> ran.txt; sleep 30")), step("It was {{last_line}}"))],
    };
    return withRig(scenario, (rig) =>
      atTerminal(rig, ["go"], async (terminal) => {
        await until(() => rig.lines("ran.txt").length === 1, "the command");
        await terminal.press("Escape");
        const stopped = await terminal.shows("interrupted, Enter goes on");
        expect(isAtRest(stopped)).toBe(true);
        expect(stopped).toMatch(/cancelled/u);
        await terminal.press("Enter");
        await terminal.shows((screen) => screen.includes("It was") && isAtRest(screen));
        expect(rig.lines("ran.txt")).toEqual(["begun"]);
      }),
    );
  });

  it("queues what is typed while it works, and delivers it in order", () => {
    const scenario: ScenarioInput = {
      turn: [
        turn(/go/, step(shell("until test -e go-on; do sleep 0.1; done")), step("First done.")),
        turn(/./, step("Answer to {{prompt}}")),
      ],
    };
    return withRig(scenario, (rig) =>
      atTerminal(rig, ["go"], async (terminal) => {
        await terminal.shows("$ until test");
        await terminal.type("next one");
        await terminal.press("Enter");
        await terminal.shows("» next: next one");
        await terminal.type("/queue next two");
        await terminal.press("Enter");
        await terminal.shows("2 follow-ups waiting");
        expect((await rig.run(["queue", rig.id(), "from elsewhere"])).status).toBe(0);
        await terminal.shows("3 follow-ups waiting");
        writeFileSync(join(rig.workspace, "go-on"), "");
        const done = await terminal.shows(
          (screen) => screen.includes("Answer to from elsewhere") && isAtRest(screen),
        );
        const at = [
          "First done.",
          "Answer to next one",
          "Answer to next two",
          "Answer to from elsewhere",
        ].map((text) => done.indexOf(text));
        expect(at.toSorted((left, right) => left - right)).toEqual(at);
        expect(at).not.toContain(-1);
        expect(done).not.toMatch(/follow-ups? waiting/u);
        await terminal.shows("ready");
        await rig.run(["queue", rig.id(), "while it rests"]);
        await terminal.shows((screen) => screen.includes("Answer to while it rests") && isAtRest(screen));
      }),
    );
  });

  it("fails with its reason and without a spinner, and the next message goes through", () => {
    const scenario: ScenarioInput = {
      turn: [turn(/./, step("Fine now."))],
      fault: [{ kind: "quota", request: 1 }],
    };
    return withRig(scenario, (rig) =>
      atTerminal(rig, ["hello"], async (terminal) => {
        const failed = await terminal.rests("failed, Enter goes on");
        expect(isAtRest(failed)).toBe(true);
        expect(failed).toMatch(/! .*billing/su);
        await terminal.press("Enter");
        await terminal.shows((screen) => screen.includes("Fine now.") && screen.includes("ready"));
      }),
    );
  });

  it("counts down to a limit's end and goes on by itself when told to; /clear calls that off", () => {
    const scenario: ScenarioInput = {
      turn: [turn(/./, step("After the limit."))],
      fault: [
        { kind: "usage-limit", request: 1, resets_in: "9s" },
        { kind: "usage-limit", request: 3, resets_in: "2h" },
      ],
    };
    return withRig(scenario, (rig) =>
      atTerminal(rig, ["hello"], async (terminal) => {
        await terminal.shows(/limited, resets in \d s/u);
        await terminal.type("/wait");
        await terminal.press("Enter");
        await terminal.shows(/goes on by itself in \d s/u);
        await terminal.shows((screen) => screen.includes("After the limit.") && isAtRest(screen));
        await terminal.type("again");
        await terminal.press("Enter");
        await terminal.shows(/limited, resets in 1 h 59 m|limited, resets in 2 h/u);
        for (const key of ["Escape", "no key"]) {
          await terminal.type("/wait");
          await terminal.press("Enter");
          await terminal.shows(/goes on by itself in/u);
          if (key === "no key") break;
          await terminal.press(key);
          await terminal.shows((screen) => !/goes on by itself in/u.test(screen));
        }
        await terminal.type("/clear");
        await terminal.press("Enter");
        const cleared = await terminal.shows(
          (screen) => screen.includes("is cleared") && screen.includes("ready"),
        );
        expect(cleared).not.toContain("by itself");
        const asked = rig.simulator.requests.length;
        await terminal.press("Enter");
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(rig.simulator.requests.length).toBe(asked);
      }),
    );
  });

  it("says who works in the session, and gives the message back", () => {
    const scenario: ScenarioInput = {
      turn: [
        turn(/first/, step("Begun.")),
        turn(/elsewhere/, step(shell("touch there; until test -e go-on; do sleep 0.1; done")), step("Done.")),
        turn(/./, step("You said: {{prompt}}")),
      ],
    };
    return withRig(scenario, (rig) =>
      atTerminal(rig, ["first"], async (terminal) => {
        await terminal.shows((screen) => screen.includes("Begun.") && screen.includes("ready"));
        const other = rig.start(["exec", "resume", rig.id(), "elsewhere"]);
        await until(() => existsSync(join(rig.workspace, "there")), "the other process");
        await terminal.type("my message");
        await terminal.press("Enter");
        const refused = await terminal.shows(/in use by process/u);
        expect(refused).toContain(String(other.pid));
        await terminal.shows(`› my message\npid ${other.pid} works in it`);
        writeFileSync(join(rig.workspace, "go-on"), "");
        await other.ended;
        await terminal.press("Enter");
        await terminal.shows((screen) => screen.includes("You said: my message") && isAtRest(screen));
      }),
    );
  });

  it("tells a rotated key in one line, and goes on", () => {
    const scenario: ScenarioInput = {
      seal: { age: "24d" },
      turn: [turn(/./, step("Answered.", { reason: "Thinking." }))],
      fault: [{ kind: "rotate-key", request: 2 }],
    };
    return withRig(scenario, (rig) =>
      atTerminal(rig, ["one"], async (terminal) => {
        await terminal.shows((screen) => screen.includes("Answered.") && isAtRest(screen));
        await terminal.type("two");
        await terminal.press("Enter");
        const healed = await terminal.shows(
          (screen) => screen.split("Answered.").length === 3 && isAtRest(screen),
        );
        expect(healed.match(/reasoning sealed 24 days ago could not be\s+decrypted/gu)).toHaveLength(1);
        expect(rig.simulator.requests).toHaveLength(3);
      }),
    );
  });
});
