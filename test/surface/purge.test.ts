// The commands `delete` and `purge` of the real program: after them no byte of the sessions is left under the home.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { quoted } from "../../src/lib/words.ts";
import { shell, step, turn, type ScenarioInput } from "../../src/simulator/server.ts";
import { hasGit } from "../kit/git.ts";
import { plant, planting } from "../kit/planted.ts";
import { type Rig, until, withRig } from "../kit/rig.ts";
import { filesWith } from "../kit/secret.ts";
import { atTerminal, hasTmux } from "../kit/tmux.ts";

const childProgram = fileURLToPath(new URL("../kit/session-child.ts", import.meta.url));
const secret = "pl4ntedsecret";
const scenario: ScenarioInput = {
  turn: [
    turn(/tool/, step(shell(`echo ${secret}`)), step(`It printed ${secret}.`)),
    turn(/./, step(`Heard ${secret}.`)),
  ],
};

interface Purged {
  dryRun: boolean;
  deleted: { session: string }[];
  wouldDelete: { session: string }[];
  left: { session: string; why: string; class?: string }[];
  troubles: string[];
}

async function purge(rig: Rig, ...words: string[]): Promise<Purged & { status: number | null }> {
  const { out, err, status } = await rig.run([...words, "--json"]);
  if (out === "") throw new Error(err);
  return { status, ...(JSON.parse(out) as Purged) };
}

const remaining = (rig: Rig): string[] => filesWith(rig.home, secret);

