import { z } from "zod";
import { fateOf } from "../../lib/process.ts";
import type { ToolState } from "../../tool.ts";
import { readSpoolRecord, SpoolDamaged, spoolFiles } from "../spool.ts";

// The records of a command's spool as its owners read them. (Its wrapper writes them, and doesn't load this file.)

const processIdentity = z.object({
  machine: z.string(),
  boot: z.string(),
  pidNamespace: z.string(),
  pid: z.number(),
  started: z.string(),
});

/** `at`: milliseconds since 1970. */
const started = processIdentity.extend({ at: z.number() });

const exitRecord = z.object({
  /** `null` when a signal ended it, or when it could not be started. */
  code: z.number().nullable(),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  cancelled: z.boolean(),
  /** Bytes that it printed. */
  bytes: z.number(),
  /** How many of them the output file leaves out, between its head and its tail. */
  dropped: z.number(),
  /** Milliseconds since 1970. */
  endedAt: z.number(),
  durationMs: z.number(),
  /** Why it could not be started, or its output not be written. */
  trouble: z.string().optional(),
});
/** How a command ended. */
export type ExitRecord = z.infer<typeof exitRecord>;

/** The process that claimed a command, and when. Throws as `readSpoolRecord`. */
export const readStarted = (spool: string) => readSpoolRecord(spool, spoolFiles.started, started);

/** The command's own process, when it was started. Throws as `readSpoolRecord`. */
export const readProcess = (spool: string) => readSpoolRecord(spool, spoolFiles.command, processIdentity);

/** How a command stands; where it has ended, also how. */
export type CommandState =
  | Exclude<ToolState, { state: "finished" | "resumable" }>
  | { state: "finished"; exit: ExitRecord };

/** How a command stands, from its folder and the machine's processes alone (R26). */
export function commandState(spool: string): CommandState {
  try {
    return look(spool);
  } catch (error) {
    if (error instanceof SpoolDamaged) return { state: "unknown", why: error.message };
    throw error;
  }
}

function look(spool: string): CommandState {
  const early = ended(spool);
  if (early) return early;
  const claim = readStarted(spool);
  if (!claim) return { state: "not-started" };
  const fate = fateOf(claim);
  if (fate === "alive")
    return { state: "running", pid: readProcess(spool)?.pid ?? claim.pid, since: claim.at };
  // It may have ended between the two looks.
  const late = ended(spool);
  if (late) return late;
  if (fate === "out-of-sight") {
    return {
      state: "unknown",
      why: "it was started on another machine, in another container or in a sandbox, and its process can't be seen from here",
    };
  }
  return { state: "unknown", why: "the machine or the wrapper died while this command ran" };
}

function ended(spool: string): CommandState | undefined {
  const exit = readSpoolRecord(spool, spoolFiles.exit, exitRecord);
  return exit && { state: "finished", exit };
}
