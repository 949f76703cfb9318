import { readJsonFile, spoolFiles } from "../spool.ts";

/** What is to be run; the owner writes it before it starts a wrapper. The environment is handed over by the process, never by a file. */
export interface CommandRecord {
  command: string;
  /** Absolute. */
  workdir: string;
  shell: string;
  timeoutMs: number;
}

/**
 * The command that is to be run; `undefined` before the owner has written it. Throws as `readJsonFile`. Its shape isn't looked at: the wrapper
 * reads what was written for it just now.
 */
export function readCommand(spool: string): CommandRecord | undefined {
  return readJsonFile(spool, spoolFiles.call) as CommandRecord | undefined;
}

/** Bytes of output kept from the beginning; of what comes after, the last `outputTail` are kept too. */
export const outputHead = 64 * 1024 * 1024;
export const outputTail = 1024 * 1024;

/** The exit status of a wrapper that found the call claimed by another one. */
export const claimLost = 75;

/** Variables that would change Node itself are given to the wrapper under this prefix: they are for the command, not for the wrapper. */
export const handedOver = "THROUGHLINE_COMMAND_ENV_";
