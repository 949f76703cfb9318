import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { packageFile } from "../version.ts";
import type { Scratch } from "./scratch.ts";

const program = packageFile("bin/throughline.mjs");

export interface AgentRun {
  status: number | undefined;
  answer: string;
  progress: string[];
}

/** Runs the agent as a person would: as a process of its own, by command line and environment alone. */
export class Agent {
  readonly #scratch: Scratch;
  readonly #url: string;

  constructor(scratch: Scratch, url: string) {
    this.#scratch = scratch;
    this.#url = url;
  }

  async run(words: readonly string[], signal: AbortSignal): Promise<AgentRun> {
    return ended(this.start(words), signal);
  }

  start(words: readonly string[]): ChildProcess {
    const { PATH, ...environment } = process.env;
    return spawn(process.execPath, [program, ...words], {
      cwd: this.#scratch.workspace,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...environment,
        // The tests of the scratch repository run on the same Node as this program.
        PATH: [dirname(process.execPath), PATH].filter(Boolean).join(delimiter),
        THROUGHLINE_HOME: this.#scratch.home,
        THROUGHLINE_APPROVAL: "all",
        OPENAI_BASE_URL: this.#url,
        OPENAI_API_KEY: "demo",
        NO_COLOR: "1",
      },
    });
  }
}

async function ended(child: ChildProcess, signal: AbortSignal): Promise<AgentRun> {
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  const [answer, progress] = await Promise.all([text(child.stdout), text(child.stderr), closed(child)]);
  signal.removeEventListener("abort", stop);
  return {
    status: child.exitCode ?? undefined,
    answer: answer.trim(),
    progress: progress.split("\n").filter((line) => line !== ""),
  };
}

async function text(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) =>
    child.exitCode !== null ? resolve() : child.once("close", () => resolve()),
  );
}
