import type { Workspace } from "../session/event.ts";
import { isInside } from "../session/place.ts";

/** Whether the session is of this folder: it works here, above or below here, or in the same worktree. */
export function belongs(workspace: Workspace, folder: string): boolean {
  return isInside(workspace.path, folder) || standsIn(workspace, folder);
}

/** Whether somebody in this folder stands in the session's workspace: in its folder, below it, or in the same worktree. */
export function standsIn({ path, gitRoot }: Workspace, folder: string): boolean {
  return isInside(folder, path) || (gitRoot !== undefined && isInside(folder, gitRoot));
}
