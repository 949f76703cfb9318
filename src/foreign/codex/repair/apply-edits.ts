import { closeSync, fstatSync, openSync, renameSync } from "node:fs";
import { writeAll } from "../../../lib/write.ts";
import { copyBytes, type Edit } from "./edit.ts";
import type { PlannedEdits } from "./planned-edits.ts";

const block = 2 ** 20;

/**
 * Carries edits out on a copy: `file` is a scratch file of ours that nobody else has open. Edits that keep their length are written in
 * place; otherwise the file is written anew beside itself. Edits must not overlap.
 */
export function applyEdits(file: string, edits: PlannedEdits): void {
  if (!edits.isShifting) {
    const fd = openSync(file, "r+");
    try {
      for (const edit of edits.inOrder()) writeEdit(fd, edit, edit.at);
    } finally {
      closeSync(fd);
    }
    return;
  }
  const fresh = `${file}.next`;
  const [from, to] = [openSync(file, "r"), openSync(fresh, "w", 0o600)];
  try {
    let [read, written] = [0, 0];
    for (const edit of edits.inOrder()) {
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

function writeEdit(fd: number, { bytes, length }: Pick<Edit, "bytes" | "length">, at: number): number {
  if (bytes !== "blank") {
    writeAll(fd, bytes, at);
    return bytes.length;
  }
  const spaces = Buffer.alloc(Math.min(block, length), 0x20);
  for (let done = 0; done < length; done += spaces.length)
    writeAll(fd, spaces.subarray(0, Math.min(spaces.length, length - done)), at + done);
  return length;
}
