// A repair of a file, or in a home, that is another user's.
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { asUser, isRoot, nobody } from "../../../../test/kit/as-user.ts";
import { damaged, source } from "../../../../test/kit/damaged-rollout.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { takeWriterLock } from "../home/writer-lock.ts";
import { repairRollout, undoRepair } from "./repair.ts";

/** A damaged rollout in a home of its own, and Throughline's home beside that. */
function rollout(): { codex: string; path: string; home: string } {
  const root = temporaryFolder();
  const codex = join(root, "codex");
  const path = join(codex, "sessions", basename(source.path));
  const home = join(root, "own");
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(home);
  writeFileSync(path, damaged);
  for (const place of [root, codex, home]) chmodSync(place, 0o777);
  return { codex, path, home };
}

it.runIf(isRoot)(
  "another user's file that may be written, but not be given a time, is repaired, and given back",
  async () => {
    const { path, home } = rollout();
    chmodSync(path, 0o666);
    await asUser(async () => {
      expect(await repairRollout(path, { home })).toMatchObject({ journal: { state: "done" } });
      expect(await undoRepair(path, { home })).toMatchObject({ journal: { state: "undone" } });
    });
    expect(readFileSync(path).equals(damaged)).toBe(true);
  },
);

it.runIf(isRoot)("root leaves no lock in a user's home that the user's Codex could not open", async () => {
  const { codex, path, home } = rollout();
  chownSync(codex, nobody, nobody);
  const thread = source.thread;
  await repairRollout(path, { home });
  const locks = join(codex, "thread-writer-locks");
  takeWriterLock(codex, thread, path);
  const made = [locks, ...readdirSync(locks).map((name) => join(locks, name))];
  expect(made.map((each) => statSync(each).uid)).toEqual([nobody, nobody, nobody]);
});
