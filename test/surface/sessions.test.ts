// Lists as people read them: real sessions, whole processes.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { type ScenarioInput, shell, step, turn } from "../../src/simulator/server.ts";
import { hasGit } from "../kit/git.ts";
import { type Rig, until, withRig } from "../kit/rig.ts";
import { atTerminal, hasTmux } from "../kit/tmux.ts";

const plain: ScenarioInput = { turn: [turn(/./, step("Done."))] };

/** Lines of the list without the ids, and the last line. */
async function listed(rig: Rig, words: string[] = [], cwd = rig.workspace): Promise<string[]> {
  const { out, status } = await rig.run(["sessions", ...words], { cwd });
  expect(status).toBe(0);
  return out
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^[0-9a-f-]{36} {2}/u, ""));
}

describe("the list of sessions", () => {
  it("says of each how it stands and why, and which filter hides how many", () =>
    withRig(
      {
        turn: [
          turn(/broke/, step("Never said.", { name: "broke" })),
          turn(/hung/, step("Never said.", { name: "hung" })),
          turn(/limited/, step("Never said.", { name: "limited" })),
          turn(/again/, step("Fine again.", { name: "again" })),
          turn(/./, step(shell("true"), { reason: "Thinking." }), step("Done.", { reason: "More." })),
        ],
        fault: [
          { kind: "quota", step: "broke", times: 9 },
          { kind: "rotate-key", step: "again" },
          { kind: "silent", step: "hung", after: "created", for: "170s" },
          { kind: "usage-limit", step: "limited", resets_in: "130m" },
        ],
      },
      async (rig) => {
        await rig.run(["exec", "--name", "plain", "--effort", "low", "go"]);
        await rig.run(["exec", "--name", "healed", "go"]);
        await rig.run(["exec", "resume", "healed", "again"]);
        expect((await rig.run(["exec", "--name", "poor", "broke"])).status).not.toBe(0);
        const hung = rig.start(["exec", "--name", "busy", "hung"]);
        await until(() => hung.said().includes("started"), "the session to be made");
        expect((await rig.run(["exec", "--name", "waits", "limited"])).status).toBe(4);
        const lines = await listed(rig);
        const of = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}  `));
        const facts =
          /^plain +gpt-5\.5\/low · made (?:just now|.* ago), active (?:just now|.* ago) · 2 messages · idle$/u;
        expect(of("plain")).toMatch(facts);
        expect(of("healed")).toMatch(/ · 4 messages · idle, healed 1×$/u);
        expect(of("poor")).toMatch(/ · failed: billing$/u);
        expect(of("busy")).toMatch(new RegExp(` · running \\(pid ${hung.pid}\\)$`, "u"));
        expect(of("waits")).toMatch(/ · limited, resets in 2 h (?:\d|10) m$/u);
        const some = await listed(rig, [
          "--status",
          "failed,limited",
          "--model",
          "5.5",
          "--search",
          "POOR broke",
        ]);
        expect(some.map((line) => line.split("  ")[0])).toEqual([
          "poor",
          "3 hidden by --status failed,limited; 1 hidden by --search POOR broke",
        ]);
        hung.child.kill("SIGKILL");
        await hung.ended;
        expect((await listed(rig, ["--search", "hung"])).at(0)).toMatch(
          /interrupted: the turn was not ended$/u,
        );
      },
    ));

  it("calls what a limit stopped interrupted from its reset on, with the command that goes on now", () =>
    withRig(
      { turn: [turn(/./, step("Never said."))], fault: [{ kind: "usage-limit", resets_in: "1s" }] },
      async (rig) => {
        expect((await rig.run(["exec", "go"])).status).toBe(4);
        const limited = JSON.parse((await rig.run(["sessions", "--json"])).out).sessions[0];
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, limited.until - Date.now())));
        expect((await listed(rig)).at(0)).toMatch(/ · interrupted: limit has reset$/u);
        expect(await listed(rig, ["--status", "limited"])).toEqual([
          "No session fits.",
          "1 hidden by --status limited",
        ]);
        const { sessions } = JSON.parse((await rig.run(["sessions", "--json"])).out);
        expect(sessions).toMatchObject([{ status: "interrupted", reason: "limit has reset" }]);
        expect((await rig.run(["show", "--last"])).out).toMatch(/\nnext: throughline resume \S+\n$/u);
      },
    ));

  it("a session whose log can't be read is known by its name, which stands for its id", () =>
    withRig(plain, async (rig) => {
      await rig.run(["exec", "--name", "fix the slug", "go"]);
      const [{ id }] = JSON.parse((await rig.run(["sessions", "--json"])).out).sessions;
      const [month = ""] = readdirSync(join(rig.home, "sessions"));
      writeFileSync(join(rig.home, "sessions", month, id, "log.jsonl"), "garbage ".repeat(500));
      expect((await listed(rig)).at(0)).toMatch(/^fix the slug {2}damaged: /u);
      expect((await rig.run(["show", "fix the slug"])).out).toContain(`next: put it out of the list`);
      expect((await rig.run(["delete", "fix the slug"])).status).toBe(0);
    }));

  it.skipIf(!hasGit)(
    "holds the sessions of a repository's folders and worktrees together, and purge says which ones it leaves",
    () =>
      withRig(plain, async (rig) => {
        const git = (...words: string[]): void =>
          void execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...words], {
            cwd: rig.workspace,
            stdio: "ignore",
          });
        const [sub, tree, apart] = [
          join(rig.workspace, "sub"),
          join(rig.folder, "tree"),
          join(rig.folder, "apart"),
        ];
        git("init", "-b", "trunk");
        git("commit", "--allow-empty", "-m", "one");
        git("worktree", "add", tree, "-b", "feature");
        for (const path of [sub, apart]) mkdirSync(path);
        for (const [name, cwd] of [
          ["top", rig.workspace],
          ["deep", sub],
          ["other", tree],
          ["strange", apart],
        ] as const)
          expect((await rig.run(["exec", "--name", name, "go"], { cwd })).status).toBe(0);
        const told = async (cwd: string): Promise<string[]> =>
          (await listed(rig, [], cwd)).map((line) =>
            line.replace(/ +gpt.* messages · /u, " · ").replaceAll(rig.folder, "~"),
          );
        const elsewhere = "1 more in other workspaces: throughline sessions --all";
        expect(await told(rig.workspace)).toEqual([
          "other · feature · in worktree ~/tree · idle",
          "deep · trunk · in sub · idle",
          "top · trunk · idle",
          elsewhere,
        ]);
        expect(await told(sub)).toEqual([
          "other · feature · in worktree ~/tree · idle",
          "deep · trunk · idle",
          "top · trunk · in the repository's root · idle",
          elsewhere,
        ]);
        expect(await told(tree)).toEqual([
          "other · feature · idle",
          "deep · trunk · in worktree ~/workspace/sub · idle",
          "top · trunk · in worktree ~/workspace · idle",
          elsewhere,
        ]);
        const purged = await rig.run(["purge", "--yes"], { cwd: sub });
        expect([
          purged.status,
          purged.out.split("\n").filter((line) => line.startsWith("deleted")).length,
        ]).toEqual([0, 2]);
        expect(purged.err).toContain(
          `it is of another worktree of this repository, ${tree}; delete it with: throughline delete ${rig.ids()[0]}`,
        );
        expect(await told(sub)).toEqual(["other · feature · in worktree ~/tree · idle", elsewhere]);
      }),
  );

  it("gives resume --last the newest of this workspace, and with --all the newest of any, which still belongs to its own", () =>
    withRig(plain, async (rig) => {
      const apart = join(rig.folder, "apart");
      mkdirSync(apart);
      await rig.run(["exec", "--name", "here", "one"]);
      await rig.run(["exec", "--name", "there", "two"], { cwd: apart });
      const resumed = async (...words: string[]): Promise<string> =>
        (await rig.run(["resume", "--last", ...words, "more"])).err;
      expect(await resumed()).toContain('"here" resumed');
      await rig.run(["resume", "there", "more"], { cwd: apart });
      expect(await resumed("--all")).toMatch(/belongs to .*apart, not to .*--here/u);
      expect(await resumed("--all", "--here")).toMatch(
        /"there" resumed\n· the session moves from .*apart to/u,
      );
    }));

  it("prints what sessions say safely, in lines of a bounded width", () =>
    withRig(
      { turn: [turn(/./, step(`\u001b]0;pwned\u0007\u001b[2Jsaid \u202eturned ${"w".repeat(1_000_000)}`))] },
      async (rig) => {
        const prompts = [
          "\u001b[31mred\u001b[0m \u202etfel\u202c \u001b]8;;http://x\u0007link\u001b]8;;\u0007 \u009b2J end",
          "👩‍👩‍👧 e\u0301 日本語のタイトル \u200f\u2067x",
          `long ${"y".repeat(100_000)}`,
        ];
        for (const prompt of prompts) expect((await rig.run(["exec", prompt])).status).toBe(0);
        const lines = await listed(rig);
        expect(lines).toHaveLength(3);
        for (const line of lines) expect(stringWidth(line)).toBeLessThan(200);
        const plan = (await rig.run(["purge", "--dry-run"])).out.split("\n").slice(0, 3);
        for (const list of [lines, plan]) {
          const columns = list.map((line) => stringWidth(line.slice(0, line.indexOf("  gpt-5.5 ·"))));
          expect(new Set(columns).size).toBe(1);
        }
        const shown = await rig.run(["show", "--last"]);
        const found = await rig.run(["sessions", "--search", "\u001b[2J\u202e"]);
        const piped = await rig.run(["resume"]);
        for (const text of [...lines, shown.out, shown.err, found.out, piped.out, piped.err])
          expect(text).not.toMatch(/[^\P{Cc}\t\n]|[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/u);
        expect(lines.join("\n")).toContain("red tfel link");
        expect(lines.join("\n")).toContain("👩‍👩‍👧 e\u0301 日本語のタイトル x");
        // Programs get what was said as it was said, in JSON's own escapes.
        const json = await rig.run(["sessions", "--json"]);
        expect(json.out).not.toMatch(/\u001b/u);
        const titles = (JSON.parse(json.out) as { sessions: { title: string }[] }).sessions.map(
          ({ title }) => title,
        );
        expect(titles.join()).toContain("日本語");
      },
    ));

  it.skipIf(!hasTmux)(
    "breaks a line between what it tells, or between words, where a terminal is narrower; so does the help",
    () =>
      withRig(plain, async (rig) => {
        for (const prompt of [
          "short",
          `日本語 ${"words ".repeat(12)}`,
          `日本語${"語".repeat(12)} ${"words ".repeat(12)}`,
        ])
          expect((await rig.run(["exec", prompt])).status).toBe(0);
        for (const columns of [80, 60]) {
          await atTerminal(
            rig,
            ["sessions"],
            async (terminal) => {
              expect(await terminal.ended()).toBe(0);
              const screen = await terminal.screen();
              expect(screen).toMatch(/^[0-9a-f-]{36} {2}short(?: {2}gpt-5\.5 ·.*)?\n {4}\S/mu);
              expect(screen.match(/^(?:[0-9a-f-]{36}(?: {2}\S.*)?| {4}\S.*|\[ended.*)$/gmu)).toHaveLength(
                screen.trimEnd().split("\n").length,
              );
              expect(screen).toMatch(/(?:^ {4}|· )idle$/mu);
            },
            { columns },
          );
        }
        await atTerminal(
          rig,
          ["sessions", "--help"],
          async (terminal) => {
            expect(await terminal.ended()).toBe(0);
            expect(await terminal.screen()).toMatch(/^ {2}--codex {12}.*\n {21}\S/mu);
          },
          { columns: 60, rows: 40 },
        );
      }),
  );
});
