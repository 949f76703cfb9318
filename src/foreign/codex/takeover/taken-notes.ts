import { statSync } from "node:fs";
import { join } from "node:path";
import { readCacheFile, writeCacheFile } from "../../../lib/cache-file.ts";
import { ifPossible } from "../../../lib/system.ts";
import type { RolloutFile } from "../home/places.ts";

/** By what a file is known again. */
type Standing = Pick<RolloutFile, "path" | "bytes" | "mtime">;

/** At most so many threads are remembered, those taken over last. */
const mostNotes = 2_000;

/**
 * How the files of a thread stood when it was last taken over, so that a session of hundreds of megabytes need not be read to see that
 * nothing is new. A cache, as the scan's: what isn't in it is looked at.
 */
export class TakenNotes {
  readonly #path: string;
  readonly #notes: Map<string, string>;

  constructor(folder: string) {
    this.#path = join(folder, "codex-taken.json");
    this.#notes = new Map(readNotes(this.#path));
  }

  /** Whether the thread was taken over, as far as that is remembered. */
  has(thread: string): boolean {
    return this.#notes.has(thread);
  }

  /** Whether these, the thread's own files, are as they stood, and so is what it goes on from. */
  isKnown(thread: string, files: readonly Standing[]): boolean {
    const noted = new Set(this.#notes.get(thread)?.split("\n"));
    return (
      files.length > 0 && files.every((file) => noted.delete(standing(file))) && [...noted].every(isStill)
    );
  }

  /** Notes how they stand; a cache that can't be written costs time and nothing more. */
  put(thread: string, files: readonly Standing[]): void {
    const note = files.map(standing).sort().join("\n");
    if (this.#notes.get(thread) === note) return;
    this.#notes.delete(thread);
    this.#notes.set(thread, note);
    writeCacheFile(this.#path, [...this.#notes].slice(-mostNotes));
  }
}

const standing = ({ path, bytes, mtime }: Standing): string => `${path} ${bytes} ${mtime}`;

/** Whether the file of a noted line is as it stood. */
function isStill(line: string): boolean {
  const path = line.replace(/ \d+ [\d.]+$/u, "");
  const stat = ifPossible(() => statSync(path));
  return stat !== undefined && standing({ path, bytes: stat.size, mtime: stat.mtimeMs }) === line;
}

function readNotes(path: string): [string, string][] {
  const notes = readCacheFile(path);
  if (!Array.isArray(notes)) return [];
  return (notes as unknown[]).filter(
    (note): note is [string, string] =>
      Array.isArray(note) && typeof note[0] === "string" && typeof note[1] === "string",
  );
}
