import { closeSync, fstatSync, openSync, renameSync } from "node:fs";
import { Pauses } from "../../../lib/pauses.ts";
import { writeAll } from "../../../lib/write.ts";
import { copyBytes } from "./copy.ts";
import type { Edit } from "../plan/edit.ts";
import type { PlannedEdits } from "./planned-edits.ts";

const block = 2 ** 20;
/** Bytes that are copied at once. */
const piece = 2 ** 23;

/**
 * Carries edits out on a copy: `file` is a scratch file of ours that nobody else has open. Edits that keep their length are written in
 * place; otherwise the file is written anew beside itself. Edits must not overlap. Gives way to others.
 */
export async function applyEdits(file: string, edits: PlannedEdits): Promise<void> {
  const pauses = new Pauses();
  if (!edits.isShifting) {
    const fd = openSync(file, "r+");
    try {
      for (const edit of edits.inOrder()) {
        writeEdit(fd, edit, edit.at);
        if (pauses.isDue) await pauses.take();
      }
    } finally {
      closeSync(fd);
    }
    return;
  }
  const fresh = `${file}.next`;
  const [from, to] = [openSync(file, "r"), openSync(fresh, "w", 0o600)];
  try {
    let [read, written] = [0, 0];
    const end = fstatSync(from).size;
    const copyTo = async (at: number): Promise<void> => {
      while (read < at) {
        const bytes = Math.min(piece, at - read);
        copyBytes(from, to, { at: read, to: written, bytes });
        [read, written] = [read + bytes, written + bytes];
        if (pauses.isDue) await pauses.take();
      }
    };
    for (const edit of edits.inOrder()) {
      await copyTo(edit.at);
      written += writeEdit(to, edit, written);
      read = edit.at + edit.length;
    }
    await copyTo(end);
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