describe("throughline purge", () => {
  it("leaves no byte of a healthy, an archived, a foreign and a headless session, nor of what was queued and set aside", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", `use the tool ${secret}`]);
      const first = rig.id();
      await rig.run(["queue", first, `later ${secret}`]);
      await rig.run(["name", first, secret]);
      appendFileSync(join(rig.sessionFolder(first), "log.jsonl"), `torn ${secret}`);
      await rig.run(["archive", first]);
      for (const text of [`one ${secret}`, `two ${secret}`]) await rig.run(["exec", text]);
      const [, second, third] = rig.ids();
      writeFileSync(join(rig.sessionFolder(second!), "log.jsonl"), `foreign ${secret}\n`);
      rmSync(join(rig.sessionFolder(third!), "log.jsonl"));
      writeFileSync(join(rig.home, "catalog.sqlite.unusable"), secret);
      expect(existsSync(join(rig.sessionFolder(first), "log.torn"))).toBe(true);

      const dry = await purge(rig, "purge", "--all");
      expect(dry).toMatchObject({ dryRun: true, status: 0 });
      expect(dry.wouldDelete.map(({ session }) => session).sort()).toEqual(rig.ids());
      expect(rig.ids()).toHaveLength(3);

      const own = await purge(rig, "purge", "--yes");
      expect(own.deleted.map(({ session }) => session)).toEqual([first]);
      expect(own.left.map(({ session }) => session).sort()).toEqual([second, third]);
      expect(own.left[0]!.why).toContain("nobody knows where it belongs");

      const all = await purge(rig, "purge", "--all", "--yes");
      expect(all).toMatchObject({ status: 0, left: [], troubles: [] });
      expect(rig.ids()).toEqual([]);
      expect(remaining(rig)).toEqual([]);
    }));

  it("names the copies that a tool which syncs folders has made, and how they are removed", () =>
    withRig(scenario, async (rig) => {
      for (const text of ["one", "two"]) await rig.run(["exec", `${text} ${secret}`]);
      const [first = "", second = ""] = rig.ids();
      const folder = dirname(rig.sessionFolder(first));
      const copies = [
        `${folder} (conflicted copy)`,
        join(rig.home, "catalog.sync-conflict-1.sqlite"),
        join(folder, `${first} (conflicted copy)`),
      ];
      cpSync(folder, copies[0]!, { recursive: true });
      cpSync(join(rig.home, "catalog.sqlite"), copies[1]!);
      cpSync(rig.sessionFolder(first), copies[2]!, { recursive: true });
      writeFileSync(join(rig.home, "sessions", ".DS_Store"), "");
      const leftOf = async (...words: string[]): Promise<string[]> =>
        (await purge(rig, ...words)).left.map(({ session }) => session).sort();
      // What else a copy of a month holds may be nowhere else: only the session's own is named.
      const deleted = await purge(rig, "delete", second);
      expect(deleted.left.map(({ session }) => session).sort()).toEqual(
        [join(copies[0]!, second), copies[1]!].sort(),
      );
      expect(deleted.left.find(({ session }) => session === copies[1])?.why).not.toContain("rm -r");
      expect(await leftOf("purge", "--all", "--dry-run")).toEqual([...copies].sort());
      const purged = await purge(rig, "purge", "--all", "--yes");
      expect([purged.status, purged.left.map(({ session }) => session).sort()]).toEqual([
        0,
        [...copies].sort(),
      ]);
      for (const { session, why } of purged.left) expect(why).toContain(`rm -r ${quoted(session)}`);
      for (const copy of copies) rmSync(copy, { recursive: true });
      expect(remaining(rig)).toEqual([]);
      expect(await leftOf("purge", "--all", "--yes")).toEqual([]);
    }));

  it("takes the sessions of this workspace that have been at rest for so long, and no others", () =>
    withRig(scenario, async (rig) => {
      const other = join(rig.folder, "other");
      mkdirSync(other);
      await rig.run(["exec", "here"]);
      await rig.run(["exec", "there"], { cwd: other });
      const [here, there] = rig.ids();
      expect((await purge(rig, "purge", "--older-than", "1h", "--yes")).deleted).toEqual([]);
      const none = await rig.run(["purge", "--older-than", "1h", "--dry-run"]);
      expect(none.out, "and no way to do nothing").toBe("There is no session to delete.\n");
      expect((await rig.run(["purge", "--older-than", "soon"])).status).toBe(2);
      expect((await rig.run(["purge", here!, "--all", "--yes"])).status).toBe(2);
      expect((await purge(rig, "purge", "--older-than", "0d")).wouldDelete).toMatchObject([
        { session: here },
      ]);
      expect((await rig.run(["purge"])).out).toMatch(/To do it: the same with --yes\n$/u);
      expect((await rig.run(["purge", "--dry-run"])).out, "with both, nothing is deleted").toMatch(
        /To do it: the same with --yes in place of --dry-run\n$/u,
      );
      expect((await purge(rig, "purge", "--yes")).deleted).toMatchObject([{ session: here }]);
      expect(rig.ids()).toEqual([there]);
    }));

  it("leaves the sessions of a folder above, which are other folders' too, and says so", () =>
    withRig(scenario, async (rig) => {
      const below = join(rig.workspace, "below");
      mkdirSync(below);
      await rig.run(["exec", "above"]);
      await rig.run(["exec", "here"], { cwd: below });
      const [above, here] = rig.ids();
      const { out } = await rig.run(["purge", "--yes", "--json"], { cwd: below });
      expect(JSON.parse(out)).toMatchObject({
        deleted: [{ session: here }],
        left: [{ session: above, why: expect.stringContaining("a folder above this one") }],
      });
      expect((await purge(rig, "purge", "--yes")).deleted).toMatchObject([{ session: above }]);
    }));

  it.skipIf(!hasGit)("leaves those of a repository around this one, and names them as that", () =>
    withRig(scenario, async (rig) => {
      const [project, notes] = [join(rig.workspace, "project"), join(rig.workspace, "notes")];
      for (const path of [project, notes]) mkdirSync(path);
      for (const cwd of [rig.workspace, project]) execFileSync("git", ["init", "-q"], { cwd });
      await rig.run(["exec", "notes"], { cwd: notes });
      const { out } = await rig.run(["purge", "--yes", "--json"], { cwd: project });
      expect(JSON.parse(out)).toMatchObject({
        deleted: [],
        left: [{ session: rig.id(), why: expect.stringContaining("a repository around this folder") }],
      });
    }),
  );

  it("takes what was written while the clock was ahead, where no age is asked for", () =>
    withRig(scenario, async (rig) => {
      const ahead = "data:text/javascript,const%20now=Date.now;Date.now=()=>now()+3600000";
      const ran = await rig.run(["exec", "hello"], { env: { NODE_OPTIONS: `--import ${ahead}` } });
      expect(ran.status, ran.err).toBe(0);
      const id = rig.id();
      const aged = await rig.run(["purge", "--yes", "--older-than", "1m"]);
      expect([aged.out, rig.ids()]).toEqual(["No session was deleted.\n", [id]]);
      expect((await rig.run(["purge", "--yes"])).out).toContain(`deleted session ${id}`);
      expect(rig.ids()).toEqual([]);
    }));

  it("skips a session in use and says whose it is, and takes the rest", () =>
    withRig({ ...scenario, fault: [{ kind: "silent", after: "text", for: "170s" }] }, async (rig) => {
      const working = rig.start(["exec", "slow"]);
      try {
        await until(() => rig.simulator.requests.length > 0, "the request");
        const id = rig.id();
        await rig.run(["exec", "quick"]);
        const purged = await purge(rig, "purge", "--yes");
        expect(purged.status).toBe(3);
        expect(purged.deleted).toHaveLength(1);
        expect(purged.left).toMatchObject([{ session: id, class: "lease-held" }]);
        expect(purged.left[0]!.why).toContain(`in use by process ${working.pid}`);
        expect(rig.ids()).toEqual([id]);
        expect((await rig.run(["delete", id])).status).toBe(3);
      } finally {
        working.child.kill("SIGKILL");
        await working.ended;
      }
      expect((await purge(rig, "purge", "--yes")).deleted, "its owner is dead").toHaveLength(1);
    }));

  it.skipIf(!hasTmux)("asks at a terminal, and deletes nothing without a yes", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "one"]);
      const id = rig.id();
      for (const [answer, says] of [
        ["n", "Nothing was deleted."],
        ["y", `deleted session ${id}`],
      ] as const) {
        await atTerminal(rig, ["purge"], async (terminal) => {
          await terminal.shows("Delete 1 session for good? [y/N]");
          expect(rig.ids()).toEqual([id]);
          await terminal.press(answer, "Enter");
          await terminal.shows(says);
          expect(await terminal.ended()).toBe(0);
        });
      }
      expect(rig.ids()).toEqual([]);
    }),
  );

  it("names the command that finishes what a catalogue in use has left, and that one leaves nothing", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "--name", "it", `one ${secret}`]);
      await rig.run(["sessions"]);
      const id = rig.id();
      const db = new DatabaseSync(join(rig.home, "catalog.sqlite"));
      db.exec("BEGIN IMMEDIATE");
      const first = await rig.run(["delete", "it"]);
      db.close();
      expect(first.status, first.err).toBe(1);
      expect(first.err).toContain(`Run it again: throughline delete ${id}\n`);
      const again = await rig.run(["delete", id]);
      expect([again.status, again.err]).toEqual([2, expect.stringContaining("no session here has this id")]);
      expect(remaining(rig)).toEqual([]);
    }));

  it("finishes what an interrupted run has left", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", `one ${secret}`]);
      const folder = rig.sessionFolder(rig.id());
      renameSync(folder, join(dirname(folder), `.gone-${rig.id()}`));
      mkdirSync(join(rig.home, "cache"));
      writeFileSync(join(rig.home, "cache", "codex-1.json"), secret);
      expect(remaining(rig)).not.toEqual([]);
      expect(await purge(rig, "purge", "--yes")).toMatchObject({ status: 0, deleted: [], troubles: [] });
      expect(remaining(rig)).toEqual([]);
    }));

  it("says exactly why nothing was deleted where the home can't be written", (test) =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", "one"]);
      try {
        execFileSync("mount", ["--bind", rig.home, rig.home], { stdio: "ignore" });
      } catch {
        return test.skip("needs the right to mount");
      }
      try {
        execFileSync("mount", ["-o", "remount,ro,bind", rig.home]);
        const purged = await purge(rig, "purge", "--yes");
        expect(purged.deleted).toEqual([]);
        expect(purged.left).toMatchObject([{ session: rig.id(), class: "store-read-only" }]);
        expect(purged.status).toBe(1);
        for (const words of [
          ["name", rig.id(), "x"],
          ["archive", rig.id()],
          ["delete", rig.id()],
        ])
          expect((await rig.run(words)).err).toContain("[store-read-only");
      } finally {
        execFileSync("umount", ["--lazy", rig.home]);
      }
    }));
});

