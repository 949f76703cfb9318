import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bytesAt } from "./file-bytes.ts";
import { isSystemError } from "./system.ts";

/** A git repository as a folder in it sees it. */
export interface Repository {
  /** Top of the working tree: of the main one or of a linked one (`git worktree`). */
  root: string;
  /** The repository's own folder, by which all of its worktrees are known to belong together. */
  common: string;
}

/**
 * The git repository around a folder, read from its files: a list of sessions is not to wait for a process. `undefined` where there is none,
 * and where it can't be told.
 */
export function repositoryOf(folder: string): Repository | undefined {
  try {
    for (let at = realpathSync.native(folder); ; at = dirname(at)) {
      const marker = join(at, ".git");
      // Followed where it is a link, as by git: some who keep repositories elsewhere have one. One that leads nowhere, or to itself, is none.
      const stat = existsSync(marker) ? statSync(marker) : undefined;
      if (stat?.isDirectory()) return { root: at, common: realpathSync.native(marker) };
      if (stat?.isFile()) return { root: at, common: commonOf(marker) };
      if (at === dirname(at)) return undefined;
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/** A worktree's `.git` is a file that names its folder in the repository; that one names the repository in `commondir` (gitrepository-layout(5)). */
function commonOf(marker: string): string {
  const named = /^gitdir: (.+)$/mu.exec(startOf(marker) ?? "")?.[1];
  const own = resolve(dirname(marker), named ?? "");
  const linked = startOf(join(own, "commondir"));
  return realpathSync.native(linked === undefined ? own : resolve(own, linked.trim()));
}

/** Ample for a path. */
const mostBytes = 8_192;

/**
 * The beginning of a file; `undefined` where there is none, and where there is something else: somebody's archive may hold a pipe there,
 * which nobody writes to, or a link to a device.
 */
function startOf(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  return bytesAt(path, 0, mostBytes).toString("utf8");
}
