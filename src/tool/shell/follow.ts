import type { ChildProcess } from "node:child_process";
import { closeSync, readSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { hasCode, messageOf } from "../../lib/system.ts";
import { openToRead } from "../../lib/open-file.ts";
import { fateOf } from "../../lib/process.ts";
import type { ToolContext, ToolOutcome } from "../../tool.ts";
import { spoolFiles } from "../spool.ts";
import { exitOutcome, killedOutcome, unknownOutcome } from "./answer.ts";
import { commandState, readProcess, readStarted } from "./state.ts";

/** Milliseconds between looks at the spool. (The exit of a wrapper that this process started is noticed at once.) */
const firstLook = 50;
const lastLook = 250;
/** How long a wrapper may take to end its command after TERM, milliseconds: its own grace, and the time to write. */
const patience = 8000;

/**
 * Waits for the end of the command that runs under the spool's wrapper, whoever started it, and answers with its outcome. `child` is
 * the wrapper if this process started it. An abort sends TERM to the wrapper, which ends the command and keeps what it printed. When
 * the session is lost, it is let go of and throws the reason.
 */
export async function follow(context: ToolContext, child?: ChildProcess): Promise<ToolOutcome> {
  const { spool, signal, lost } = context;
  const began = performance.now();
  const printed = new Printed(spool, context.onProgress);
  let own: ChildEnd | "runs" = child ? "runs" : { code: null };
  let stopBy = Infinity;
  let wake = (): void => {};
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  lost?.addEventListener("abort", onAbort, { once: true });
  child?.once("exit", (code) => {
    own = { code };
    wake();
  });
  child?.once("error", (error) => {
    own = { code: null, error };
    wake();
  });

  try {
    for (let wait = firstLook; ; wait = Math.min(wait * 1.5, lastLook)) {
      lost?.throwIfAborted();
      if (signal.aborted && stopBy === Infinity) stopBy = stop(spool, child);
      const ended = own;
      const state = commandState(spool);
      printed.pass();
      if (state.state === "finished") return exitOutcome(spool, state.exit);
      // One's own wrapper can be waited for, whatever can be seen of it.
      if (state.state === "unknown" && ended !== "runs") return unknownOutcome(spool, state.why);
      if (state.state === "not-started" && ended !== "runs") return neverStarted(spool, signal, ended);
      if (performance.now() > stopBy) return kill(spool, child, performance.now() - began);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    lost?.removeEventListener("abort", onAbort);
    // A wrapper that is no longer followed must not keep this process alive.
    child?.unref();
  }
}

interface ChildEnd {
  code: number | null;
  error?: Error;
}

/**
 * The outcome when our own wrapper ended before it claimed the call, because it was stopped or could not run: the command was not
 * started.
 */
function neverStarted(spool: string, signal: AbortSignal, end: ChildEnd): ToolOutcome {
  if (signal.aborted) return { output: "Not started: cancelled.", status: "cancelled", durationMs: 0 };
  const why =
    end.error === undefined
      ? `its wrapper ended with status ${end.code ?? "unknown"}; see ${join(spool, spoolFiles.log)}`
      : messageOf(end.error);
  return { output: `The command was not started: ${why}.`, status: "failed", durationMs: 0 };
}

/** Sends TERM to the wrapper. Returns until when it may take to obey, on the monotonic clock. */
function stop(spool: string, child: ChildProcess | undefined): number {
  const started = readStarted(spool);
  if (started && fateOf(started) === "alive") send(started.pid, "SIGTERM");
  // A wrapper of one's own that has not claimed the call yet just ends; one that can't be seen is told by its handle.
  else child?.kill("SIGTERM");
  return performance.now() + patience;
}

/** The last resort, for a wrapper that hangs. */
function kill(spool: string, child: ChildProcess | undefined, waited: number): ToolOutcome {
  const started = readStarted(spool);
  const command = readProcess(spool);
  if (started && fateOf(started) === "alive") send(started.pid, "SIGKILL");
  else child?.kill("SIGKILL");
  if (command && fateOf(command) === "alive" && !send(-command.pid, "SIGKILL"))
    return unknownOutcome(
      spool,
      "it was told to stop, and has rights (as under sudo) that keep it from being ended",
    );
  return killedOutcome(spool, Math.round(started ? Date.now() - started.at : waited));
}

/** False when all that there is to be signalled has become another user's. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (hasCode(error, "EPERM")) return false;
    // It ended in the meantime.
    if (!hasCode(error, "ESRCH")) throw error;
  }
  return true;
}

/** Passes on what the command prints, as far as it was written since the last look. */
class Printed {
  readonly #path: string;
  readonly #onProgress: ((text: string) => void) | undefined;
  readonly #decoder = new StringDecoder("utf8");
  #at = 0;

  constructor(spool: string, onProgress: ((text: string) => void) | undefined) {
    this.#path = join(spool, spoolFiles.output);
    this.#onProgress = onProgress;
  }

  pass(): void {
    if (!this.#onProgress) return;
    let file: number;
    try {
      file = openToRead(this.#path);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return;
      throw error;
    }
    try {
      const buffer = Buffer.alloc(64 * 1024);
      for (let read; (read = readSync(file, buffer, 0, buffer.length, this.#at)) > 0; this.#at += read) {
        const text = this.#decoder.write(buffer.subarray(0, read));
        if (text) this.#onProgress(text);
      }
    } finally {
      closeSync(file);
    }
  }
}
