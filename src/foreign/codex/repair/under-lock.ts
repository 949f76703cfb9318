import { accessSync, closeSync, constants, openSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../../../failure.ts";
import { quoted } from "../../../lib/words.ts";
import { holdersOf } from "../home/holders.ts";
import { homeOf } from "../home/places.ts";
import { takeWriterLock, type WriterLock } from "../home/writer-lock.ts";

/**
 * Acts under Codex's lock of the thread, after making sure that the rollout can be written and that nobody has it open for writing.
 * `isPacked`: it is compressed, or is to be again, so that another file is made beside it.
 */
export async function underLock<T>(
  { path, thread, isPacked }: { path: string; thread: string | undefined; isPacked: boolean },
  act: () => T | Promise<T>,
): Promise<T> {
  const home = homeOf(path);
  const lock: WriterLock | undefined =
    home !== undefined && thread !== undefined ? takeWriterLock(home, thread, path) : undefined;
  try {
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
    lock?.release();
  }
}
