import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { isSystemError } from "../../lib/system.ts";
import { identifyProcess } from "../../lib/process.ts";
import type { Owner } from "../../session/event.ts";

/** This process as leases and logs name it. `since` in milliseconds since 1970. */
export function processOwner(version: string, since: number, doing: string): Owner {
  const identity = identifyProcess();
  if (!identity) throw new Error(`the system doesn't say when process ${process.pid} started`);
  const tty = terminal();
  const { machine, boot, pidNamespace, pid, started } = identity;
  return {
    host: hostname(),
    machine,
    boot,
    pidNamespace,
    pid,
    started,
    ...(tty === undefined ? {} : { tty }),
    version,
    since,
    doing,
  };
}

/** The terminal that this process is worked at, as the platform names it. */
function terminal(): string | undefined {
  if (!process.stdin.isTTY || process.platform !== "linux") return undefined;
  try {
    return readlinkSync("/proc/self/fd/0");
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}
