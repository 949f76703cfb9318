import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { promisify } from "node:util";
import { Failure } from "../failure.ts";
import { type Repository, repositoryOf } from "../lib/repository.ts";
import { hasCode } from "../lib/system.ts";
import type { Workspace } from "../session/event.ts";
import { isInside } from "../session/place.ts";

const run = promisify(execFile);

/** Where a folder really lies. Throws `configuration` for one that has no name here: Node reads what isn't UTF-8 as other letters. */
async function realPath(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    const message = `No session can work in ${folder}: no folder has that name, as where one isn't written in UTF-8. Rename it, or go to another one (cd), and try again.`;
    throw new Failure("configuration", message, {}, { cause: error });
  }
}

/** What is recorded of the folder in which a session works (R5): its real path and, in a git repository, root, branch and commit. */
export async function readWorkspace(folder: string): Promise<Workspace> {
  const path = await realPath(folder);
  const found: Workspace = { path };
  const repository = repositoryOf(path);
  // Outside of a repository git isn't asked, so that nobody waits for it.
  if (repository === undefined && process.env["GIT_DIR"] === undefined) return found;
  try {
    const { stdout } = await run(
      "git",
      ["-C", path, "rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD"],
      { timeout: 5_000 },
    );
    const [gitRoot, gitCommit, gitBranch] = stdout.trimEnd().split("\n");
    return {
      ...found,
      ...(await placed(gitRoot, repository)),
      ...(gitCommit && { gitCommit }),
      ...(gitBranch && { gitBranch }),
    };
  } catch (error) {
    // Not a repository, one that git doesn't trust, or no git on this machine: a session needs none of them. Without a commit yet, the root is told
    // before git fails.
    const [gitRoot] = (error as { stdout?: string }).stdout?.split("\n") ?? [];
    return { ...found, ...(gitRoot && (await placed(gitRoot, repository))) };
  }
}

/**
 * On a Mac git composes what the file system has decomposed (`core.precomposeUnicode`): a root spelled so would be around no folder. One
 * that isn't there (`core.worktree` of a submodule that was copied) is named as git does. One above the repository doesn't count: a folder that
 * came with such a setting would have all sessions of this machine, and links to its files, belong to it.
 */
async function placed(
  gitRoot: string | undefined,
  repository: Repository | undefined,
): Promise<Pick<Workspace, "gitRoot" | "gitCommon">> {
  const real = gitRoot && (await realpath(gitRoot).catch(() => gitRoot));
  const root = real && repository && isInside(repository.root, real) ? repository.root : real;
  return {
    ...(root && { gitRoot: root }),
    ...(repository && { gitCommon: repository.common }),
  };
}
