import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { Failure } from "../../failure.ts";
import { asFailure } from "./system-failure.ts";

test("what the system refuses of a file is told as a failure with its path and a next command, and a bug stays one", () => {
  const folder = join(mkdtempSync(join(tmpdir(), "throughline-system-")), "somebody's");
  mkdirSync(folder);
  const denied = Object.assign(new Error("EACCES: permission denied, open '/x'"), {
    code: "EACCES",
    syscall: "open",
    path: join(folder, "not-made", "rollout.jsonl"),
  });
  const failure = asFailure(denied);
  expect(failure?.class).toBe("store-unavailable");
  expect(failure?.message).toContain(
    "/somebody's/not-made/rollout.jsonl can't be used: its rights don't allow it (EACCES).",
  );
  expect(failure?.message).toMatch(/ls -ld '\S+\/somebody'\\''s'$/u);
  const known = new Failure("usage", "Say more.", {});
  expect(asFailure(known)).toBe(known);
  expect(asFailure(new TypeError("x is not a function"))).toBeUndefined();
  expect(asFailure("text")).toBeUndefined();
  try {
    openSync("/nowhere/at/all", "r");
  } catch (error) {
    expect(asFailure(error)).toBeUndefined();
  }
});

test("of a file system that can only be read, not whose it is matters, but that Throughline's own home can be another", () => {
  const path = "/tmp/not-made/repairs";
  const facts = { code: "EROFS", syscall: "mkdir", path };
  const failure = asFailure(Object.assign(new Error("EROFS: read-only file system"), facts));
  expect(failure?.message).toMatch(
    /can only be read \(EROFS\)\..* where it is Throughline's home, .* --home: df \/tmp$/u,
  );
});

test.each([
  ["EIO: i/o error", "EIO", "the disk fails (EIO)"],
  // What rmSync says (Node 24, 2026-11).
  [
    ", Unknown error: Input/output error '/tmp/not-made/log.jsonl'",
    "",
    'the system says "Input/output error"',
  ],
])("of a disk that fails, not whose a file is matters: %s", (message, code, words) => {
  const path = "/tmp/not-made/log.jsonl";
  const failed = asFailure(Object.assign(new Error(message), { code, syscall: "rm", path }));
  expect(failed?.message).toContain(`${words}. Nothing was lost. Check its disk, then try again: df -h /tmp`);
});

test("a file where a folder should be is told as what it is", () => {
  try {
    openSync("/dev/null/config.toml", "r");
  } catch (error) {
    expect(asFailure(error)?.message).toContain(
      "/dev/null/config.toml can't be used: a part of its path is no folder",
    );
  }
  expect.assertions(1);
});

test("a full disk is told by the place that there is no room for, also where the system names another or none", () => {
  const full = (facts: object): Error =>
    Object.assign(new Error("ENOSPC: no space left on device, copyfile '/a' -> '/tmp/gone/b'"), {
      code: "ENOSPC",
      ...facts,
    });
  const copied = asFailure(full({ syscall: "copyfile", path: "/a", dest: "/tmp/gone/b" }));
  expect(copied?.class).toBe("store-full");
  expect(copied?.message).toMatch(/^There is no room for \/tmp\/gone\/b: the disk is full \(ENOSPC\)\./u);
  expect(copied?.message).toMatch(/df -h \/tmp$/u);
  const long = asFailure(full({ code: "EFBIG", syscall: "copyfile", path: "/a", dest: "/tmp/b" }));
  expect(long?.message).toContain("it would be larger than a file may be (ulimit -f) (EFBIG)");
  const written = asFailure(full({ syscall: "write" }));
  expect(written?.class).toBe("store-full");
  expect(written?.message).toMatch(/^There is no room for what is written: .*df -h$/u);
  const broken = Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO", syscall: "fsync" });
  expect(asFailure(broken)?.message).toMatch(/^A file or its disk can't be used: the disk fails \(EIO\)\./u);
});

test("what Node knows only by its number is told in words: a quota that is used up, a server that was set up anew", () => {
  const { EDQUOT, ESTALE } = constants.errno;
  const numbered = (errno: number, code = `Unknown system error -${errno}`): Error => {
    const facts = { code, errno: -errno, syscall: "open", path: "/tmp/gone/a" };
    return Object.assign(new Error(`${code}: ${code}, open '/tmp/gone/a'`), facts);
  };
  const full = asFailure(numbered(EDQUOT));
  expect(full?.class).toBe("store-full");
  expect(full?.message).toMatch(/the quota is used up \(EDQUOT\)\..*: quota -s$/u);
  expect(full?.message).not.toContain("Unknown");
  // As writeSync says it.
  expect(asFailure(numbered(EDQUOT, "UNKNOWN"))).toMatchObject({
    class: "store-full",
    message: full?.message,
  });
  expect(asFailure(numbered(ESTALE))?.message).toContain(
    "/tmp/gone/a can't be used: its server doesn't know it any more (ESTALE).",
  );
});

test("a rollout that goes while it is looked at is told as gone", () => {
  const name = "rollout-2026-11-20T20-58-19-01a1fac2-0000-7000-8000-000000000000.jsonl";
  try {
    openSync(`/nowhere/at/all/${name}`, "r");
  } catch (error) {
    expect(asFailure(error)).toMatchObject({ class: "session-missing" });
    expect(asFailure(error)?.message).toContain(`${name} is gone`);
  }
  expect.assertions(2);
});

test("a part of the program that an update took away while it ran is told as that, with how to go on", async () => {
  const missing = new URL("not-there-any-more.js", import.meta.url).href;
  // As Node's own loader says it; the test's has an error of its own for it.
  const code = `import(${JSON.stringify(missing)}).catch((e) => console.log(JSON.stringify({ ...e, message: e.message })))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", code]);
  const { message, ...facts } = JSON.parse(stdout) as { message: string };
  const failure = asFailure(Object.assign(new Error(message), facts));
  expect(failure?.class).toBe("store-unavailable");
  expect(failure?.message).toContain(`${fileURLToPath(missing)} is gone`);
  expect(failure?.message).toContain("throughline resume --last");
  // A package that is missing is a mistake of ours.
  expect(asFailure(Object.assign(new Error("x"), { code: "ERR_MODULE_NOT_FOUND" }))).toBeUndefined();
});

test("why rmSync can't remove a file of a disk that may only be read is told, and is no bug", () => {
  const unnamed = Object.assign(new Error(", Unknown error: Read-only file system '/a/b'"), {
    code: "",
    syscall: "rm",
    path: "/a/b",
  });
  expect(asFailure(unnamed)?.message).toMatch(
    /^\/a\/b can't be used: the system says "Read-only file system"\. Nothing was lost\./u,
  );
});
