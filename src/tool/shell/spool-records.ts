import { readJsonFile, spoolFiles } from "../spool.ts";

/** What is to be run; the owner writes it before it starts a wrapper. The environment is handed over by the process, never by a file. */
export interface CommandRecord {
  command: string;
  /** Absolute. */
  workdir: string;
  shell: string;
  timeoutMs: number;
}

/** How a command ended. */
export interface ExitRecord {
  /** `null` when a signal ended it, or when it could not be started. */
  code: number | null;
  signal: string | null;
  timedOut: boolean;
  cancelled: boolean;
  /** Bytes that it printed. */
  bytes: number;
  /** How many of them the output file leaves out, between its head and its tail. */
  dropped: number;
  /** Milliseconds since 1970. */
  endedAt: number;
  durationMs: number;
  /** Why it could not be started, or its output not be written. */
  trouble?: string;
}

/** The command that is to be run; `undefined` before the owner has written it. Throws as `readJsonFile`. */
export function readCommand(spool: string): CommandRecord | undefined {
  return readJsonFile(spool, spoolFiles.call) as CommandRecord | undefined;
}

/** How a command that is "finished" (`spoolState`) ended. Throws as `readJsonFile`. */
export function readExit(spool: string): ExitRecord {
  return readJsonFile(spool, spoolFiles.exit) as unknown as ExitRecord;
}

/** Bytes of output kept from the beginning; of what comes after, the last `outputTail` are kept too. */
export const outputHead = 64 * 1024 * 1024;
export const outputTail = 1024 * 1024;

/** The exit status of a wrapper that found the call claimed by another one. */
export const claimLost = 75;

/** Variables that would change Node itself are given to the wrapper under this prefix: they are for the command, not for the wrapper. */
export const handedOver = "THROUGHLINE_COMMAND_ENV_";
