import { existsSync } from "node:fs";
import { readWorkspace } from "../agent/workspace.ts";
import { Failure } from "../failure.ts";
import { isSameFile } from "../lib/system.ts";
import { quoted } from "../lib/words.ts";
import type { Workspace } from "../session/event.ts";
import type { Observe } from "../turn/update.ts";
import { standsIn } from "./belongs.ts";
import type { Invocation } from "./command/command.ts";

/**
 * Where a resumed session works: its own folder, as it is today, when the person stands in it, below it or in the same repository;
 * otherwise this folder, if the person says so (R9).
 */
export async function workspaceFor(
  id: string,
  own: Workspace,
  invocation: Invocation,
  here: boolean,
): Promise<Workspace> {
  const folder = await readWorkspace(invocation.folder);
  if (folder.path === own.path) return folder;
  const asked = async (why: string): Promise<boolean> =>
    (await invocation.terminal.ask?.(`${why}. Go on with it in ${folder.path}?`, invocation.signal)) === true;
  if (own.path === "") {
    const why = `Session ${id} doesn't say to which folder it belongs`;
    if (here || (await asked(why))) return folder;
    throw new Failure(
      "session-elsewhere",
      `${why}: the head of its log is damaged, or it comes from a rollout that names none. Nothing was sent and nothing was run. Go on with it in ${folder.path} with --here.`,
      { workspace: own.path },
    );
  }
  const gone = !existsSync(own.path);
  if (!here && !gone && standsIn(own, folder.path)) return readWorkspace(own.path);
  if (here || (await asked(`Session ${id} belongs to ${own.path}${gone ? ", which is gone" : ""}`)))
    return folder;
  throw new Failure(
    "session-elsewhere",
    `Session ${id} belongs to ${own.path}${gone ? ", which is gone" : ""}, not to ${folder.path}. Nothing was sent and nothing was run. ` +
      `${gone ? "Take" : `Go there (cd ${quoted(own.path)}), or take`} it along to this folder with --here.`,
    { workspace: own.path },
  );
}

/** Whether two workspaces are the same, branch and commit included. */
export function sameWorkspace(left: Workspace, right: Workspace): boolean {
  return (
    left.path === right.path &&
    left.gitBranch === right.gitBranch &&
    left.gitCommit === right.gitCommit &&
    left.gitRoot === right.gitRoot &&
    left.gitCommon === right.gitCommon
  );
}

/**
 * Tells the person when the session now works in another folder, or on another branch, and where it works when that isn't `folder`, in which
 * they stand: they are going to be asked about commands.
 */
export function sayWhatChanged(observe: Observe, own: Workspace, now: Workspace, folder: string): void {
  const say = (text: string): void => observe({ type: "notice", text });
  if (own.path !== "" && own.path !== now.path) say(`the session moves from ${own.path} to ${now.path}`);
  else if (!isSameFile(now.path, folder)) say(`the session works in ${now.path}`);
  if (own.path === now.path && own.gitBranch !== now.gitBranch) {
    say(`the git branch is ${now.gitBranch ?? "gone"} now; the session was on ${own.gitBranch ?? "none"}`);
  }
}
