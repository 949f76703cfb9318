import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Item } from "./requirements.ts";
import { apiKey, startUpstream, type Upstream } from "./upstream.ts";

const program = fileURLToPath(new URL("../../bin/throughline.mjs", import.meta.url));

export interface Run {
  status: number | null;
  out: string;
  err: string;
  ms: number;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Run>;
  /** What it has printed on stderr so far. */
  err(): string;
}

/** A home, a workspace and an upstream of a test's own, and the shipped program between them. */
export interface Desk {
  readonly upstream: Upstream;
  readonly home: string;
  readonly work: string;
  /** Runs `throughline` in the workspace (or in `folder`). */
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  start(args: readonly string[], options?: RunOptions): Running;
  /** A path in the workspace. */
  at(name: string): string;
  /** The lines of a file of the workspace; none when there is no file. */
  lines(name: string): string[];
  /** The only session's folder, or the one with this id. */
  session(id?: string): string;
  /** The events of a log, in order, items and all. Lines that are not JSON are left out. */
  log(id?: string): Item[];
}

export interface RunOptions {
  folder?: string;
  input?: string;
  env?: Readonly<Record<string, string>>;
  /** A file descriptor that takes the output instead. */
  stdout?: number;
}

export async function openDesk(finished: (close: () => Promise<void>) => void): Promise<Desk> {
  const root = mkdtempSync(join(tmpdir(), "tl peers ü-"));
  const [home, work] = [join(root, "home"), join(root, "work")];
  mkdirSync(work);
  const upstream = await startUpstream();
  const children = new Set<ChildProcess>();
  finished(async () => {
    for (const child of children) child.kill("SIGKILL");
    await upstream.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });

  const start: Desk["start"] = (args, { folder = work, input, env = {}, stdout } = {}) => {
    const began = Date.now();
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: root,
        THROUGHLINE_HOME: home,
        OPENAI_BASE_URL: upstream.url,
        OPENAI_API_KEY: apiKey,
        ...env,
      },
      stdio: [input === undefined ? "ignore" : "pipe", stdout ?? "pipe", "pipe"],
    });
    children.add(child);
    child.stdin?.end(input);
    let [out, err] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
    const ended = new Promise<Run>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => {
        children.delete(child);
        resolve({ status, out, err, ms: Date.now() - began });
      });
    });
    return { child, ended, err: () => err };
  };

  const session: Desk["session"] = (id) => {
    const sessions = join(home, "sessions");
    const found = readdirSync(sessions).flatMap((month) =>
      readdirSync(join(sessions, month)).map((name) => join(sessions, month, name)),
    );
    const wanted = found.filter((path) => id === undefined || path.endsWith(id));
    if (wanted.length !== 1) throw new Error(`${wanted.length} sessions where one was expected`);
    return wanted[0] as string;
  };

  return {
    upstream,
    home,
    work,
    start,
    run: (args, options) => start(args, options).ended,
    at: (name) => join(work, name),
    lines: (name) =>
      existsSync(join(work, name)) ? readFileSync(join(work, name), "utf8").split("\n").slice(0, -1) : [],
    session,
    log: (id) =>
      readFileSync(join(session(id), "log.jsonl"), "utf8")
        .split("\n")
        .flatMap((line) => parsed(line)),
  };
}

function parsed(line: string): Item[] {
  try {
    // Checksums stand after the JSON where a log has them.
    return [JSON.parse(line.slice(0, line.lastIndexOf("}") + 1)) as Item];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Waits until the condition holds; rejects after 40 s. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 40_000; !isSo(); await sleep(25)) {
    if (Date.now() > end) throw new Error(`waited 40 s for ${what}`);
  }
}

/** The id that a run names on stderr. */
export function sessionId(run: Pick<Run, "err">): string {
  return /session ([0-9a-f-]{36})/u.exec(run.err)?.[1] ?? "";
}
