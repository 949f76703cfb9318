import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readWorkspace } from "./workspace.ts";

test("a repository is known from its first moment, before it has a commit", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-workspace-")));
  try {
    execFileSync("git", ["init", "-q", root]);
    const path = join(root, "sub");
    mkdirSync(path);
    expect(await readWorkspace(path)).toEqual({ path, gitRoot: root, gitCommon: join(root, ".git") });
  } finally {
    rmSync(root, { recursive: true });
  }
});
