import { realpathSync } from "node:fs";
import { hasCode } from "../spool.ts";
import { editFile, joinLines } from "./edit.ts";
import type { Section } from "./parse.ts";
import type { Owner } from "../../lib/owner.ts";
import { findTarget, type Target } from "./target.ts";

/** A file's bytes, mode and owner. Without a mode it gets the one that the umask leaves to new files, and belongs to this user. */
export interface Contents {
  content: Buffer;
  mode?: number;
  owner?: Owner;
}

/** What a file is before and after the patch; absent where it does not exist. */
export interface Change {
  path: string;
  before?: Contents;
  after?: Contents;
}

/** All changes of a patch, worked out and not yet made. */
export interface Plan {
  /** The workspace, without symbolic links. */
  root: string;
  changes: Change[];
  /** "A path", "M path", "D path": one line for each section, in their order. */
  summary: string[];
}

/** A plan, or the reason why there is none. */
export type Planned = { ok: true; plan: Plan } | { ok: false; why: string };

/** Works the whole patch out in memory, section after section, without touching a file. `why` names every section that can't be applied. */
export function planPatch(workspace: string, sections: readonly Section[]): Planned {
  const root = realFolder(workspace);
  if (root === undefined) return { ok: false, why: `The workspace ${workspace} does not exist any more.` };
  const files = new Map<string, Change>();
  const wrongs: string[] = [];
  const summary: string[] = [];

  /** The file as the sections before have left it. */
  const look = (named: string): { target: Target; change: Change } | undefined => {
    const found = findTarget(workspace, named);
    if (!found.ok) {
      wrongs.push(found.why);
      return undefined;
    }
    const { target } = found;
    let change = files.get(target.path);
    if (!change) {
      change = { path: target.path };
      if (target.found) {
        const { writable: _, ...contents } = target.found;
        Object.assign(change, { before: contents, after: contents });
      }
      files.set(target.path, change);
    }
    return { target, change };
  };
  const isLink = (target: Target, what: string): boolean => {
    if (target.linked) wrongs.push(`${target.shown}: this is a symbolic link; ${what} it with shell_command`);
    return target.linked;
  };

  for (const section of sections) {
    const place = look(section.path);
    if (!place) continue;
    const { target, change } = place;
    if (section.kind === "add") {
      if (change.after)
        wrongs.push(
          `${target.shown}: the file exists already; use "*** Update File: ${target.shown}" or delete it first`,
        );
      // Deleted and added again in one patch, it keeps its mode.
      change.after = { ...change.before, content: joinLines(section.lines) };
      summary.push(`${change.before ? "M" : "A"} ${target.shown}`);
      continue;
    }
    if (!change.after) {
      wrongs.push(`${target.shown}: there is no such file`);
      continue;
    }
    if (section.kind === "delete") {
      if (isLink(target, "delete")) continue;
      delete change.after;
      summary.push(`D ${target.shown}`);
      continue;
    }
    const edited = editFile(change.after.content, section.hunks);
    if (!edited.ok) {
      wrongs.push(`${target.shown}: ${edited.why}`);
      continue;
    }
    const after = { ...change.after, content: edited.content };
    if (section.moveTo === undefined) {
      // The file is replaced by a new one, which its folder's rights alone would allow.
      if (target.found?.writable === false) {
        wrongs.push(`${target.shown}: this file is read-only for this user`);
        continue;
      }
      change.after = after;
      summary.push(`M ${target.shown}`);
      continue;
    }
    const destination = look(section.moveTo);
    if (!destination || isLink(target, "move")) continue;
    if (destination.change !== change && destination.change.after) {
      wrongs.push(
        `${destination.target.shown}: the file exists already; ${target.shown} can't be moved there`,
      );
    }
    delete change.after;
    destination.change.after = after;
    summary.push(`M ${destination.target.shown} (moved from ${target.shown})`);
  }
  if (wrongs.length > 0) return { ok: false, why: wrongs.join("\n") };
  return { ok: true, plan: { root, changes: [...files.values()].filter(isChange), summary } };
}

function realFolder(workspace: string): string | undefined {
  try {
    return realpathSync(workspace);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

function isChange({ before, after }: Change): boolean {
  if (!before || !after) return before !== after;
  return !before.content.equals(after.content) || before.mode !== after.mode;
}
