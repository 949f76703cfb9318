import { closeSync, fstatSync, openSync, readSync, rmSync, type Stats, statSync } from "node:fs";
import { writeAll } from "../../../lib/write.ts";
import { type Encoding, encoded } from "../rollout/bytes/encoding.ts";
import { bytesAt, readerOf } from "../../../lib/file-bytes.ts";
import { writingOf } from "../rollout/file/layout.ts";
import { copyBytes, copyPrivately } from "./copy.ts";
import { assertUntouched, betweenTo, digest, syncFile } from "./in-place.ts";
import type { Journal, RepairFolder } from "./journal.ts";

const [newline, openBrace] = [0x0a, 0x7b];

/**
 * Where what Codex has appended begins in a rollout that was to become `to` instead of `from`, and whose writing was cut off; `undefined`
 * where more was changed than that.
 */
export async function goneOnAt(path: string, from: string, to: string): Promise<number | undefined> {
  const [before, after] = [statSync(from).size, statSync(to).size];
  const at = await betweenTo(path, from, to);
  if (at < before) {
    // It was cut to its new length before Codex went on.
    const isWritten = statSync(path).size > after && (await digest(path, after)) === (await digest(to));
    return isWritten ? after : undefined;
  }
  // Of what grows, a part may stand there already; where Codex's first bytes look like its next ones, that reaches into them.
  return at === before || beginsLine(path, at) ? at : before;
}

function beginsLine(path: string, at: number): boolean {
  const [byte] = bytesAt(path, at, 1);
  return byte === newline || byte === openBrace;
}

const byteAt = (fd: number, at: number): number | undefined => readerOf(fd)(at, 1)[0];

/**
 * Makes what a rollout becomes of which Codex has written the bytes from `since` on, in the folder and durably: what the repair or its
 * undoing would have made of it, and those bytes. Returns the journal that says so, and has written it.
 */
export async function withLater(
  folder: RepairFolder,
  journal: Journal,
  { since, stat }: { since: number; stat: Stats },
): Promise<Journal> {
  const { path } = journal;
  const isUndoing = journal.state === "undoing";
  for (const file of [folder.found, folder.merged]) rmSync(file, { force: true });
  await copyPrivately(path, folder.found);
  await copyPrivately(isUndoing ? folder.restored : folder.repaired, folder.merged);
  const encoding = isUndoing ? writingOf(folder.original)?.encoding : undefined;
  appendLater(folder.found, since, folder.merged, encoding);
  for (const file of [folder.found, folder.merged]) await syncFile(file);
  assertUntouched(path, stat, "its repair was finished");
  const goneOn: Journal = { ...journal, goneOn: true };
  folder.write(goneOn);
  return goneOn;
}

/** Appends what one file holds from an offset on to another, on lines of its own and in the encoding that the other has. */
export function appendLater(
  source: string,
  since: number,
  target: string,
  encoding: Encoding = "utf-8",
): void {
  const [from, to] = [openSync(source, "r"), openSync(target, "r+")];
  try {
    // Newer versions of Codex first end a line that isn't.
    const at = byteAt(from, since) === newline ? since + 1 : since;
    const [later, end] = [fstatSync(from).size - at, fstatSync(to).size];
    if (later === 0) return;
    if (encoding !== "utf-8") {
      appendEncoded(from, to, at, encoding);
      return;
    }
    const isEnded = end === 0 || byteAt(to, end - 1) === newline;
    if (!isEnded) writeAll(to, Buffer.from("\n"), end);
    copyBytes(from, to, { at, to: end + (isEnded ? 0 : 1), bytes: later });
  } finally {
    closeSync(from);
    closeSync(to);
  }
}

function appendEncoded(from: number, to: number, since: number, encoding: Encoding): void {
  const decoder = new TextDecoder();
  const piece = Buffer.allocUnsafe(2 ** 20);
  const { size } = fstatSync(to);
  // In UTF-16, after half a character, nothing that follows could be read.
  let end = size + (size % 2);
  const append = (text: string): void => {
    const bytes = encoded(text, encoding);
    writeAll(to, bytes, end);
    end += bytes.length;
  };
  append("\n");
  for (let at = since; ;) {
    const read = readSync(from, piece, 0, piece.length, at);
    append(decoder.decode(piece.subarray(0, read), { stream: read > 0 }));
    if (read === 0) return;
    at += read;
  }
}
