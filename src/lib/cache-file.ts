import { chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseJson } from "./json.ts";
import { readText } from "./open-file.ts";
import { ifPossible, isSystemError, makeFolders, systemWords } from "./system.ts";

/** The content of a cache's file, parsed. `undefined` when there is none, or it can't be read or parsed: a cache can be made anew. */
export function readCacheFile(path: string): unknown {
  return ifPossible(() => parseJson(readText(path)));
}

/**
 * Writes a cache's file atomically, readable by its owner alone, since it may hold prompts. Of two writers the last one wins. Returns why it
 * could not be written, which costs time at the next start and nothing else.
 */
export function writeCacheFile(path: string, content: unknown): string | undefined {
  const temporary = `${path}.${process.pid}`;
  try {
    makeFolders(dirname(path));
    writeFileSync(temporary, JSON.stringify(content), { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
    return undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // What kept the file from being written may keep it from being removed: a folder that may not be entered, or that is none.
    ifPossible(() => rmSync(temporary, { force: true }));
    return systemWords(error);
  }
}
