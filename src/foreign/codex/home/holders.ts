import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { ifPossible } from "../../../lib/system.ts";
import { homeOf } from "./places.ts";
import { lockPath } from "./writer-lock.ts";

/** A process that has a rollout open. */
export interface Holder {
  /** Absent for one that is out of sight. */
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
 * that starts just then. What another user's processes do is out of sight. `onBlind` is called where open files can't be looked at.
 */
export function holdersOf(
  rollouts: readonly Held[],
  onBlind: () => void = () => undefined,
): Map<string, Holder> {
  const found = new Map<string, Holder>();
  if (rollouts.length === 0) return found;
  const writers = process.platform === "linux" ? writersOnLinux(rollouts) : writersByLsof(rollouts);
  if (!writers) onBlind();
  // The kernel takes 10 to 20 ms for its list of locks, however short that is: it is asked for only where a lock may be held.
  let locked: Map<number, number> | undefined;
  for (const { path, thread } of rollouts) {
    const writer = writers?.get(path);
    const home = homeOf(path);
    const lock = home && thread ? lockPath(home, thread) : undefined;
    const file = lock === undefined ? undefined : ifPossible(() => statSync(lock, { throwIfNoEntry: false }));
    if (file) locked ??= lockedInodes();
    const pid = file && locked?.get(file.ino);
    if (pid !== undefined) found.set(path, { ...(pid > 0 && named(pid)), by: "lock" });
    else if (writer) found.set(path, { ...writer, by: "file" });
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

type Writer = Pick<Holder, "pid" | "program">;

function writersOnLinux(rollouts: readonly Held[]): Map<string, Writer> {
  const wanted = new Map(rollouts.map(({ path }) => [realPath(path), path]));
  const found = new Map<string, Writer>();
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/u.test(pid) || Number(pid) === process.pid) continue;
    for (const fd of listed(`/proc/${pid}/fd`)) {
      const target = linkTarget(`/proc/${pid}/fd/${fd}`);
      const path = target && wanted.get(target);
      if (path && isWriting(readable(`/proc/${pid}/fdinfo/${fd}`) ?? "")) found.set(path, named(Number(pid)));
    }
  }
  return found;
}

/** Octal open(2) flags: the lowest two bits are O_WRONLY (1) and O_RDWR (2). */
function isWriting(fdinfo: string): boolean {
  const flags = /^flags:\s*([0-7]+)/mu.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

/** `/usr/sbin` is where macOS has it, and not on everybody's PATH. */
const listers = ["lsof", "/usr/sbin/lsof"];

/**
 * Files by their inodes: `lsof` writes their names in its own way, with other letters than ASCII escaped, and a path can be spelled in
 * several. All open files are listed, because so many paths as a home has rollouts go into no command line. `undefined` where it can't look.
 */
function writersByLsof(rollouts: readonly Held[]): Map<string, Writer> | undefined {
  const listing = openFiles();
  if (listing === undefined) return undefined;
  const wanted = new Map<string, string>();
  for (const { path } of rollouts) {
    const stat = ifPossible(() => statSync(path, { bigint: true }));
    if (stat) wanted.set(String(stat.ino), path);
  }
  const found = new Map<string, Writer>();
  let [pid, program, access] = [0, "", ""];
  for (const line of listing.split("\n")) {
    const value = line.slice(1);
    if (line.startsWith("p")) [pid, program] = [Number(value), ""];
    else if (line.startsWith("c")) program = value;
    else if (line.startsWith("f")) access = "";
    else if (line.startsWith("a")) access = value;
    else if (line.startsWith("i") && /[wu]/u.test(access) && pid !== process.pid) {
      const path = wanted.get(value);
      if (path) found.set(path, { pid, ...(program && { program }) });
    }
  }
  return found;
}

/** What is open, in the lines of `lsof -F`. A listing without this very process is none: a sandbox keeps `lsof` from looking. */
function openFiles(): string | undefined {
  for (const lister of listers) {
    const { stdout, error } = spawnSync(lister, ["-w", "-n", "-P", "-F", "pcfai"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 30_000,
      maxBuffer: 2 ** 28,
    });
    if (!error && `\n${stdout}`.includes(`\np${process.pid}\n`)) return stdout;
  }
  return undefined;
}

function named(pid: number): { pid: number; program?: string } {
  const program = readable(`/proc/${pid}/comm`)?.trim();
  return { pid, ...(program && { program }) };
}

function realPath(path: string): string {
  return ifPossible(() => realpathSync.native(path)) ?? path;
}

// A process may end while it is looked at, and other users' can't be looked into.
const listed = (folder: string): string[] => ifPossible(() => readdirSync(folder)) ?? [];
const linkTarget = (path: string): string | undefined => ifPossible(() => readlinkSync(path));
const readable = (path: string): string | undefined => ifPossible(() => readFileSync(path, "utf8"));
