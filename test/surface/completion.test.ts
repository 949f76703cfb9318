// `completion` of the real program, in each shell that is there: what it offers, and that what it puts on the line is what is meant.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasProgram } from "../kit/has-program.ts";
import { type Rig, withRig } from "../kit/rig.ts";
import { hasTmux, Tmux } from "../kit/tmux.ts";

/** What a shell would carry out, or take apart, if it were not quoted. */
const nasty = 'it\'s: a \\ $(touch pwned) "name"';

const has = (shell: string): boolean => hasProgram(shell, "its completion is not tried");

interface Desk {
  rig: Rig;
  script: string;
  /** With `throughline` on the path. */
  env: Record<string, string>;
  ids: string[];
}

/** Of a session of Codex's. */
const thread = "fedcba98-7654-7210-8000-000000000000";

/** The script of a shell, the program on its path, and two sessions, one of them with the nasty name. */
async function withScript(shell: string, use: (desk: Desk) => Promise<void>): Promise<void> {
  await withRig({}, async (rig) => {
    const printed = await rig.run(["completion", shell]);
    expect(printed.status, printed.err).toBe(0);
    const script = join(rig.folder, `completion.${shell}`);
    writeFileSync(script, printed.out);
    const bin = join(rig.folder, "bin");
    mkdirSync(bin);
    const quoted = rig.command([]).argv.map((word) => `'${word}'`);
    writeFileSync(join(bin, "throughline"), `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n`);
    chmodSync(join(bin, "throughline"), 0o755);
    const env = { ...rig.command([]).env, PATH: [bin, process.env["PATH"]].join(delimiter) } as Record<
      string,
      string
    >;
    for (const name of [nasty, "plain"])
      expect((await rig.run(["exec", "--name", name, "Hello."])).status).toBe(0);
    const rollouts = join(rig.folder, "codex", "sessions", "2026", "11", "20");
    mkdirSync(rollouts, { recursive: true });
    writeFileSync(join(rollouts, `rollout-2026-11-20T20-58-19-${thread}.jsonl`), "");
    await use({ rig, script, env, ids: rig.ids() });
    expect(existsSync(join(rig.workspace, "pwned")), "nothing of a name was carried out").toBe(false);
  });
}

/** What a shell offers for the line, by a function that asks it without a terminal. */
async function expectOffers(
  { ids }: Desk,
  offers: (...words: string[]) => string[],
  named: (offered: string) => string,
): Promise<void> {
  expect(offers("se")).toEqual(["sessions"]);
  expect(offers("sessions", "--s")).toEqual(["--since", "--status", "--search"]);
  expect(offers("sessions", "--status", "idle,ru")).toEqual(["idle,running"]);
  expect(offers("exec", "--approval", "")).toEqual(["ask", "all", "none"]);
  expect(offers("queue", "l")).toEqual(["list"]);
  expect(offers("queue", "list", "--j")).toEqual(["--json"]);
  expect(offers("resume", "some-name", "--from")).toEqual(["--from-step"]);
  expect(offers("show", "pl")).toEqual(["plain"]);
  expect(offers("show", ids[0]!.slice(0, -1))).toEqual([ids[0]]);
  expect(offers("repair", "pl"), "a file, or a session of Codex's: no own one").toEqual([]);
  expect(offers("repair", "fedc")).toEqual([thread]);
  expect(offers("resume", "fedc")).toEqual([thread]);
  expect(offers("show", "it").map(named)).toEqual([nasty]);
  expect(offers("archive", "plain", "pl")).toEqual(["plain"]);
  expect(offers("--cont")).toEqual(["--continue"]);
  expect(offers("nosuch", "x")).toEqual([]);
}

