import { realpathSync } from "node:fs";
import { hasCode } from "../../lib/system.ts";
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
  const planning = new Planning(workspace);
  for (const section of sections) planning.take(section);
  const { changes, summary, wrongs } = planning;
  return wrongs.length > 0
    ? { ok: false, why: wrongs.join("\n") }
    : { ok: true, plan: { root, changes: changes.filter(isChange), summary } };
}

/** A file that a section names, as the sections before have left it. */
interface Named {
  target: Target;
  change: Change;
}

/** The sections of a patch that were taken so far: what they change, and what is wrong with them. */
class Planning {
  readonly summary: string[] = [];
  readonly wrongs: string[] = [];
  readonly #workspace: string;
  readonly #files = new Map<string, Change>();

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  get changes(): Change[] {
    return [...this.#files.values()];
  }

  take(section: Section): void {
    const file = this.#named(section.path);
    if (!file) return;
    if (section.kind === "add") return this.#add(file, section.lines);
    const { after } = file.change;
    if (!after) return this.#wrong(file, "there is no such file");
    if (section.kind === "delete") return this.#delete(file);
    const edited = editFile(after.content, section.hunks);
    if (!edited.ok) return this.#wrong(file, edited.why);
    const contents = { ...after, content: edited.content };
    if (section.moveTo === undefined) this.#update(file, contents);
    else this.#move(file, section.moveTo, contents);
  }

  #add(file: Named, lines: readonly string[]): void {
    const { target, change } = file;
    if (change.after)
      this.#wrong(file, `the file exists already; use "*** Update File: ${target.shown}" or delete it first`);
    // Deleted and added again in one patch, it keeps its mode.
    change.after = { ...change.before, content: joinLines(lines) };
    this.summary.push(`${change.before ? "M" : "A"} ${target.shown}`);
  }

  #delete(file: Named): void {
    if (this.#isLink(file, "delete")) return;
    delete file.change.after;
    this.summary.push(`D ${file.target.shown}`);
  }

  #update(file: Named, contents: Contents): void {
    const { target, change } = file;
    // The file is replaced by a new one, which its folder's rights alone would allow.
    if (target.found?.writable === false) return this.#wrong(file, "this file is read-only for this user");
    change.after = contents;
    this.summary.push(`M ${target.shown}`);
  }

  #move(file: Named, to: string, contents: Contents): void {
    const { target, change } = file;
    const destination = this.#named(to);
    if (!destination || this.#isLink(file, "move")) return;
    if (destination.change !== change && destination.change.after)
      this.#wrong(destination, `the file exists already; ${target.shown} can't be moved there`);
    delete change.after;
    destination.change.after = contents;
    this.summary.push(`M ${destination.target.shown} (moved from ${target.shown})`);
  }

  #named(path: string): Named | undefined {
    const found = findTarget(this.#workspace, path);
    if (!found.ok) {
      this.wrongs.push(found.why);
      return undefined;
    }
    const { target } = found;
    let change = this.#files.get(target.path);
    if (!change) {
      change = { path: target.path };
      if (target.found) {
        const { writable: _, ...contents } = target.found;
        Object.assign(change, { before: contents, after: contents });
      }
      this.#files.set(target.path, change);
    }
    return { target, change };
  }

  #isLink(file: Named, what: string): boolean {
    const { linked } = file.target;
    if (linked) this.#wrong(file, `this is a symbolic link; ${what} it with shell_command`);
    return linked;
  }

  #wrong({ target }: Named, why: string): void {
    this.wrongs.push(`${target.shown}: ${why}`);
  }
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
