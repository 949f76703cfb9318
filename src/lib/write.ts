import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";

/** Appends all of the bytes. A disk that fills up writes a part of them without an error, and fails at the next write. */
export function appendAll(fd: number, bytes: Uint8Array): number {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
  return bytes.length;
}

/** Makes a file with these bytes, for its owner alone and durable. Throws EEXIST where there is one. */
export function makeFile(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    appendAll(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes all of the bytes at a position of the file. */
export function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(fd, bytes, written, bytes.length - written, at + written);
}
