// What a build does with the files of earlier ones that it didn't write again.
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A program that started before a build may still load a file of the build before. */
const keptMs = 24 * 3_600_000;
/** The names of what the last build wrote. */
const listName = "files.json";
/** What npm leaves out of a package. In a folder below the package's own it counts beside `files` of package.json. */
const ignoreName = ".npmignore";

/**
 * Keeps the files of earlier builds for a day from when they were replaced, however old they are, and removes the others; `npm pack` takes
 * none of them. `written`: what this build has written to the folder.
 */
export function keepReplaced(folder: string, written: readonly string[], now: number): void {
  const current = new Set(written);
  const before = lastWritten(folder);
  const kept: string[] = [listName];
  for (const name of readdirSync(folder)) {
    if (current.has(name) || name === listName || name === ignoreName) continue;
    const path = join(folder, name);
    if (before?.has(name) ?? true) utimesSync(path, now / 1_000, now / 1_000);
    else if (now - statSync(path).mtimeMs > keptMs) {
      rmSync(path, { recursive: true });
      continue;
    }
    kept.push(name);
  }
  writeFileSync(join(folder, ignoreName), kept.map((name) => `/${name}\n`).join(""));
  writeFileSync(join(folder, listName), `${JSON.stringify([...current])}\n`);
}

/** `undefined` where the last build made no list: then everything counts as replaced by this one. */
function lastWritten(folder: string): ReadonlySet<string> | undefined {
  try {
    return new Set(JSON.parse(readFileSync(join(folder, listName), "utf8")) as string[]);
  } catch {
    return undefined;
  }
}
