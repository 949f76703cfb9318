import { type ChildProcess, fork, spawn } from "node:child_process";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, root } from "../processes.ts";
import type { Pace } from "./answer.ts";
import type { Load, Loaded } from "./load.ts";

/** A way from the clients to the upstream. */
export interface Way {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly string[];
  /** What it knows the model as, where it isn't the upstream's name. */
  readonly model?: string;
  /** The first of the processes that stand in between; none for the direct way. */
  readonly pid?: number;
  stop(): void;
}

export interface Upstream {
  readonly port: number;
  readonly pid: number;
  /** From now on there is so long between two events of an answer; 0: as long as the loop takes. */
  pace(ms: number): void;
  stop(): void;
}

const module = (name: string): string => `${root}bench/gateway/${name}.ts`;

export async function startUpstream(): Promise<Upstream> {
  const child = fork(module("upstream"));
  const { port } = await messageOf<{ port: number }>(child);
  return {
    port,
    pid: child.pid!,
    pace: (ms) => void child.send({ paceMs: ms } satisfies Pace),
    stop: () => child.kill(),
  };
}

export interface Clients {
  readonly pid: number;
  run(way: Way, load: Omit<Load, "port" | "path" | "headers" | "model">): Promise<Loaded>;
  stop(): void;
}

export function startClients(): Clients {
  const child = fork(module("load"));
  return {
    pid: child.pid!,
    run: ({ port, path, headers, model = "gpt-5.5" }, load) => {
      const loaded = messageOf<Loaded>(child);
      child.send({ ...load, port, path, headers, model } satisfies Load);
      return loaded;
    },
    stop: () => child.kill(),
  };
}

/** Starts a server and resolves when it takes connections. */
export async function startServer(
  port: number,
  command: string,
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; limitMs?: number } = {},
): Promise<ChildProcess> {
  const child = spawn(command, words, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)));
  const until = performance.now() + (options.limitMs ?? 20_000);
  while (!(await takesConnections(port))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (!hasEnded && performance.now() < until) {
      await sleep(50);
      continue;
    }
    child.kill("SIGKILL");
    throw new Error(
      `${command} ${hasEnded ? "ended" : "did not begin to listen"}: ${said.trim().slice(-300)}`,
    );
  }
  return child;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });
}

/** A port that was free just now, for programs that can't be told to take any. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