describe("a session that was taken over from Codex", () => {
  it("is deleted with the backups of its repairs when told to; what Codex has is named, and stays", () =>
    withRig(scenario, async (rig) => {
      const fixture = new URL("../../src/foreign/codex/fixtures/0.36.0", import.meta.url);
      cpSync(fileURLToPath(fixture), join(rig.folder, "codex"), { recursive: true });
      const [rollout] = listRollouts(join(rig.folder, "codex"));
      const { path } = rollout!;
      appendFileSync(path, Buffer.alloc(100));
      for (const words of [
        ["repair", path, "--write"],
        ["import", path],
        ["sessions", "--codex", "--all"],
      ])
        expect((await rig.run(words)).status, words.join(" ")).toBe(0);
      const session = rig.id();
      const said = readFileSync(path, "utf8").match(/"user_message","message":"([^"\\]{8,40})/u)![1]!;
      expect(filesWith(rig.home, said).join(" ")).toMatch(/repairs\/.*original[^]*|cache\/codex-/u);
      const [repair] = readdirSync(join(rig.home, "repairs"));

      const plan = await purge(rig, "purge", session, "--dry-run");
      expect(plan.left).toMatchObject([
        { session: join(rig.home, "repairs", repair!), why: expect.stringContaining("--with-relatives") },
        { session: path, why: expect.stringContaining("Codex's own session") },
      ]);
      // As one that was killed while it was worked out has left it.
      const unbegun = join(rig.home, "repairs", repair!.replace(/^\d{4}/u, "2025"));
      mkdirSync(unbegun);
      cpSync(path, join(unbegun, "original.jsonl"));
      const all = await purge(rig, "delete", session, "--with-relatives");
      expect(all).toMatchObject({ status: 0, deleted: [{ session }], troubles: [] });
      expect(all.left).toMatchObject([{ session: path }]);
      expect(filesWith(rig.home, said)).toEqual([]);
      expect(existsSync(path)).toBe(true);
    }));

  it.each([["delete"], ["clear", "--scrub"]])(
    "is forgotten by lists of Codex's sessions too, whose own file is gone: %s",
    (command, ...options) =>
      withRig(scenario, async (rig) => {
        await rig.run(["exec", `about ${secret}`]);
        expect((await rig.run(["export", rig.id(), "--format", "codex"])).status).toBe(0);
        expect((await rig.run(["sessions", "--codex", "--all"])).status).toBe(0);
        rmSync(join(rig.folder, "codex"), { recursive: true });
        expect(filesWith(rig.home, secret).join(" ")).toMatch(/cache\/codex-/u);
        expect((await rig.run([command, rig.id(), ...options])).status).toBe(0);
        expect(filesWith(rig.home, secret)).toEqual([]);
      }),
  );
});

