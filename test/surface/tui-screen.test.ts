// The terminal interface at a real terminal: typing, and screens of every size.
import { describe, expect, it } from "vitest";
import { step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux } from "../kit/tmux.ts";

const echo: ScenarioInput = { turn: [turn(/./, step("You said: {{prompt}}"))] };

/** The last text that the model was told. */
const promptOf = (request: unknown): string | undefined =>
  [...JSON.stringify(request).matchAll(/"input_text","text":("(?:[^"\\]|\\.)*")/gu)]
    .map(([, text]) => JSON.parse(text ?? '""') as string)
    .at(-1);

describe.skipIf(!hasTmux)("the screen of the terminal interface", () => {
  it("takes pasted lines as one message, edits as a shell does, and brings messages back", () =>
    withRig(echo, (rig) =>
      atTerminal(rig, [], async (terminal) => {
        await terminal.shows("type a message");
        await terminal.paste("pasted one\npasted two\n\x1b[31mthree");
        await terminal.shows("pasted two");
        expect(rig.simulator.requests).toHaveLength(0);
        await terminal.press("M-Enter");
        await terminal.type("fuor wird");
        await terminal.press("C-w");
        await terminal.type("words");
        await terminal.press("Home", "Right", "Right", "BSpace", "Right", "M-f", "M-f", "End");
        // An Enter with text behind it in one piece would count as pasted.
        await terminal.type("\\");
        await terminal.shows("for words\\");
        await terminal.press("Enter");
        await terminal.shows((screen) => !screen.includes("for words\\"));
        await terminal.type("five");
        await terminal.shows("five");
        await terminal.press("Enter");
        await terminal.shows("You said: pasted one");
        const [request] = rig.simulator.requests;
        expect(promptOf(request)).toBe("pasted one\npasted two\nthree\nfor words\nfive");
        await terminal.shows("ready");
        await terminal.type("draft");
        await terminal.press("Home", "Up");
        await terminal.shows(/^› pasted one\n {2}pasted two/mu);
        await terminal.press("Down", "Down", "Down", "Down", "Down");
        await terminal.shows(/^› draft$/mu);
      }),
    ));

  it("says at once that nothing can be asked without a key", () =>
    withRig(echo, (rig) =>
      atTerminal(
        rig,
        ["--provider", "anthropic"],
        async (terminal) => void (await terminal.shows('Provider "anthropic" needs a key')),
        { env: { ANTHROPIC_API_KEY: "", ANTHROPIC_BASE_URL: "" } },
      ),
    ));

  it("completes commands from their table, refuses what is none, and sends a path as a message", () =>
    withRig(echo, (rig) =>
      atTerminal(rig, [], async (terminal) => {
        await terminal.shows("type a message");
        await terminal.type("/na");
        await terminal.shows(/▸ \/name <name>/u);
        await terminal.press("Escape", "C-u");
        await terminal.type("/nothing");
        await terminal.press("Enter");
        await terminal.shows("There is no command /nothing");
        await terminal.press("C-u");
        await terminal.type("/etc/hosts is what?");
        await terminal.press("Enter");
        await terminal.shows("You said: /etc/hosts is what?");
        await terminal.shows("ready");
        await terminal.type("/na");
        await terminal.press("Tab");
        await terminal.type("a good name");
        await terminal.press("Enter");
        await terminal.shows(/^ready .*· a good name$/mu);
        await terminal.type("/fork");
        await terminal.press("Enter");
        await terminal.shows("now in session");
        expect(rig.ids()).toHaveLength(2);
      }),
    ));

  it("goes to a session that is picked, or named, and shows how it ended", () =>
    withRig(echo, async (rig) => {
      for (const name of ["one", "two"]) await rig.run(["exec", "--name", name, `message ${name}`]);
      await atTerminal(rig, [], async (terminal) => {
        await terminal.shows("2 sessions in this workspace");
        await terminal.type("/resume");
        await terminal.press("Enter");
        await terminal.shows("type to search");
        await terminal.press("Enter");
        // The picker shows what was said last, too.
        await terminal.shows(/^Session [0-9a-f-]+: two$/mu);
        await terminal.shows("You said: message two");
        await terminal.type("/resume one");
        await terminal.press("Enter");
        await terminal.shows("You said: message one");
        await terminal.type("go on");
        await terminal.press("Enter");
        await terminal.shows("You said: go on");
        expect(await terminal.shows("ready")).toMatch(/· one$/mu);
      });
    }));

  it("fits a narrow window and wide characters, and outgrows no screen when it is resized", () => {
    const long = Array.from(
      { length: 60 },
      (_, at) => `- 日本語の行 number ${at} with words that have to be wrapped`,
    );
    const scenario: ScenarioInput = {
      turn: [turn(/long/, step(long.join("\n"))), turn(/./, step("You said: {{prompt}}"))],
      stream: { delta_every: "60ms", delta_size: 40 },
    };
    return withRig(scenario, (rig) =>
      atTerminal(
        rig,
        ["long"],
        async (terminal) => {
          await terminal.shows(/number \d /u);
          await terminal.resize(60, 10);
          await terminal.shows((screen) => /number [2-5]\d/u.test(screen) && screen.includes("working"));
          await terminal.resize(40, 12);
          await terminal.shows((screen) => screen.includes("number 59") && screen.includes("ready"));
          const all = await terminal.screen({ scrollback: true });
          for (const at of [0, 30, 59]) expect(all).toContain(`number ${at} `);
          expect(all.split("\n").every((line) => [...line].length <= 40)).toBe(true);
          await terminal.type("漢字かな");
          await terminal.shows("› 漢字かな");
          await expect.poll(async () => (await terminal.cursor())[0]).toBe(2 + 8);
          await terminal.press("Left", "BSpace", "Enter");
          await terminal.shows("You said: 漢字な");
          await terminal.resize(80, 24);
          await terminal.shows("ready");
        },
        { columns: 40, rows: 12 },
      ),
    );
  });

  it(
    "leaves nothing of what it has drawn above it when the window becomes narrower, at once or as its edge is dragged",
    // What is drawn between the terminal's first wrapping and the word of it, nobody can know of: on a busy machine that happens.
    { retry: 2 },
    () => {
      const paragraphs = Array.from(
        { length: 24 },
        (_, at) => `Paragraph ${at}: ${"some words ".repeat(14)}`,
      );
      const code = Array.from({ length: 24 }, (_, at) => `const line_${at} = "${"x".repeat(70)}";`);
      const scenario: ScenarioInput = {
        turn: [
          turn(/text/, step(paragraphs.join("\n\n"))),
          turn(/code/, step(`\`\`\`js\n${code.join("\n")}\n\`\`\``)),
        ],
        stream: { delta_every: "30ms", delta_size: 30 },
      };
      return withRig(scenario, (rig) =>
        atTerminal(
          rig,
          ["text"],
          async (terminal) => {
            for (const [prompt, line] of [
              ["text", "Paragraph"],
              ["code", "line_"],
            ] as const) {
              if (prompt === "code") {
                await terminal.type("code");
                await terminal.press("Enter");
              }
              await terminal.shows(new RegExp(`${line} ?9\\b`, "u"));
              await terminal.resize(90, 20);
              await terminal.shows(new RegExp(`${line} ?12\\b`, "u"));
              for (let columns = 85; columns >= 60; columns -= 5) {
                await terminal.resize(columns, 20);
                await new Promise((resolve) => setTimeout(resolve, 40));
              }
              await terminal.shows(new RegExp(`${line} ?14\\b`, "u"));
              await terminal.resize(45, 16);
              await terminal.shows(new RegExp(`${line} ?23\\b[^]*^ready`, "mu"));
              const all = await terminal.screen({ scrollback: true });
              for (let at = 0; at < 24; at++)
                expect(all.match(new RegExp(`${line} ?${at}\\b`, "gu")), `${line} ${at}`).toHaveLength(1);
              expect(all).not.toMatch(/working|type what comes next/u);
              await terminal.resize(100, 30);
              await terminal.shows(/^ready/mu);
            }
          },
          { columns: 100, rows: 30 },
        ),
      );
    },
  );

  it("has colours where they are wanted, and none with NO_COLOR", () =>
    withRig({ turn: [turn(/./, step("**strong** and `code`"))] }, async (rig) => {
      for (const [noColour, isPlain] of [
        ["1", true],
        ["", false],
      ] as const) {
        await atTerminal(
          rig,
          ["hello"],
          async (terminal) => {
            await terminal.shows("strong and code");
            await terminal.shows("ready");
            const screen = await terminal.screen({ styles: true });
            expect(screen.includes("\x1b["), `NO_COLOR=${noColour}`).toBe(!isPlain);
          },
          { env: { NO_COLOR: noColour } },
        );
      }
    }));

  it("needs a terminal, and says what works without one", () =>
    withRig(echo, async (rig) => {
      const refused = await rig.run(["make the tests pass"]);
      expect(refused.status).toBe(2);
      expect(refused.err).toContain("needs a terminal");
      expect(refused.err).toContain("throughline exec");
      expect((await rig.run(["sesions"])).err).toContain("Did you mean");
      expect(rig.simulator.requests).toHaveLength(0);
    }));
});
