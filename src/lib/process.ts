import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { hasCode, isSystemError } from "./system.ts";

/**
 * Names one process and no later one: a pid alone is given away again. `boot` is the machine's boot (a reboot ends every process),
 * `pidNamespace` the namespace in which `pid` counts (empty where the platform has none), `started` the start time in the platform's
 * own unit (empty where the system doesn't tell it).
 */
export interface ProcessIdentity {
  machine: string;
  boot: string;
  pidNamespace: string;
  pid: number;
  started: string;
}

/** "out-of-sight": it ran on another machine or in another pid namespace, where this process can't look, or the system doesn't let it. */
export type ProcessFate = "alive" | "dead" | "out-of-sight";

/** The identity of a living process of this machine, or `undefined` when there is none with this pid. */
export function identifyProcess(pid: number = process.pid): ProcessIdentity | undefined {
  const started = startTime(pid);
  return started === undefined ? undefined : { ...surroundings(), pid, started };
}

/** Whether the process still runs, as far as it can be seen from here. */
export function fateOf(identity: ProcessIdentity): ProcessFate {
  const here = surroundings();
  if (identity.machine !== here.machine) return "out-of-sight";
  if (identity.boot !== here.boot) return "dead";
  if (identity.pidNamespace !== here.pidNamespace) return "out-of-sight";
  const started = startTime(identity.pid);
  if (started === undefined) return "dead";
  // Somebody has the pid: this process, or a later one.
  if (started === "" || identity.started === "") return "out-of-sight";
  return started === identity.started ? "alive" : "dead";
}

/** Whether it ran since this machine was started, by whatever name the machine has had: on a Mac it changes with the network. */
export function isOfThisBoot({ boot }: Pick<ProcessIdentity, "boot">): boolean {
  return boot !== "" && boot === surroundings().boot;
}

/** Whether a process of the group still runs. Those that have ended and wait for their parent to notice do not count. */
export function groupRuns(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    // ESRCH: none is left. EPERM: those that are left have become another user's, out of reach (on macOS also: they have ended).
    if (hasCode(error, "ESRCH", "EPERM")) return false;
    throw error;
  }
  if (process.platform !== "linux") return true;
  // An ended orphan still answers signals until process 1 has noticed it, which can take seconds in a container.
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/u.test(name)) return false;
    const fields = statFields(Number(name));
    return fields !== undefined && Number(fields[2]) === group && fields[0] !== "Z" && fields[0] !== "X";
  });
}

type Surroundings = Pick<ProcessIdentity, "machine" | "boot" | "pidNamespace">;
let known: Surroundings | undefined;

function surroundings(): Surroundings {
  known ??=
    process.platform === "linux"
      ? {
          machine: firstLine("/etc/machine-id") ?? hostname(),
          boot: firstLine("/proc/sys/kernel/random/boot_id") ?? "",
          pidNamespace: linkTarget("/proc/self/ns/pid") ?? "",
        }
      : {
          machine: ask("/usr/sbin/sysctl", "-n", "kern.uuid") ?? hostname(),
          boot: ask("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid") ?? "",
          pidNamespace: "",
        };
  return known;
}

/**
 * Undefined for a process that is gone, and for one that has ended and only waits for its parent to notice (a zombie). Empty for one that is
 * there and can't be looked at: a sandbox of macOS runs no `ps`, which is setuid there.
 */
function startTime(pid: number): string | undefined {
  if (process.platform !== "linux") {
    // The state is last: macOS leaves its column blank for some that are about to end.
    const line = ask("/bin/ps", "-o", "lstart=", "-o", "state=", "-p", String(pid));
    if (line === undefined) return isThere(pid) ? "" : undefined;
    const [, started, state] = /^(.*\d{4})\s*(\S*)$/u.exec(line) ?? [];
    return state?.startsWith("Z") ? undefined : (started ?? "");
  }
  const fields = statFields(pid);
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** Whether a process has the pid, be it another user's. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

/** The fields of `/proc/<pid>/stat` from the third on: state, parent, group, … and as the 22nd of all the start time. */
function statFields(pid: number): string[] | undefined {
  const stat = content(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may itself hold spaces, parentheses and line breaks.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function firstLine(path: string): string | undefined {
  return content(path)?.split("\n", 1)[0]!.trim() || undefined;
}

function content(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** `/proc` answers ESRCH for a process that ends while it is read; a hardened container may hide parts of it. */
function isAbsent(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM");
}

/** What a system program prints; `undefined` when it can't be run, fails (`ps` does for an unknown pid) or prints nothing. */
function ask(program: string, ...args: string[]): string | undefined {
  try {
    const env = { LC_ALL: "C", TZ: "UTC" };
    return (
      execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], env }).trim() ||
      undefined
    );
  } catch (error) {
    if (typeof (error as { status?: unknown }).status === "number" || isSystemError(error)) return undefined;
    throw error;
  }
}
