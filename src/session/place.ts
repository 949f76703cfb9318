import type { Workspace } from "./event.ts";

/** A person's working folder, or a session's: as much of it as tells whether the two belong together. */
export type Place = Pick<Workspace, "path" | "gitRoot" | "gitCommon">;

/**
 * Whether a list for `here` shows the session: it works here, above or below here, or in the same repository, whichever of its worktrees. One
 * that can't say where it belongs belongs everywhere: it must not be hidden.
 */
export function isTogether({ path, gitRoot, gitCommon }: Place, here: Place): boolean {
  if (path === "" || isInside(path, here.path) || isInside(here.path, path)) return true;
  if (gitRoot !== undefined && (gitRoot === here.gitRoot || isInside(here.path, gitRoot))) return true;
  return gitCommon !== undefined && gitCommon === here.gitCommon;
}

/** Whether a path is the folder or lies below it. Both absolute. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
