import { lstatSync, rmSync } from "node:fs";

const mostTries = 100;

/**
 * Removes a file, or a folder with all that is in it; what isn't there is removed already. `rmSync` alone ends without a word, and leaves
 * the rest, when a file vanishes or is renamed between its listing and its removal (Node 24.21, measured 2026-11-21: nearly always beside a
 * process that writes there), so it is asked again until nothing is left.
 * @throws what the system says, or ENOTEMPTY when somebody goes on filling the folder.
 */
export function removeWhole(path: string): void {
  for (let tries = 0; tries < mostTries; tries++) {
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  }
  const facts = { code: "ENOTEMPTY", syscall: "rm", path };
  throw Object.assign(new Error(`ENOTEMPTY: somebody goes on writing, rm '${path}'`), facts);
}
