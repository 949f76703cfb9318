import { hasCode, syncOpen } from "../../lib/system.ts";
import { closeSync, constants, mkdirSync, openSync, realpathSync, rmdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * A folder held open by its handle, so that what is done to its files is done in this folder even if somebody puts a symbolic link in
 * the way of its path in the meantime. Throws when the path leads through a link: the caller has resolved it before.
 */
export class OpenFolder {
  readonly #handle: number;
  readonly #base: string;

  constructor(path: string) {
    this.#handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    // Only Linux has paths relative to a handle (`/proc/self/fd`). Elsewhere the path is used, which was checked just before.
    this.#base = process.platform === "linux" ? `/proc/self/fd/${this.#handle}` : path;
    try {
      const real = realpathSync(this.#base);
      if (real !== path) throw new Error(`${path} leads to ${real}: a symbolic link was put in its way`);
    } catch (error) {
      closeSync(this.#handle);
      throw error;
    }
  }

  /** The path of one of its files, for the calls of node:fs. */
  file(name: string): string {
    return join(this.#base, name);
  }

  /** Makes the names in the folder durable. */
  sync(): void {
    syncOpen(this.#handle);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

/** Does something in the folder and closes it. */
export function inFolder<T>(path: string, act: (folder: OpenFolder) => T): T {
  const folder = new OpenFolder(path);
  try {
    return act(folder);
  } finally {
    folder.close();
  }
}

/** Makes the folder and its missing parents, each inside the parent that was checked. Returns those that were made. */
export function makeFolders(path: string): string[] {
  const parent = dirname(path);
  const made: string[] = [];
  try {
    inFolder(path, () => {});
    return made;
  } catch (error) {
    if (!hasCode(error, "ENOENT") || parent === path) throw error;
  }
  made.push(...makeFolders(parent));
  inFolder(parent, (folder) => {
    mkdirSync(folder.file(basename(path)));
    folder.sync();
  });
  return [...made, path];
}

/** Takes folders away again that `makeFolders` made, unless something was put into them since. */
export function removeFolders(made: readonly string[]): void {
  for (const path of made.toReversed()) {
    try {
      rmdirSync(path);
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR")) throw error;
    }
  }
}
