// The real program in processes of its own, against a simulator in this one, in a scratch folder that goes away.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ScenarioInput, type Simulator, startSimulator } from "../../src/simulator/server.ts";

/** What is shipped; `THROUGHLINE_PROGRAM` names another copy of it, an installed package say. */
const program =
  process.env["THROUGHLINE_PROGRAM"] ?? fileURLToPath(new URL("../../bin/throughline.mjs", import.meta.url));

/** No run of these tests takes longer by itself. */
const longestRun = 100_000;

export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

export interface Running {
  child: ChildProcess;
  pid: number;
  /** What it has printed on stdout so far. */
  printed(): string;
  /** What it has printed on stderr so far. */
  said(): string;
  /** Rejects when it takes longer than any run should; it is killed then. */
  ended: Promise<Ended>;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Standard input stays open and empty; otherwise there is none. */
  stdin?: "open";
  /** A command that starts the program: `setpriv …`, `unshare …`. */
  prefix?: readonly string[];
}

export class Rig {
  readonly folder: string;
  readonly workspace: string;
  readonly home: string;
  readonly simulator: Simulator;
  readonly #started = new Set<ChildProcess>();

  private constructor(folder: string, homeName: string, simulator: Simulator) {
    this.folder = folder;
    this.workspace = join(folder, "workspace");
    this.home = join(folder, homeName);
    this.simulator = simulator;
    mkdirSync(this.workspace);
  }

  static async make(scenario: ScenarioInput, { homeName = "home" } = {}): Promise<Rig> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "throughline-rig-")));
    return new Rig(folder, homeName, await startSimulator({ scenario }));
  }

  /** The command line of the program, and the environment in which it finds the rig. */
  command(
    words: readonly string[],
    env: RunOptions["env"] = {},
  ): { argv: [string, ...string[]]; env: NodeJS.ProcessEnv } {
    const { PATH, ...inherited } = process.env;
    return {
      argv: [process.execPath, program, ...words],
      env: {
        ...inherited,
        PATH: [dirname(process.execPath), PATH].filter(Boolean).join(delimiter),
        THROUGHLINE_HOME: this.home,
        THROUGHLINE_APPROVAL: "all",
        OPENAI_BASE_URL: this.simulator.url,
        OPENAI_API_KEY: "rig",
        NO_COLOR: "1",
        CODEX_HOME: join(this.folder, "codex"),
        ...env,
      },
    };
  }

  start(words: readonly string[], options: RunOptions = {}): Running {
    const { argv, env } = this.command(words, options.env);
    const [file = argv[0], ...rest] = [...(options.prefix ?? []), ...argv];
    const child = spawn(file, rest, {
      cwd: options.cwd ?? this.workspace,
      stdio: [options.stdin === "open" ? "pipe" : "ignore", "pipe", "pipe"],
      env,
    });
    this.#started.add(child);
    let out = "";
    let err = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    const ended = new Promise<Ended>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`${words.join(" ")} took more than ${longestRun} ms; it said:\n${out}\n${err}`));
      }, longestRun);
      child.once("error", reject);
      child.once("close", (status, signal) => {
        clearTimeout(timer);
        this.#started.delete(child);
        resolve({ status, signal, out, err });
      });
    });
    return { child, pid: child.pid!, printed: () => out, said: () => err, ended };
  }

  run(words: readonly string[], options?: RunOptions): Promise<Ended> {
    return this.start(words, options).ended;
  }

  /** Ids of the sessions on disk, oldest first. */
  ids(): string[] {
    const sessions = join(this.home, "sessions");
    if (!existsSync(sessions)) return [];
    return readdirSync(sessions)
      .flatMap((month) => readdirSync(join(sessions, month)))
      .filter((name) => /^[0-9a-f-]{36}$/u.test(name))
      .sort();
  }

  /** Folders beside the sessions that aren't sessions. */
  leftovers(): string[] {
    const sessions = join(this.home, "sessions");
    if (!existsSync(sessions)) return [];
    return readdirSync(sessions)
      .flatMap((month) => readdirSync(join(sessions, month)).map((name) => join(sessions, month, name)))
      .filter((path) => basename(path).startsWith("."));
  }

  /** The only session's id. */
  id(): string {
    const ids = this.ids();
    if (ids.length !== 1) throw new Error(`one session was expected; there are ${ids.length}`);
    return ids[0]!;
  }

  sessionFolder(id: string): string {
    const sessions = join(this.home, "sessions");
    const month = readdirSync(sessions).find((name) => existsSync(join(sessions, name, id)));
    if (month === undefined) throw new Error(`session ${id} is not on disk`);
    return join(sessions, month, id);
  }

  log(id: string): Buffer {
    return readFileSync(join(this.sessionFolder(id), "log.jsonl"));
  }

  /** Lines of a file of the workspace; none when it isn't there. */
  lines(name: string): string[] {
    const path = join(this.workspace, name);
    if (!existsSync(path)) return [];
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  }

  /** Living processes that run in the scratch folder or on it, the program's and its tools' alike. */
  processes(): number[] {
    return (process.platform === "linux" ? procTable() : psTable())
      .filter(
        ({ pid, words, cwd }) =>
          pid !== process.pid && (words.includes(this.folder) || cwd.startsWith(this.folder)),
      )
      .map(({ pid }) => pid);
  }

  /** Ends whatever is left and removes everything; resolves to the processes that had to be ended. */
  async close(): Promise<number[]> {
    for (const child of this.#started) child.kill("SIGKILL");
    await until(() => this.#started.size === 0, "the program to end").catch(() => undefined);
    const left = this.processes();
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await this.simulator.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
    return left;
  }
}

interface Process {
  pid: number;
  words: string;
  cwd: string;
}

function procTable(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(name), words, cwd: readlinkSync(`/proc/${name}/cwd`) }];
      } catch (error) {
        // It has ended since, it only waits for its parent to notice, or it is another user's.
        if (typeof (error as NodeJS.ErrnoException).syscall !== "string") throw error;
        return [];
      }
    });
}

function psTable(): Process[] {
  return execFileSync("/bin/ps", ["-axo", "pid=,command="], { encoding: "utf8" })
    .split("\n")
    .map((line) => ({ pid: Number.parseInt(line, 10), words: line, cwd: "" }));
}

/** At most two rigs work at a time in one test file; more would only wait for each other. */
const places = { free: 2, waiting: [] as (() => void)[] };

/** Runs a test with a rig of its own and fails it when a process of it outlives it. */
export async function withRig(
  scenario: ScenarioInput,
  use: (rig: Rig) => Promise<void>,
  options?: { homeName?: string },
): Promise<void> {
  if (places.free > 0) places.free--;
  else await new Promise<void>((resolve) => places.waiting.push(resolve));
  let rig: Rig | undefined;
  let left: number[] = [];
  try {
    rig = await Rig.make(scenario, options);
    await use(rig);
  } finally {
    if (rig) left = await rig.close();
    const next = places.waiting.shift();
    if (next) next();
    else places.free++;
  }
  if (left.length > 0) throw new Error(`processes outlived the test: ${left.join(", ")}`);
}

/** Waits until the condition holds; rejects after `ms`. */
export async function until(condition: () => boolean, what: string, ms = 60_000): Promise<void> {
  for (const deadline = performance.now() + ms; performance.now() < deadline;) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not within ${ms} ms: ${what}`);
}

/** Evenly distributed over [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
