import { type ChildProcess, fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Prints the peak and the processor time of the process at its exit. The kernel's own count of the peak starts with what the parent held
 * when it forked; `VmHWM` doesn't.
 */
export const peakProbe = `data:text/javascript,${encodeURIComponent(`
import { readFileSync, writeSync } from "node:fs";
process.on("exit", () => {
  const own = process.platform === "linux" && /VmHWM:\\s+(\\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  const { user, system } = process.cpuUsage();
  writeSync(2, "\\npeak " + (own ? own[1] : process.resourceUsage().maxRSS) + " cpu " + (user + system) / 1000 + "\\n");
});`)}`;

export interface Ended {
  stdout: string;
  stderr: string;
  /** From before the start to after the end. */
  ms: number;
  /** With `peakProbe`; of all its threads, milliseconds for `cpuMs`. */
  peakBytes: number;
  cpuMs: number;
}

/** Runs Node with the words to its end. */
export function runNode(
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const began = performance.now();
  const child = spawn(process.execPath, words, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code !== 0) return reject(new Error(`node ${words.join(" ")} ended with ${code}: ${stderr}`));
      const probed = /peak (\d+) cpu ([\d.]+)/u.exec(stderr);
      const [peakBytes, cpuMs] = [Number(probed?.[1] ?? 0) * 1024, Number(probed?.[2] ?? 0)];
      resolve({ stdout, stderr, ms: performance.now() - began, peakBytes, cpuMs });
    });
  });
}

/** Runs a module of this folder and gives the JSON that it prints. */
export async function measureIn<Result>(
  module: string,
  ...words: string[]
): Promise<Result & { peakBytes: number }> {
  const { stdout, peakBytes } = await runNode(["--import", peakProbe, `${root}bench/${module}`, ...words]);
  return { ...(JSON.parse(stdout) as Result), peakBytes };
}

export interface Sink {
  baseUrl: string;
  /** The next request that arrives whole: its body's length, and when its last byte came (`sharedNow`). */
  next(): Promise<Arrival>;
  stop(): void;
}

export interface Arrival {
  bytes: number;
  at: number;
}

/** The next message of a child; fails when the child ends before it. */
export function messageOf<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`a process of the bench ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (value) => {
      child.off("exit", ended);
      resolve(value as Message);
    });
  });
}

/** A server in a process of its own that reads requests, counts their bytes and answers each with a short message. */
export async function startSink(): Promise<Sink> {
  const child = fork(`${root}bench/sink.ts`);
  const { port } = await messageOf<{ port: number }>(child);
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    next: () => messageOf<Arrival>(child),
    stop: () => child.kill(),
  };
}
