// The list as a person meets it: the real program, real git, a scratch home.
import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryOf } from "../../src/lib/repository.ts";
import { hasGit } from "../kit/git.ts";
import { Rig } from "../kit/rig.ts";

const it = test.skipIf(!hasGit);

let rig: Rig;
const git = (...words: string[]): string =>
  execFileSync("git", ["-C", rig.workspace, ...words], { encoding: "utf8" });

beforeAll(async () => {
  rig = await Rig.make({ turn: [{ step: [{ say: "The comma was the culprit." }] }] });
  git("init", "-q", "-b", "main");
  git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "first");
  mkdirSync(join(rig.workspace, "sub"));
  git("worktree", "add", "-q", "-b", "side", join(rig.folder, "side"));
  mkdirSync(join(rig.folder, "elsewhere"));
  for (const [cwd, name] of [
    [rig.workspace, "top"],
    [join(rig.workspace, "sub"), "below"],
    [join(rig.folder, "side"), "beside"],
    [join(rig.folder, "elsewhere"), "far"],
  ] as const)
    expect((await rig.run(["exec", "--name", name, `mend the parser (${name})`], { cwd })).status).toBe(0);
});
afterAll(() => rig.close());

async function names(...words: string[]): Promise<string[]> {
  const { out, status, err } = await rig.run(["sessions", "--json", ...words]);
  expect(status, err).toBe(0);
  return (JSON.parse(out) as { sessions: { name: string }[] }).sessions.map(({ name }) => name).sort();
}

it("sessions of subfolders and of worktrees are listed together, and the line says which one they are of", async () => {
  expect(await names()).toEqual(["below", "beside", "top"]);
  expect(await names("--all")).toEqual(["below", "beside", "far", "top"]);
  const { out } = await rig.run(["sessions"]);
  expect(out).toMatch(/below .* · in sub · idle/u);
  expect(out).toMatch(/beside .* · side · in worktree .*\/side · idle/u);
  expect(out).toMatch(/1 more in other workspaces: throughline sessions --all\n$/u);
});

it("a worktree's repository is told from its files as git tells it", () => {
  const side = repositoryOf(join(rig.folder, "side"));
  expect(side).toEqual({ root: join(rig.folder, "side"), common: realpathSync(join(rig.workspace, ".git")) });
  expect(repositoryOf(join(rig.folder, "elsewhere"))).toBeUndefined();
});

it("each filter counts what it hides", async () => {
  const { out } = await rig.run(["sessions", "--search", "BESIDE parser", "--status", "idle,failed"]);
  expect(out).toMatch(/beside/u);
  expect(out).toMatch(/1 more in other workspaces: .*; 2 hidden by --search BESIDE parser\n$/u);
  const none = await rig.run(["sessions", "--all", "--since", "2099-01-01"]);
  expect(none.out).toBe("No session fits.\n4 hidden by --since 2099-01-01\n");
});

it("a search finds what the model said, without a catalogue too", async () => {
  expect(await names("--search", "culprit")).toEqual(["below", "beside", "top"]);
  rmSync(join(rig.home, "catalog.sqlite"));
  expect(await names("--search", "culprit nowhere")).toEqual([]);
  expect(await names("--all", "--search", "culprit FAR")).toEqual(["far"]);
});

it("a status or a time that means nothing is a usage error that says what would do", async () => {
  const status = await rig.run(["sessions", "--status", "stuck"]);
  expect([status.status, status.err]).toEqual([2, expect.stringMatching(/no status "stuck".*running/u)]);
  const since = await rig.run(["sessions", "--since", "soon"]);
  expect([since.status, since.err]).toEqual([2, expect.stringMatching(/"soon" is no time/u)]);
});
