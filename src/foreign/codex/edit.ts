import {
  chmodSync,
  closeSync,
  copyFileSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import type { FindingKind } from "./findings.ts";

/** Bytes of a rollout that become other bytes. */
export interface Edit {
  readonly at: number;
  /** How many bytes are replaced; 0 inserts. */
  readonly length: number;
  /** "blank": as many spaces as bytes are replaced. */
  readonly bytes: Buffer | "blank";
  readonly kind: FindingKind;
  /** Line number, from 1, in the file that is edited. */
  readonly line: number;
  /** For the diff: what is done, in words. */
  readonly says: string;
  /** Of what is replaced, what no record keeps: it is copied out. */
  readonly lost?: readonly Buffer[];
}

/** By how many bytes an edit moves what stands behind it. */
export function shiftOf({ length, bytes }: Edit): number {
  return bytes === "blank" ? 0 : bytes.length - length;
}

const block = 2 ** 20;

/**
 * Carries edits out on a copy: `file` is a scratch file of ours that nobody else has open. Edits that keep their length are written in
 * place; otherwise the file is written anew beside itself. Edits must not overlap.
 */
export function applyEdits(file: string, edits: readonly Edit[]): void {
  const sorted = edits.toSorted((a, b) => a.at - b.at);
  if (sorted.every((edit) => shiftOf(edit) === 0)) {
    const fd = openSync(file, "r+");
    try {
      for (const edit of sorted) writeEdit(fd, edit, edit.at);
    } finally {
      closeSync(fd);
    }
    return;
  }
  const fresh = `${file}.next`;
  const [from, to] = [openSync(file, "r"), openSync(fresh, "w", 0o600)];
  try {
    let [read, written] = [0, 0];
    for (const edit of sorted) {
      written += copyBytes(from, to, { at: read, to: written, bytes: edit.at - read });
      written += writeEdit(to, edit, written);
      read = edit.at + edit.length;
    }
    copyBytes(from, to, { at: read, to: written, bytes: fstatSync(from).size - read });
  } finally {
    closeSync(from);
    closeSync(to);
  }
  renameSync(fresh, file);
}

/** A copy that only its owner can read; shares blocks where the file system can. */
export function copyPrivately(from: string, to: string): void {
  closeSync(openSync(to, "wx", 0o600));
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  // The copying takes the source's rights along.
  chmodSync(to, 0o600);
}

/** Copies a range from one open file to another; returns how many bytes. */
export function copyBytes(
  from: number,
  target: number,
  range: { at: number; to: number; bytes: number },
): number {
  const buffer = Buffer.allocUnsafe(Math.min(block, Math.max(1, range.bytes)));
  let done = 0;
  while (done < range.bytes) {
    const read = readSync(from, buffer, 0, Math.min(buffer.length, range.bytes - done), range.at + done);
    if (read === 0) break;
    writeAll(target, buffer.subarray(0, read), range.to + done);
    done += read;
  }
  return done;
}

export function writeAll(fd: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(fd, bytes, written, bytes.length - written, at + written);
}

function writeEdit(fd: number, { bytes, length }: Edit, at: number): number {
  if (bytes !== "blank") {
    writeAll(fd, bytes, at);
    return bytes.length;
  }
  const spaces = Buffer.alloc(Math.min(block, length), 0x20);
  for (let done = 0; done < length; done += spaces.length)
    writeAll(fd, spaces.subarray(0, Math.min(spaces.length, length - done)), at + done);
  return length;
}
