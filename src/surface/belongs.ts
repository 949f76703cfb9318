import type { Workspace } from "../session/event.ts";

/** Whether a list for this folder shows the session: it works here, above or below here, or in the same repository. */
export function belongs(workspace: Workspace, folder: string): boolean {
  return isInside(workspace.path, folder) || standsIn(workspace, folder);
}

/** Whether somebody in this folder stands in the session's workspace: in its folder, below it, or in the same repository. */
export function standsIn({ path, gitRoot }: Workspace, folder: string): boolean {
  return isInside(folder, path) || (gitRoot !== undefined && isInside(folder, gitRoot));
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
