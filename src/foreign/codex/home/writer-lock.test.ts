import processes, { execFileSync } from "node:child_process";
import fs, { existsSync, mkdirSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { lockPath, takeWriterLock } from "./writer-lock.ts";

const thread = "01a20778-5b04-79c0-b97c-4e4bc7f4f8b3";

it("a pipe in the place of the folder of locks is told, and not waited for", () => {
  const codex = temporaryFolder();
  execFileSync("mkfifo", [join(codex, "thread-writer-locks")]);
  expect(() => takeWriterLock(codex, thread, "rollout")).toThrow("ENOTDIR");
});

it("a lock that can't be released is not taken", () => {
  const codex = temporaryFolder();
  mkdirSync(join(codex, "thread-writer-locks", ".coordination.lock"), { recursive: true });
  expect(() => takeWriterLock(codex, thread, "rollout")).toThrow("EISDIR");
  rmSync(join(codex, "thread-writer-locks", ".coordination.lock"), { recursive: true });
  takeWriterLock(codex, thread, "rollout").release();
  expect(existsSync(lockPath(codex, thread))).toBe(false);
});

it("a lock whose file can't be removed is free all the same, and what came of the work under it isn't hidden by that", () => {
  const codex = temporaryFolder();
  const lock = takeWriterLock(codex, thread, "rollout");
  const coordination = join(codex, "thread-writer-locks", ".coordination.lock");
  rmSync(coordination);
  mkdirSync(coordination);
  lock.release();
  expect(existsSync(lockPath(codex, thread))).toBe(true);
  rmSync(coordination, { recursive: true });
  takeWriterLock(codex, thread, "rollout").release();
  expect(existsSync(lockPath(codex, thread))).toBe(false);
});

it("a lock that is taken and can't be looked at is given back: a process that lives on would keep Codex out", () => {
  const codex = temporaryFolder();
  const { statSync } = fs;
  const failing = (at: string): unknown => {
    if (at !== lockPath(codex, thread)) return statSync(at);
    throw Object.assign(new Error("EIO"), { code: "EIO", syscall: "stat" });
  };
  Object.assign(fs, { statSync: failing });
  syncBuiltinESMExports();
  try {
    expect(() => takeWriterLock(codex, thread, "rollout")).toThrow("EIO");
  } finally {
    Object.assign(fs, { statSync });
    syncBuiltinESMExports();
  }
  takeWriterLock(codex, thread, "rollout").release();
});

it("a lock that no program can be started to take, for want of files, is told by that, and not as programs that aren't there", () => {
  const codex = temporaryFolder();
  const { spawnSync } = processes;
  const error = Object.assign(new Error("EMFILE"), { code: "EMFILE", syscall: "spawnSync flock" });
  Object.assign(processes, { spawnSync: () => ({ status: null, error }) });
  syncBuiltinESMExports();
  try {
    expect(() => takeWriterLock(codex, thread, "rollout")).toThrow("EMFILE");
  } finally {
    Object.assign(processes, { spawnSync });
    syncBuiltinESMExports();
  }
});
