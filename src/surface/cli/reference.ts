import { existsSync, realpathSync } from "node:fs";
import { listRollouts } from "../../foreign/codex/home/places.ts";
import { quoted } from "../../lib/words.ts";

/** How a command names a rollout, for a shell. */
export type Reference = (path: string, thread: string | undefined) => string;

/**
 * By its thread's id where that means this very file; by its path where it lies elsewhere than in the Codex home in use, or is one of several
 * files of its thread: the id would mean another one. The home is looked through when it is asked for the first time.
 */
export function referencesIn(home: string): Reference {
  let files: Map<string, string[]> | undefined;
  return (path, thread) => {
    if (thread === undefined) return quoted(path);
    files ??= filesByThread(home);
    const [only, ...others] = files.get(thread.toLowerCase()) ?? [];
    return only === path && others.length === 0 ? thread : quoted(path);
  };
}

function filesByThread(home: string): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const { thread, path } of listRollouts(existsSync(home) ? realpathSync(home) : home)) {
    const known = files.get(thread);
    if (known) known.push(path);
    else files.set(thread, [path]);
  }
  return files;
}
