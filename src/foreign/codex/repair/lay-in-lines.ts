import { closeSync, openSync, renameSync } from "node:fs";
import { appendAll } from "../../../lib/write.ts";
import type { Writing } from "../rollout/file/layout.ts";
import { relaidPieces } from "../rollout/file/lines-of.ts";
import { type ShownEdit, shownBytes } from "./repair-changes.ts";

/**
 * Writes a copy that a program has laid out in another way anew, with a line for each record; one piece of it is in memory at a time.
 * Resolves to the edit that is shown for it.
 */
export async function layInLines(
  file: string,
  length: number,
  writing: Writing,
): Promise<Omit<ShownEdit, "had">> {
  const fresh = `${file}.next`;
  const fd = openSync(fresh, "w", 0o600);
  let [becomes, begins] = [0, Buffer.alloc(0)];
  try {
    for await (const piece of relaidPieces(file, writing)) {
      appendAll(fd, piece);
      becomes += piece.length;
      // A copy: a subarray would keep the whole buffer alive.
      if (begins.length < shownBytes)
        begins = Buffer.concat([begins, piece.subarray(0, shownBytes - begins.length)]);
    }
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, file);
  const says = "every record gets a line of its own, in UTF-8";
  return { at: 0, length, kind: "other-layout", line: 1, says, becomes, begins };
}
