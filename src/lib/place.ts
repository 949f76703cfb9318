import { closeSync, constants, copyFileSync, fsyncSync, linkSync, openSync } from "node:fs";
import { hasCode } from "./system.ts";

/**
 * Error codes of file systems without hard links, or without one from where the draft is: exFAT and some shares say `EPERM`, others the
 * rest.
 */
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"];

/**
 * Gives the content of a durable draft a name, unless there is a file of that name: `false` then. A link is exclusive and appears with its
 * content; where there are none it is an exclusive copy, which a crash can leave unfinished. The draft stays.
 */
export function placeNew(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!hasCode(error, ...noLinks)) throw error;
  }
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  const copy = openSync(path, "r+");
  try {
    fsyncSync(copy);
  } finally {
    closeSync(copy);
  }
  return true;
}
