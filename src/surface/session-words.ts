import { relative } from "node:path";
import { ago, bytesWords, counted } from "../lib/words.ts";
import { printableLine } from "../lib/printable.ts";
import type { Settings, Workspace } from "../session/event.ts";
import { isInside, type Place } from "../session/place.ts";
import { type GoneOn, statusWords } from "../session/standing.ts";
import type { SessionSummary } from "../session/summary.ts";
import type { Listed } from "./codex-sessions.ts";

// The words for a session in every list. Text that comes from sessions is made safe to print here.

/**
 * A session's line in a list (R6): id, name or title, model/effort, age, last activity, messages, branch, status, and its place when that is
 * not `here`. `label`: what stands for the name or title.
 */
export function listLine(
  session: Listed,
  now: number,
  here?: Place,
  label = labelWords(session, mostLabel),
): string {
  const { parent, rotated, workspace, origin, codex, goneOn } = session;
  // A session that can't be read at all has no facts to show but what it was called.
  if (session.trouble !== undefined && session.created === 0) {
    const called = session.name ?? session.title;
    return `${session.id}  ${called === undefined ? "" : `${label}  `}${statusWords(session, now)}`;
  }
  const branch = branchWords(session);
  const place = here && placeWords(workspace, here);
  const parts = [
    `${label}  ${modelWords(session.settings) || "(model not known)"}`,
    `made ${ago(now - session.created)}, active ${ago(now - session.updated)}`,
    `${codex?.estimated ? "about " : ""}${counted(session.messages, "message")}`,
    ...(origin === undefined ? [] : [bytesWords(session.bytes)]),
    ...(branch === undefined ? [] : [branch]),
    ...(place === undefined ? [] : [place]),
    statusWords(session, now),
    // The status of a fork that nobody has gone on with names its parent already.
    ...(parent === undefined || session.reason?.includes(parent)
      ? []
      : [`${rotated ? "continued" : "forked"} from ${parent}`]),
    ...(goneOn ? [goneOnWords(goneOn)] : []),
  ];
  return `${session.id}  ${parts.join(" · ")}`;
}

/** A session's name, or its first prompt, in at most `limit` characters, with the tool that it is of before it unless it is Throughline's. */
export function labelWords(
  { name, title, origin }: Pick<SessionSummary, "name" | "title"> & { readonly origin?: string },
  limit: number,
): string {
  const mark = origin === undefined ? "" : `${origin}: `;
  return mark + (printableLine(name ?? title ?? "", limit) || "(no prompt)");
}

/** The command that takes over what Codex has added. */
export const goneOnWords = ({ next }: GoneOn): string => `${next} takes it over`;

/** "gpt-5.5/high". */
export function modelWords({ model, effort }: Pick<Settings, "model" | "effort">): string {
  return printableLine(effort ? `${model}/${effort}` : model, 40);
}

/** Where a session works, with its branch: "/work/shop (main)". */
export function workspaceWords({ path, gitBranch }: Workspace): string {
  return `${printableLine(path, 300)}${gitBranch ? ` (${printableLine(gitBranch, 60)})` : ""}`;
}

/** The git branch that the session was on; `undefined` where none is known. */
export function branchWords({ workspace }: Pick<SessionSummary, "workspace">): string | undefined {
  return workspace.gitBranch ? printableLine(workspace.gitBranch, 30) : undefined;
}

/** Characters of a name or a title in a list. */
export const mostLabel = 48;

/** Where a session works, relative to here: another worktree or folder of the same repository. `undefined` for this very folder. */
export function placeWords({ path, gitRoot, gitCommon }: Workspace, here: Place): string | undefined {
  if (path === here.path || path === "") return undefined;
  const isOther = gitCommon !== undefined && gitCommon === here.gitCommon && gitRoot !== here.gitRoot;
  if (isOther) return `in worktree ${printableLine(path, 80)}`;
  const base = gitRoot !== undefined && gitRoot === here.gitRoot ? gitRoot : here.path;
  const way = isInside(path, base) ? relative(base, path) || "the repository's root" : path;
  return `in ${printableLine(way, 80)}`;
}
