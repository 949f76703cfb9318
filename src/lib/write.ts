import { writeSync } from "node:fs";

/** All of it behind what is there already: a disk that fills up takes a part of a write and says so in the next one only. */
export function appendAll(fd: number, bytes: Uint8Array): number {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
  return bytes.length;
}

/** All of it at a place of the file. */
export function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(fd, bytes, written, bytes.length - written, at + written);
}
