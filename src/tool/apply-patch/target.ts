import { closeSync, constants, lstatSync, openSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Owner } from "../../lib/owner.ts";
import { hasCode, isSystemError } from "../../lib/system.ts";

/** A file that a patch names, as it stands on disk. */
export interface Target {
  /** From the workspace, with forward slashes, as it is printed. */
  shown: string;
  /** Absolute and without symbolic links: the file itself, should it be reached through one. */
  path: string;
  /** Undefined when there is no such file. `writable`: its mode and its owner let this user write to it. */
  found?: { content: Buffer; mode: number; owner: Owner; writable: boolean };
  /** The path itself is a symbolic link (to `path`). */
  linked: boolean;
}

/** The file, or the reason why a patch may not touch it. */
export type FoundTarget = { ok: true; target: Target } | { ok: false; why: string };

/** Looks a path of a patch up. Refused: whatever is outside the workspace, by name or by symbolic link, and what is no regular file. */
export function findTarget(workspace: string, named: string): FoundTarget {
  const found = findPlace(workspace, named);
  if (!found.ok) return found;
  const { shown, path, linked, stats } = found;
  const target: Target = { shown, path, linked };
  if (!stats) return { ok: true, target };
  try {
    const { uid, gid } = stats;
    const content = readFileSync(path);
    target.found = { content, mode: stats.mode & 0o7777, owner: { uid, gid }, writable: isWritable(path) };
    return { ok: true, target };
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return { ok: false, why: `${named}: ${(error as Error).message}` };
    throw error;
  }
}

/** The file that a path leads to over symbolic links, from the workspace; `undefined` where it is the one that is named, or may not be touched. */
export function ledTo(workspace: string, named: string): string | undefined {
  try {
    const found = findPlace(workspace, named);
    if (!found.ok) return undefined;
    const way = relative(realpathSync(workspace), found.path).split(sep).join("/");
    return way === found.shown ? undefined : way;
  } catch (error) {
    // What is wrong with it, or with the workspace, is told when the patch is made.
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

type FoundPlace =
  | (Omit<Target, "found"> & { ok: true; stats: Stats | undefined })
  | Extract<FoundTarget, { ok: false }>;

function findPlace(workspace: string, named: string): FoundPlace {
  const root = realpathSync(workspace);
  const refuse = (why: string): FoundPlace => ({ ok: false, why: `${named}: ${why}` });
  if (named.includes("\0")) return refuse("the path holds a NUL character");
  const way = inside(resolve(workspace), resolve(workspace, named)) ?? inside(root, resolve(root, named));
  if (way === undefined) return refuse(`the path is outside the workspace ${workspace}`);
  if (way === "") return refuse("this is the workspace itself");

  const lexical = join(root, way);
  try {
    const folder = realFolder(dirname(lexical));
    if (inside(root, folder) === undefined)
      return refuse(`the path leads out of the workspace through a symbolic link (to ${folder})`);
    let path = join(folder, basename(lexical));
    let stats = statOf(path);
    const linked = stats?.isSymbolicLink() === true;
    if (linked) {
      path = realpathSync(path);
      if (inside(root, path) === undefined)
        return refuse(`it is a symbolic link that leads out of the workspace (to ${path})`);
      stats = statOf(path);
    }
    if (stats && !stats.isFile())
      return refuse(stats.isDirectory() ? "this is a folder" : "this is no regular file");
    return { ok: true, shown: way.split(sep).join("/"), path, linked, stats };
  } catch (error) {
    if (hasCode(error, "ENOTDIR")) return refuse("a part of the path is a file, not a folder");
    if (hasCode(error, "ENOENT"))
      return refuse("the path leads over a symbolic link to something that doesn't exist");
    if (hasCode(error, "ELOOP")) return refuse("the path leads over symbolic links in a circle");
    if (hasCode(error, "EACCES", "EPERM", "ENAMETOOLONG")) return refuse((error as Error).message);
    throw error;
  }
}

/** The way from the folder to the path, or `undefined` when it leads out of it. */
function inside(folder: string, path: string): string | undefined {
  const way = relative(folder, path);
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way;
}

/** The folder without symbolic links; the part of it that doesn't exist yet is taken as it is named. */
function realFolder(folder: string): string {
  const stats = statOf(folder);
  if (stats?.isSymbolicLink()) return realpathSync(folder);
  const parent = dirname(folder);
  if (stats && !stats.isDirectory())
    throw Object.assign(new Error(`${folder} is not a folder`), { code: "ENOTDIR" });
  return parent === folder ? folder : join(realFolder(parent), basename(folder));
}

function isWritable(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY));
    return true;
  } catch (error) {
    // A program that runs can't be written to and is replaced all the same.
    return !hasCode(error, "EACCES", "EPERM", "EROFS");
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
