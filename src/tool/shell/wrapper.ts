import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { hasCode, messageOf } from "../../lib/system.ts";
import { groupRuns, identifyProcess } from "../../lib/process.ts";
import { claimJson, keepRoom, replaceInRoom, replaceJson, spoolFiles } from "../spool.ts";
import { OutputFile } from "./output-file.ts";
import { openPipe } from "./pipe.ts";
import { claimLost, handedOver, outputHead, outputTail, readCommand } from "./spool-records.ts";
import type { ExitRecord } from "./state.ts";

// The program that runs one command: `node wrapper.ts <spool>`. It is started in a session of its own and outlives whoever started it.
// In this order: claim the spool (of several wrappers only one starts the command), start the command in its own process group, copy
// what it prints, enforce the time limit, and put the exit status in place by rename. TERM cancels.

/** Between TERM and KILL, milliseconds. */
const grace = 2000;
/** As much of a time limit is counted at once, milliseconds, however long that took. */
const limitStep = 1000;
/** How long the pipe may stay open after the command's exit: what it printed is still in there, but so may be a daemon's end of it. */
const drainTime = 250;

const spool = process.argv[2]!;
let cancelled = false;
let timedOut = false;
let stop = (): void => {};
const cancel = (): void => {
  cancelled = true;
  stop();
};
// Before the claim: from then on a TERM must be answered with an exit record.
process.on("SIGTERM", cancel);
// The wrapper has no terminal. Signals sent by a stranger must not end it half way, without an exit record.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
// Its log lies on the disk of the spool: where that is full, the command is still watched to its end.
process.stderr.on("error", () => {});

const self = identifyProcess();
if (!self) throw new Error("the wrapper can't see its own process");
if (!claimJson(spool, spoolFiles.started, { ...self, at: Date.now() })) process.exit(claimLost);
// A command that fills the disk (a build, say) has ended all the same, and must not be told as one whose outcome is unknown.
keepRoom(spool, spoolFiles.exit);

// The owner has written it before it started this wrapper.
const record = readCommand(spool)!;
const output = new OutputFile(join(spool, spoolFiles.output), outputHead, outputTail);
const began = performance.now();
// TERM during the claim: nothing has been started, and nothing will be.
if (cancelled) end(null, null);

const { child, printed } = startCommand();
child.once("error", (error) => end(null, null, notStarted(error)));
printed.on("data", (chunk: Buffer) => output.write(chunk));
if (child.pid !== undefined) supervise(child, child.pid);

function startCommand(): { child: ChildProcess; printed: Readable } {
  try {
    const pipe = openPipe(spool);
    // One pipe for both streams keeps their order; the first shell only joins them and becomes the second.
    const started = spawn(record.shell, ["-c", 'exec "$0" -c "$1" 2>&1', record.shell, record.command], {
      cwd: record.workdir,
      env: commandEnvironment(),
      detached: true,
      stdio: ["ignore", pipe?.write ?? "pipe", "ignore"],
    });
    if (pipe) closeSync(pipe.write);
    return { child: started, printed: pipe?.read ?? started.stdout! };
  } catch (error) {
    return end(null, null, notStarted(error as Error));
  }
}

function notStarted(error: Error): string {
  if (!hasCode(error, "E2BIG")) return `it could not be started: ${messageOf(error)}`;
  const bytes = Buffer.byteLength(record.command);
  return `it could not be started: with ${bytes} bytes it is longer than the system takes. Long texts go into files, with apply_patch`;
}

function supervise(started: ChildProcess, group: number): void {
  let killing: Promise<void> | undefined;
  stop = () => {
    killing ??= killGroup(group);
  };
  if (cancelled) stop();
  const lift = afterAwake(record.timeoutMs, () => {
    timedOut = true;
    stop();
  });
  const closed = new Promise<void>((resolve) => printed.once("close", () => resolve()));
  started.once("exit", (code, signal) => {
    lift();
    // The command has ended by itself: a TERM that comes now cancels nothing, and must not be passed on, as the group's number may soon
    // be another's.
    if (!killing) process.off("SIGTERM", cancel).on("SIGTERM", () => {});
    const drained = new Promise((resolve) => setTimeout(resolve, drainTime));
    void Promise.all([Promise.race([closed, drained]), killing]).then(() => end(code, signal));
  });
  noteCommand(group);
}

/**
 * Calls back after so many milliseconds in which this process could run. The clock of Node goes on while a Mac sleeps
 * (mach_continuous_time), and a command that slept along with it is not to be ended when the lid is opened. The answer: what keeps the call
 * from coming.
 */
function afterAwake(ms: number, act: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = left > limitStep ? setTimeout(wait, limitStep, left - limitStep) : setTimeout(act, left);
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/** Tells those who find this wrapper dead whether the command still runs. */
function noteCommand(pid: number): void {
  try {
    const identity = identifyProcess(pid);
    if (identity) replaceJson(spool, spoolFiles.command, identity);
  } catch (error) {
    process.stderr.write(`${spoolFiles.command} could not be written: ${messageOf(error)}\n`);
  }
}

/** TERM to every process of the group, and KILL to those that are left after the grace. */
async function killGroup(group: number): Promise<void> {
  signalGroup(group, "SIGTERM");
  for (const deadline = performance.now() + grace; performance.now() < deadline;) {
    if (!groupRuns(group)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  signalGroup(group, "SIGKILL");
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    // ESRCH: none is left. EPERM: those that are left have become another user's and can't be reached.
    if (!hasCode(error, "ESRCH", "EPERM")) throw error;
  }
}

function end(code: number | null, signal: string | null, trouble?: string): never {
  const endedAt = Date.now();
  const durationMs = Math.round(performance.now() - began);
  const dropped = output.close();
  const why = trouble ?? output.trouble;
  const exit: ExitRecord = {
    code,
    signal,
    timedOut,
    cancelled,
    bytes: output.bytes,
    dropped,
    endedAt,
    durationMs,
  };
  if (why !== undefined) exit.trouble = why;
  replaceInRoom(spool, spoolFiles.exit, exit);
  process.exit(0);
}

function commandEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).map(([name, value]) => [
      name.startsWith(handedOver) ? name.slice(handedOver.length) : name,
      value,
    ]),
  );
}
