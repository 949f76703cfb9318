import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolders } from "./system.ts";

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