describe("throughline completion", () => {
  it.skipIf(!has("bash"))("completes commands, options, their values and sessions in bash", () =>
    withScript("bash", async (desk) => {
      const { rig, script, env } = desk;
      const ask = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _throughline; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const bash = (...words: string[]): string[] =>
        execFileSync("bash", ["-c", ask, "bash", script, "throughline", ...words], {
          encoding: "utf8",
          env,
          cwd: rig.workspace,
        })
          .split("\n")
          .filter(Boolean);
      const unquoted = (word: string): string =>
        execFileSync("bash", ["-c", `eval "printf %s $1"`, "bash", word], { encoding: "utf8" });
      await expectOffers(desk, bash, unquoted);
      expect(bash("show", '"it'), "within quotes").toEqual([nasty]);
    }),
  );

  it.skipIf(!has("fish"))("completes them in fish", () =>
    withScript("fish", async (desk) => {
      const { rig, script, env } = desk;
      const fish = (...words: string[]): string[] =>
        execFileSync(
          "fish",
          [
            "--no-config",
            "-c",
            "source $argv[1]; complete -C $argv[2]",
            script,
            ["throughline", ...words].join(" "),
          ],
          {
            encoding: "utf8",
            env: { ...env, HOME: rig.folder },
            cwd: rig.workspace,
          },
        )
          .split("\n")
          .filter(Boolean)
          .map((line) => line.split("\t")[0]!);
      // It quotes what it puts on the line by itself.
      await expectOffers(desk, fish, (word) => word);
    }),
  );

  describe.skipIf(!hasTmux)("at a terminal", () => {
    const shells = [
      ["bash", ["bash", "--norc", "--noprofile", "-i"], 'PS1="% "; source'],
      ["zsh", ["zsh", "-f", "-i"], 'PS1="%% "; autoload -Uz compinit; compinit -u -D; source'],
      ["fish", ["fish", "--no-config", "-i"], 'function fish_prompt; echo "% "; end; source'],
    ] as const;
    it.each(shells.filter(([shell]) => has(shell)))(
      "%s puts on the line what is meant",
      (shell, argv, start) =>
        withScript(shell, async ({ rig, script, env }) => {
          const terminal = await Tmux.start(rig, [], {
            argv,
            columns: 120,
            env: { ...env, HOME: rig.folder },
          });
          try {
            await terminal.type(`${start} '${script}'; clear`);
            await terminal.press("Enter");
            await terminal.shows(/^% *$/mu);
            for (const [typed, line] of [
              ["throughline sess", "% throughline sessions"],
              ["--arch", "% throughline sessions --archived"],
            ] as const) {
              await terminal.type(typed);
              await terminal.press("Tab");
              await terminal.shows(line);
            }
            await terminal.press("Enter");
            await terminal.shows("plain");
            await terminal.type("clear; throughline sho");
            await terminal.press("Tab");
            await terminal.shows("throughline show");
            await terminal.type("it");
            await terminal.press("Tab");
            await terminal.shows(/touch\\? pwned/u);
            await terminal.press("Enter");
            const shown = await terminal.shows("next: throughline resume");
            await terminal.type("clear; throughline sessions --status ");
            await terminal.press("Tab", "Tab");
            const values = await terminal.shows("interrupted");
            expect(values, "a value without a description stands alone").not.toMatch(/ --\s*$/mu);
            expect(shown).toContain(`"${nasty}"`);
          } finally {
            await terminal.close();
          }
        }),
    );
  });

  it("names the shells that there are, for another one", () =>
    withRig({}, async (rig) => {
      const other = await rig.run(["completion", "tcsh"]);
      expect([other.status, other.err]).toEqual([2, expect.stringContaining("bash, zsh, fish")]);
    }));
});

it("offers no part of a name that has several lines, as that of an imported session can", () =>
  withRig({}, async (rig) => {
    await rig.run(["exec", "--name", "one", "Hello."]);
    const file = join(rig.folder, "one.jsonl");
    await rig.run(["export", "one", "--format", "throughline", "-o", file]);
    await rig.run(["delete", "one"]);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"name":"one"', '"name":"one\\nrm -rf x"'));
    expect((await rig.run(["import", file])).status).toBe(0);
    const offered = (await rig.run(["completion", "words", "--", "show", ""])).out;
    expect(offered.split("\n").map((line) => line.split("\t")[0])).toEqual([rig.id(), ""]);
  }));
