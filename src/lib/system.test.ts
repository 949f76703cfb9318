import { execFileSync } from "node:child_process";
import fs, { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolders, makeRoomWords, messageOf, syncPath } from "./system.ts";
import { quoted } from "./words.ts";

test("folders are made with those above them, for their owner alone, and a file system that can only be read is called that", ({
  skip,
}) => {
  const root = mkdtempSync(join(tmpdir(), "throughline-folders-"));
  let isMounted = false;
  try {
    const path = join(root, "a", "b");
    makeFolders(path);
    makeFolders(path);
    for (const each of [path, join(root, "a")]) expect(statSync(each).mode & 0o777).toBe(0o700);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", path], { stdio: "ignore" });
      isMounted = true;
    } catch {
      skip("needs root and tmpfs");
    }
    expect(() => makeFolders(join(path, "c", "d"))).toThrow(expect.objectContaining({ code: "EROFS" }));
  } finally {
    if (isMounted) execFileSync("umount", ["--lazy", join(root, "a", "b")]);
    rmSync(root, { recursive: true, force: true });
  }
});

test("a link that leads nowhere is to blame for what can't be made in it", () => {
  const root = mkdtempSync(join(tmpdir(), "throughline-folders-"));
  try {
    const link = join(root, "link");
    symlinkSync(join(root, "nowhere"), link);
    expect(() => makeFolders(join(link, "a"))).toThrow(
      expect.objectContaining({ code: "ENOTDIR", path: link }),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("where no more files fit, or none so large, the command shows that and not the room for bytes", ({
  skip,
}) => {
  const disk = mkdtempSync(join(tmpdir(), "throughline-files-"));
  let isMounted = false;
  const full = (): unknown => {
    try {
      for (let at = 0; at < 100; at++) writeFileSync(join(disk, String(at)), "");
    } catch (error) {
      return error;
    }
    return undefined;
  };
  try {
    expect(makeRoomWords({ code: "EFBIG" }, disk)).toMatch(/: ulimit -f$/u);
    expect(makeRoomWords({ code: "ENOSPC" }, join(disk, "gone"))).toBe(
      `Make room on that disk, then try again: df -h ${quoted(disk)}`,
    );
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,nr_inodes=20", "tmpfs", disk], {
        stdio: "ignore",
      });
      isMounted = true;
    } catch {
      skip("needs root and tmpfs");
    }
    const error = full();
    expect(error).toMatchObject({ code: "ENOSPC" });
    const words = makeRoomWords(error, join(disk, "another"));
    expect([words.slice(0, 18), words.endsWith(`: df -i ${quoted(disk)}`)]).toEqual([
      "No more files fit ",
      true,
    ]);
  } finally {
    if (isMounted) execFileSync("umount", ["--lazy", disk]);
    rmSync(disk, { recursive: true, force: true });
  }
});

test("folders on a drive that isn't there are refused by the system, and not looked for without end", () => {
  const real = fs.existsSync;
  fs.existsSync = () => false;
  syncBuiltinESMExports();
  try {
    expect(() => makeFolders("/throughline/sessions")).toThrow(/^E[A-Z]+: /u);
  } finally {
    fs.existsSync = real;
    syncBuiltinESMExports();
  }
});

test("a file system that can't make folders durable is worked on all the same, and a disk that fails is told", () => {
  const real = fs.fsyncSync;
  const folder = mkdtempSync(join(tmpdir(), "throughline-sync-"));
  const refuse = (code: string): void => {
    fs.fsyncSync = () => {
      throw Object.assign(new Error(code), { code, syscall: "fsync" });
    };
    syncBuiltinESMExports();
  };
  try {
    refuse("EINVAL");
    syncPath(folder);
    const file = join(folder, "log");
    fs.writeFileSync(file, "kept");
    expect(() => syncPath(file)).toThrow("EINVAL");
    refuse("EIO");
    expect(() => syncPath(folder)).toThrow("EIO");
  } finally {
    fs.fsyncSync = real;
    syncBuiltinESMExports();
    rmSync(folder, { recursive: true });
  }
});

const errno = -constants.errno.ESTALE;
const unnamed = `Unknown system error ${errno}`;
const named = "ESTALE: its server doesn't know it any more";

test.each([
  [unnamed, `${unnamed}: ${unnamed}, open 'a, b'`, `${named}, open 'a, b'`],
  ["UNKNOWN", "UNKNOWN: unknown error, rename 'a' -> 'b'", `${named}, rename 'a' -> 'b'`],
  [unnamed, `spawn sh ${unnamed}`, `spawn sh ${named}`],
])("an error of which Node has only a number is named, %s: %s", (code, message, words) => {
  expect(messageOf(Object.assign(new Error(message), { code, errno }))).toBe(words);
});
