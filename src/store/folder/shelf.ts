import { closeSync, fsyncSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { syncPath } from "../../lib/system.ts";
import { openPrivate } from "./files.ts";

/** Beside a log that can't take an event: its session is archived. */
const markPath = (folder: string): string => join(folder, "archived");

/** Durable when it returns. Returns whether the mark was set or removed. */
export function shelve(folder: string, archived: boolean): boolean {
  if (isShelved(folder) === archived) return false;
  if (archived) {
    const fd = openPrivate(markPath(folder), "a");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } else rmSync(markPath(folder), { force: true });
  syncPath(folder);
  return true;
}

/** Whether the folder has the mark of an archived session. */
export function isShelved(folder: string): boolean {
  return lstatSync(markPath(folder), { throwIfNoEntry: false }) !== undefined;
}
