import { existsSync, realpathSync } from "node:fs";
import { listRollouts } from "../../foreign/codex/home/places.ts";
import { quoted } from "../../lib/words.ts";

/** The name by which a command finds a rollout, quoted for a shell. */
export type Reference = (path: string, thread: string | undefined) => string;

/**
 * Names rollouts by their thread's id where that means this very file, and by path where it wouldn't: outside of this Codex home, or where
 * the thread has several files. The home is looked through on the first call.
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
