import type { Workspace } from "../session/event.ts";
import { isInside } from "../session/place.ts";

/** Whether a session belongs to this folder: it works in it, above or below it, or in the same worktree. */
export function belongs(workspace: Workspace, folder: string): boolean {
  return isInside(workspace.path, folder) || standsIn(workspace, folder);
}

/** Whether this folder lies in the session's workspace: it is its folder, below it, or in the same worktree. */
export function standsIn({ path, gitRoot }: Workspace, folder: string): boolean {
  return isInside(folder, path) || (gitRoot !== undefined && isInside(folder, gitRoot));
}