describe("throughline delete", () => {
  it("takes forks and rotated predecessors along with --with-relatives, and what was planted in every place of them", () =>
    withRig(planting, async (rig) => {
      const { predecessor, head, fork, dying } = await plant(rig);
      const alone = await purge(rig, "purge", head, "--dry-run");
      expect(alone.wouldDelete).toMatchObject([{ session: head }]);
      expect(alone.left).toMatchObject([
        { session: predecessor, why: expect.stringMatching(/^its predecessor .*--with-relatives/u) },
        { session: fork, why: expect.stringMatching(/^its fork .*--with-relatives/u) },
      ]);
      const all = await purge(rig, "delete", predecessor, "--with-relatives");
      expect(all).toMatchObject({ status: 0, left: [], troubles: [] });
      expect(all.deleted.map(({ session }) => session).sort()).toEqual([predecessor, head, fork].sort());
      expect(rig.ids()).toEqual([dying]);
      expect((await purge(rig, "delete", dying)).deleted).toHaveLength(1);
      expect(remaining(rig)).toEqual([]);
    }));

  it("deletes what is named at once, says what it leaves of it, and takes that along when told to", () =>
    withRig(scenario, async (rig) => {
      await rig.run(["exec", `one ${secret}`]);
      const before = rig.id();
      const words = ["--no-warnings", childProgram, rig.home, rig.simulator.url, "rotate", before];
      execFileSync(process.execPath, words, { cwd: rig.workspace });
      const after = rig.ids().find((id) => id !== before)!;
      const one = await purge(rig, "delete", after);
      expect(one).toMatchObject({ status: 0, deleted: [{ session: after }], left: [{ session: before }] });
      expect(one.left[0]!.why, "a command that works now").toContain(`: throughline delete ${before}`);

      execFileSync(process.execPath, words, { cwd: rig.workspace });
      const both = await purge(rig, "delete", before, "--with-relatives");
      expect(both.deleted, "an old id leads to the head").toHaveLength(2);
      expect(both.left).toEqual([]);
      expect(rig.ids()).toEqual([]);
      expect(remaining(rig)).toEqual([]);
      expect(await purge(rig, "delete", before)).toMatchObject({
        status: 2,
        left: [{ class: "session-missing" }],
      });
    }));
});
