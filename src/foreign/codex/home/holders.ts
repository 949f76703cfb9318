import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { isSystemError } from "../../../lib/system.ts";
import { homeOf } from "./places.ts";
import { lockPath } from "./writer-lock.ts";

/** A process that has a rollout open. */
export interface Holder {
  readonly pid?: number;
  readonly program?: string;
  /** "lock": Codex's lock of the thread (0.147 and later). "file": the rollout is open for writing (every version keeps it so). */
  readonly by: "lock" | "file";
}

/** A rollout and the thread that it is. */
export interface Held {
  readonly path: string;
  readonly thread?: string | undefined;
}

/**
 * Which rollouts a living process holds, by path. Looks and takes no lock: a lock that a doctor held for a moment would turn away a Codex
 * that starts just then. What another user's processes do is out of sight.
 */
export function holdersOf(rollouts: readonly Held[]): Map<string, Holder> {
  const found = new Map<string, Holder>();
  if (rollouts.length === 0) return found;
  const writers = process.platform === "linux" ? writersOnLinux(rollouts) : writersByLsof(rollouts);
  const locked = lockedInodes();
  for (const { path, thread } of rollouts) {
    const writer = writers.get(path);
    const home = homeOf(path);
    const lock = home && thread ? lockPath(home, thread) : undefined;
    const file = lock === undefined ? undefined : attempt(() => statSync(lock));
    const pid = file && locked.get(file.ino);
    if (pid !== undefined) found.set(path, { ...(pid > 0 && named(pid)), by: "lock" });
    else if (writer !== undefined) found.set(path, { ...named(writer), by: "file" });
  }
  return found;
}

/** Inodes with a flock on them, and who has it. */
function lockedInodes(): Map<number, number> {
  const found = new Map<number, number>();
  const locks = readable("/proc/locks") ?? "";
  for (const [, pid, inode] of locks.matchAll(
    /FLOCK\s+ADVISORY\s+\w+\s+(-?\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)/gu,
  ))
    found.set(Number(inode), Number(pid));
  return found;
}

function writersOnLinux(rollouts: readonly Held[]): Map<string, number> {
  const wanted = new Map(rollouts.map(({ path }) => [realPath(path), path]));
  const found = new Map<string, number>();
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/u.test(pid) || Number(pid) === process.pid) continue;
    for (const fd of listed(`/proc/${pid}/fd`)) {
      const target = linkTarget(`/proc/${pid}/fd/${fd}`);
      const path = target && wanted.get(target);
      if (path && isWriting(readable(`/proc/${pid}/fdinfo/${fd}`) ?? "")) found.set(path, Number(pid));
    }
  }
  return found;
}

/** Octal open(2) flags: the lowest two bits are O_WRONLY (1) and O_RDWR (2). */
function isWriting(fdinfo: string): boolean {
  const flags = /^flags:\s*([0-7]+)/mu.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

const mostByLsof = 200;

function writersByLsof(rollouts: readonly Held[]): Map<string, number> {
  const found = new Map<string, number>();
  const paths = rollouts.slice(0, mostByLsof).map(({ path }) => path);
  const { stdout } = spawnSync("lsof", ["-F", "pan", "--", ...paths], { encoding: "utf8", timeout: 10_000 });
  let [pid, access] = [0, ""];
  for (const line of (stdout ?? "").split("\n")) {
    if (line.startsWith("p")) pid = Number(line.slice(1));
    else if (line.startsWith("a")) access = line.slice(1);
    else if (line.startsWith("n") && /[wu]/u.test(access) && pid !== process.pid) {
      const path = paths.find((candidate) => realPath(candidate) === line.slice(1));
      if (path) found.set(path, pid);
    }
  }
  return found;
}

function named(pid: number): { pid: number; program?: string } {
  const program = readable(`/proc/${pid}/comm`)?.trim();
  return { pid, ...(program && { program }) };
}

function realPath(path: string): string {
  return attempt(() => realpathSync(path)) ?? path;
}

const listed = (folder: string): string[] => attempt(() => readdirSync(folder)) ?? [];
const linkTarget = (path: string): string | undefined => attempt(() => readlinkSync(path));
const readable = (path: string): string | undefined => attempt(() => readFileSync(path, "utf8"));

/** Runs a look at a process: it may end meanwhile, and other users' processes can't be looked into. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
