import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { hasGit } from "../../test/kit/git.ts";
import { isFailureOf } from "../failure.ts";
import { readWorkspace } from "./workspace.ts";

test.skipIf(!hasGit)("a repository is known from its first moment, before it has a commit", async () => {
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

test("a folder that isn't there by its name, as where that isn't UTF-8, is told as that", async () => {
  await expect(readWorkspace(join(tmpdir(), "throughline-\ufffd"))).rejects.toThrow(
    expect.toSatisfy((error) => isFailureOf(error, "configuration") && error.message.includes("UTF-8")),
  );
});

test("a root that git spells otherwise, as on a Mac, is named as the file system has it", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-workspace-")));
  try {
    const [path, otherwise, bin] = ["sub", "otherwise", "bin"].map((name) => join(root, name)) as [
      string,
      string,
      string,
    ];
    for (const folder of [path, bin, join(root, ".git")]) mkdirSync(folder);
    symlinkSync(root, otherwise);
    const commit = "0123456789012345678901234567890123456789";
    writeFileSync(join(bin, "git"), `#!/bin/sh\nprintf '%s\\n' "${otherwise}" ${commit} main\n`, {
      mode: 0o755,
    });
    vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
    expect(await readWorkspace(path)).toEqual({
      path,
      gitRoot: root,
      gitCommon: join(root, ".git"),
      gitCommit: commit,
      gitBranch: "main",
    });
  } finally {
    vi.unstubAllEnvs();
    rmSync(root, { recursive: true });
  }
});

test.skipIf(!hasGit)(
  "a repository whose settings name a working tree that is gone is one to work in",
  async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-workspace-")));
    const gone = join(root, "gone");
    const git = (...words: string[]) => execFileSync("git", ["-C", root, ...words], { stdio: "ignore" });
    try {
      git("init", "--initial-branch=main");
      git("config", "core.worktree", gone);
      const found = { path: root, gitRoot: gone, gitCommon: join(root, ".git") };
      expect(await readWorkspace(root)).toEqual(found);
      const commit = ["commit", "--allow-empty", "-m", "first"];
      git(`--work-tree=${root}`, "-c", "user.name=a", "-c", "user.email=a@b", ...commit);
      expect(await readWorkspace(root)).toMatchObject({ ...found, gitBranch: "main" });
    } finally {
      rmSync(root, { recursive: true });
    }
  },
);

test.skipIf(!hasGit)(
  "a repository whose settings name a working tree around it is no larger than it is",
  async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-workspace-")));
    const git = (...words: string[]) => execFileSync("git", ["-C", root, ...words], { stdio: "ignore" });
    try {
      git("init");
      git("config", "core.worktree", "/");
      expect(await readWorkspace(root)).toMatchObject({ gitRoot: root, gitCommon: join(root, ".git") });
    } finally {
      rmSync(root, { recursive: true });
    }
  },
);

test.skipIf(!hasGit)("a repository that is kept elsewhere, and led to by a link, is that one", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-workspace-")));
  try {
    const [kept, path] = [join(root, "kept.git"), join(root, "work")];
    mkdirSync(path);
    execFileSync("git", ["init", "-q", "--bare", kept]);
    execFileSync("git", ["-C", kept, "config", "core.bare", "false"]);
    symlinkSync(kept, join(path, ".git"));
    expect(await readWorkspace(path)).toEqual({ path, gitRoot: path, gitCommon: kept });
    for (const nowhere of [".git", "none"]) {
      const below = join(path, `to ${nowhere}`);
      mkdirSync(below);
      symlinkSync(nowhere, join(below, ".git"));
      expect(await readWorkspace(below)).toEqual({ path: below, gitRoot: path, gitCommon: kept });
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a repository that is named by pipes and devices is none to wait for", { timeout: 10_000 }, async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-workspace-")));
  try {
    mkdirSync(join(root, "own"));
    writeFileSync(join(root, ".git"), "gitdir: own\n");
    const named = join(root, "own", "commondir");
    for (const command of [
      ["mkfifo", named],
      ["ln", "-sf", "/dev/zero", named],
    ] as const) {
      execFileSync(command[0], command.slice(1));
      // In a process of its own, as one that waits for a pipe obeys no signal of vitest's.
      const program = `import { repositoryOf } from ${JSON.stringify(join(import.meta.dirname, "../lib/repository.ts"))}; console.log(repositoryOf(${JSON.stringify(root)}).common)`;
      const words = ["--input-type=module", "--eval", program];
      const killed = { timeout: 4_000, killSignal: "SIGKILL", encoding: "utf8" } as const;
      expect(execFileSync(process.execPath, words, killed)).toBe(`${join(root, "own")}\n`);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});
