import { accessSync, closeSync, constants, openSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../../../failure.ts";
import { quoted } from "../../../lib/words.ts";
import { holdersOf } from "../home/holders.ts";
import { homeOf } from "../home/places.ts";
import { takeWriterLock, type WriterLock } from "../home/writer-lock.ts";

/** Files that this process is at work on: a file outside of a home, or of no known thread, has no lock of Codex's. */
const underWay = new Set<string>();

/**
 * Acts under Codex's lock of the thread, after making sure that the rollout can be written and that nobody has it open for writing.
 * `isPacked`: it is compressed, or is to be again, so that another file is made beside it.
 */
export async function underLock<T>(
  { path, thread, isPacked }: { path: string; thread: string | undefined; isPacked: boolean },
  act: () => T | Promise<T>,
): Promise<T> {
  const home = homeOf(path);
  if (underWay.has(path))
    throw new Failure(
      "lease-held",
      `Another repair of ${path} is under way. Nothing was changed. Try again when that has ended: throughline repair ${quoted(path)} --write`,
      {},
    );
  underWay.add(path);
  let lock: WriterLock | undefined;
  try {
    if (home !== undefined && thread !== undefined) lock = takeWriterLock(home, thread, path);
    // Without the right to write, the repair would otherwise fail in the middle.
    closeSync(openSync(path, "r+"));
    if (isPacked) accessSync(dirname(path), constants.W_OK);
    // Versions before 0.147 take no lock, but keep the rollout open.
    const holder = holdersOf([{ path }], () => {
      throw new Failure(
        "store-unavailable",
        `Whether an older Codex has ${path} open can't be told here: lsof can't be run, or sees nothing. Nothing was changed. Try again outside of any sandbox, with lsof installed: throughline repair ${quoted(path)} --write`,
        { path },
      );
    }).get(path);
    if (holder) {
      const who =
        holder.pid === undefined ? "Another process" : `${holder.program ?? "A process"} (pid ${holder.pid})`;
      throw new Failure(
        "lease-held",
        `${who} has ${path} open for writing. Nothing was changed. Close it there, then try again: throughline repair ${quoted(path)} --write`,
        {},
      );
    }
    return await act();
  } finally {
    underWay.delete(path);
    lock?.release();
  }
}
