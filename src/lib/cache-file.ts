import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseJson } from "./json.ts";
import { isSystemError, makeFolders } from "./system.ts";

/** What a cache's file holds, as JSON; `undefined` when there is none, it can't be read, or it is no JSON: a cache is made again. */
export function readCacheFile(path: string): unknown {
  try {
    return parseJson(readFileSync(path, "utf8"));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/**
 * Puts a cache's file in place whole, for its owner alone: it may hold what people asked. Of two writers the last one counts. Returns why
 * it could not be written; that costs time and nothing more.
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
    rmSync(temporary, { force: true });
    return error.message;
  }
}
