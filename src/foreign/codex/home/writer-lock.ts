import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, isFailure } from "../../../failure.ts";
import { giveTo } from "../../../lib/owner.ts";
import { hasCode, isSystemError, makeFolders } from "../../../lib/system.ts";
import { quoted } from "../../../lib/words.ts";

/**
 * The lock that Codex takes before it writes to a thread (0.147 and later, measured with 0.169): flock(LOCK_EX) on
 * `thread-writer-locks/<thread>.lock`, held until its process ends. Whoever holds it keeps Codex out ("already has an active writer").
 * The file that stays behind after `kill -9` means nothing: only the lock on it does. The terminal interface of 0.169 leaves a server
 * running in the background, which keeps the lock after `/quit` and `kill -9` alike, and turns Codex's own `exec resume` away.
 */
export interface WriterLock {
  release(): void;
}

/** Path of a thread's lock file. */
export function lockPath(home: string, thread: string): string {
  return join(home, "thread-writer-locks", `${thread}.lock`);
}

/** Takes the lock or throws `lease-held`. The lock is this process's: it ends with it, however that ends. */
export function takeWriterLock(home: string, thread: string, path: string): WriterLock {
  const file = lockPath(home, thread);
  makeFolders(dirname(file));
  closeSync(openedAs(dirname(file), onlyFolder, home));
  // Now: Codex resumes nothing without it, which is told nobody when the lock is released.
  closeSync(openedAs(coordinationPath(file), "a+", home));
  // Codex removes the file when it ends: a lock on one that is gone would keep nobody out.
  for (let tries = 0; tries < 5; tries++) {
    const fd = openedAs(file, "a+", home);
    let isOurs = false;
    try {
      if (!flock(fd))
        throw new Failure(
          "lease-held",
          `A running Codex, or another repair, has session ${thread} open (${path}). Nothing was changed. Close it there (Codex's server, which outlives the terminal interface, ends with: codex app-server daemon stop), then try again: throughline repair ${quoted(path)} --write`,
          {},
        );
      isOurs = statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
      if (isOurs) return { release: () => release(file, fd, home) };
    } finally {
      // An open file is locked as long as this process lives.
      if (!isOurs) closeSync(fd);
    }
  }
  throw new Failure(
    "lease-held",
    `Codex opens and closes session ${thread} all the time (${path}). Nothing was changed. Close it, then try again.`,
    {},
  );
}

/** A pipe in the place of a folder would be waited for without end. Windows has no such flag. */
const onlyFolder = (constants as { O_DIRECTORY?: number }).O_DIRECTORY ?? 0;

/** Path of the lock under which files of locks are removed, beside one of them. */
const coordinationPath = (file: string): string => join(dirname(file), ".coordination.lock");

/**
 * Opens a lock's file, or the folder of locks. What root makes there is the user's whose home it is: Codex, which could not open it, would
 * refuse to resume any session there (0.169: "Permission denied").
 */
function openedAs(path: string, flags: "a+" | number, home: string): number {
  const like = statSync(home);
  const fd = openSync(path, flags, 0o600);
  giveTo(fd, like);
  return fd;
}

/**
 * Codex removes a lock's file under `.coordination.lock`, so that nobody locks a file that is about to go. That one is taken only if it
 * is free, and for no longer than it takes to remove a file: a resume that meets it waits without a word. Where the file can't be removed,
 * it stays, which means nothing, and why it can't be isn't told in the place of what came of the work under the lock.
 */
function release(file: string, fd: number, home: string): void {
  let coordination: number | undefined;
  try {
    coordination = openedAs(coordinationPath(file), "a+", home);
    const isOurs = statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
    if (isOurs && flock(coordination)) unlinkSync(file);
  } catch (error) {
    if (!isSystemError(error) && !isFailure(error)) throw error;
  } finally {
    closeSync(fd);
    if (coordination !== undefined) closeSync(coordination);
  }
}

// A flock belongs to the open file, which a child shares that is given its descriptor: the child locks and ends, and the lock stays ours.
const lockers: readonly (readonly [program: string, ...args: string[]])[] = [
  ["flock", "-x", "-n", "3"],
  [
    "perl",
    "-e",
    'use Fcntl ":flock"; open(my $f, "+<&=", 3) or exit 2; exit(flock($f, LOCK_EX | LOCK_NB) ? 0 : 1)',
  ],
  [
    "python3",
    "-c",
    "import fcntl,sys\ntry: fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept BlockingIOError: sys.exit(1)",
  ],
];

/** False when somebody else has the lock. Node has no flock of its own. */
function flock(fd: number): boolean {
  for (const [program, ...args] of lockers) {
    const { status, error } = spawnSync(program, args, {
      stdio: ["ignore", "ignore", "ignore", fd],
      timeout: 10_000,
    });
    if (status === 0) return true;
    if (status === 1 && error === undefined) return false;
    // None of the others could be started either, though they may all be there.
    if (hasCode(error, "EMFILE", "ENFILE", "EAGAIN", "ENOMEM")) throw error;
  }
  throw new Failure(
    "store-unavailable",
    "Codex's lock can't be taken here: none of flock, perl and python3 could be run. Nothing was changed. Install one of them and try again.",
    { path: "flock" },
  );
}
