import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The real CLI, as its maker publishes it: the version that the tests are pinned to. */
export const codexVersion = "0.169.0";

/** No run of the tests takes longer; milliseconds. */
const longestRun = 30 * 60_000;

/** How long npm may take; milliseconds. */
const npmLimit = 120_000;

export interface CodexRun {
  status: number | null;
  out: string;
  err: string;
  ms: number;
}

/** A home of the real CLI, and the CLI in it. */
export interface CodexHome {
  readonly home: string;
  /** Runs `codex` in `folder` to its end; after `limitMs` (100 s unless told) it is killed. */
  run(args: readonly string[], options: CodexOptions): Promise<CodexRun>;
  /** Starts `codex app-server`, as the extension and the desktop app do. */
  serve(folder: string): Promise<AppServer>;
}

export interface AppServer {
  /** Resolves to the result of a request; rejects with the error's words. */
  ask(method: string, params: object | null): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export interface CodexOptions {
  folder: string;
  env?: Readonly<Record<string, string>>;
  limitMs?: number;
}

export type Installed = { binary: string } | { missing: string };

/**
 * The binary of a published version, installed once into a folder of this user under the system's temporary one, outside the package. Where
 * there is no registry (or no build for this platform) it says so, for a test to be skipped with; npm is asked once, as it takes its time
 * to give up.
 */
export function installCodex(version: string = codexVersion): Installed {
  const folder = join(tmpdir(), `throughline-codex-${version}-${process.getuid?.()}`);
  // Of several workers one asks npm, and the others wait for it.
  const lock = `${folder}.lock`;
  for (const end = Date.now() + npmLimit; !lockWith(lock) && Date.now() < end;) pause(100);
  try {
    return installAt(folder, version);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function lockWith(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function installAt(folder: string, version: string): Installed {
  const known = binaryIn(folder);
  if (known !== undefined) return { binary: known };
  const refusal = `${folder}.missing`;
  const refused = statSync(refusal, { throwIfNoEntry: false });
  if (refused && Date.now() - refused.mtimeMs < longestRun) return { missing: readFileSync(refusal, "utf8") };
  const fresh = mkdtempSync(join(tmpdir(), "throughline-codex-install-"));
  try {
    writeFileSync(join(fresh, "package.json"), "{}");
    const npm = spawnSync(
      "npm",
      ["install", "--no-audit", "--no-fund", "--ignore-scripts", `@openai/codex@${version}`],
      { cwd: fresh, encoding: "utf8", timeout: npmLimit, env: { ...process.env, NODE_ENV: "production" } },
    );
    if (npm.status !== 0 || binaryIn(fresh) === undefined) {
      const line = (npm.stderr ?? "").split("\n").find((text) => /error/iu.test(text));
      const why = npm.error?.message ?? line ?? "npm gave no reason";
      const missing = `@openai/codex@${version} can't be installed here: ${why}`;
      writeFileSync(refusal, missing);
      return { missing };
    }
    // Who waited too long for another one may come second.
    if (!existsSync(folder)) renameIfFree(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  const binary = binaryIn(folder);
  return binary === undefined ? { missing: `${folder} holds no codex that can be run` } : { binary };
}

/** A home with a provider on loopback that the CLI talks to as to the real one, and nothing that would ask or wait. */
export function codexHome(
  binary: string,
  home: string,
  upstream: {
    url: string;
    apiKey: string;
    model?: string;
    providerName?: string;
    webSockets?: boolean;
    config?: string;
  },
): CodexHome {
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, "config.toml"),
    [
      `model = "${upstream.model ?? "gpt-5.5"}"`,
      'model_provider = "loopback"',
      'approval_policy = "never"',
      'sandbox_mode = "danger-full-access"',
      "check_for_update_on_startup = false",
      upstream.config ?? "",
      "[model_providers.loopback]",
      `name = "${upstream.providerName ?? "loopback"}"`,
      `base_url = "${upstream.url}"`,
      'wire_api = "responses"',
      'env_key = "LOOPBACK_KEY"',
      `supports_websockets = ${upstream.webSockets === true}`,
      "request_max_retries = 1",
      "stream_max_retries = 1",
      "[analytics]",
      "enabled = false",
    ].join("\n"),
  );
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    CODEX_HOME: home,
    LOOPBACK_KEY: upstream.apiKey,
  };
  const run: CodexHome["run"] = (args, { folder, env = {}, limitMs = 100_000 }) => {
    const began = Date.now();
    const child = spawn(binary, args, {
      cwd: folder,
      env: { ...environment, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => {
        clearTimeout(timer);
        resolve({ status, out, err, ms: Date.now() - began });
      });
    });
  };
  return { home, run, serve: (folder) => serveApp(binary, folder, environment) };
}

async function serveApp(binary: string, folder: string, env: Record<string, string>): Promise<AppServer> {
  const child = spawn(binary, ["app-server"], { cwd: folder, env, stdio: ["pipe", "pipe", "ignore"] });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  interface Answer {
    id?: number;
    result?: Record<string, unknown>;
    error?: { message: string };
  }
  const waiting = new Map<number, (answer: Answer) => void>();
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const answer = JSON.parse(text.slice(0, end)) as Answer;
      text = text.slice(end + 1);
      if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
    }
  });
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  let next = 1;
  const ask: AppServer["ask"] = (method, params) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, ({ result, error }) =>
        result ? resolve(result) : reject(new Error(`${method}: ${error?.message}`)),
      );
      void closed.then(() => reject(new Error(`${method}: codex app-server has ended`)));
      send({ id, method, params });
    });
  const clientInfo = { name: "throughline-test", version: "1" };
  await ask("initialize", { clientInfo, capabilities: { experimentalApi: true } });
  send({ method: "initialized" });
  return {
    ask,
    close: async () => {
      child.kill();
      await closed;
    },
  };
}

/** Only what this user put there is run: others can write to the temporary folder too. */
function binaryIn(folder: string): string | undefined {
  const scope = join(folder, "node_modules", "@openai");
  const target = { linux: "unknown-linux-musl", darwin: "apple-darwin" }[process.platform as string];
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  const platform = `codex-${process.platform}-${process.arch}`;
  const vendor = join(scope, platform, "vendor", `${arch}-${target}`);
  const owner = lstatSync(folder, { throwIfNoEntry: false });
  if (!owner?.isDirectory() || owner.uid !== process.getuid?.()) return undefined;
  // The second path is that of older versions.
  return [join(vendor, "bin", "codex"), join(vendor, "codex", "codex")].find((binary) => existsSync(binary));
}

function renameIfFree(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
