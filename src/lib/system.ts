import { closeSync, fsyncSync, openSync } from "node:fs";

/** Whether an error is what the operating system said to a call of it, and not a mistake of this program. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === "string";
}

/** Makes a file's bytes, or the entries of a folder (files made, renamed or removed in it), durable. */
export function syncPath(path: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
