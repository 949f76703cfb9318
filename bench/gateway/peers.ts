import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { freePort, startServer, type Way } from "./ways.ts";

// Other gateways from npm, as they are published, installed into the scratch folder of the run.

const versions = { portkey: "1.15.2", nineRouter: "0.5.69" } as const;

function install(folder: string, name: string, overrides: Record<string, string> = {}): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ overrides }));
  const words = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", name];
  const npm = spawnSync("npm", words, { cwd: folder, encoding: "utf8", timeout: 120_000 });
  if (npm.status !== 0) {
    const line = npm.stderr.split("\n").find((text) => /error/iu.test(text));
    throw new Error(`${name} can't be installed here: ${npm.error?.message ?? line ?? "npm gave no reason"}`);
  }
  return join(folder, "node_modules");
}

/** With the version of its server that still works under Node 24: a later one gives it headers that it can't change. */
export async function startPortkey(upstream: number, folder: string): Promise<Way> {
  const modules = install(folder, `@portkey-ai/gateway@${versions.portkey}`, {
    "@hono/node-server": "1.14.1",
  });
  const port = await freePort();
  const script = join(modules, "@portkey-ai/gateway/build/start-server.js");
  const child = await startServer(port, process.execPath, [script, `--port=${port}`, "--headless"], {
    cwd: folder,
  });
  return {
    name: `@portkey-ai/gateway ${versions.portkey}`,
    port,
    path: "/v1/responses",
    headers: [
      "authorization",
      "Bearer sk-bench",
      "x-portkey-provider",
      "openai",
      "x-portkey-custom-host",
      `http://127.0.0.1:${upstream}/v1`,
    ],
    pid: child.pid!,
    stop: () => void child.kill(),
  };
}

/** The client of its own command line, in the package. */
interface NineRouterClient {
  configure(options: { host: string; port: number }): void;
  createProviderNode(node: object): Promise<Created<{ node: { id: string } }>>;
  createApiKeyProvider(provider: object): Promise<Created<object>>;
  createApiKey(name: string): Promise<Created<{ key: string }>>;
}
type Created<Data> = { success: boolean; data: Data; error?: unknown };

export async function startNineRouter(upstream: number, folder: string): Promise<Way> {
  const packaged = join(install(folder, `9router@${versions.nineRouter}`), "9router");
  const port = await freePort();
  const data = join(folder, "data");
  const child = await startServer(port, process.execPath, [join(packaged, "app/custom-server.js")], {
    cwd: join(packaged, "app"),
    env: { PORT: String(port), HOSTNAME: "127.0.0.1", DATA_DIR: data, NODE_ENV: "production" },
  });
  // Its client finds the secret of the server by this variable.
  process.env["DATA_DIR"] = data;
  const client = createRequire(import.meta.url)(join(packaged, "src/cli/api/client.js")) as NineRouterClient;
  client.configure({ host: "127.0.0.1", port });
  const baseUrl = `http://127.0.0.1:${upstream}/v1`;
  const { node } = done(
    await client.createProviderNode({ name: "bench", prefix: "bench", apiType: "responses", baseUrl }),
  );
  done(await client.createApiKeyProvider({ provider: node.id, name: "bench", apiKey: "sk-bench" }));
  const { key } = done(await client.createApiKey("bench"));
  return {
    name: `9router ${versions.nineRouter}`,
    port,
    path: "/v1/responses",
    headers: ["authorization", `Bearer ${key}`],
    model: "bench/gpt-5.5",
    pid: child.pid!,
    stop: () => void child.kill(),
  };
}

function done<Data>({ success, data, error }: Created<Data>): Data {
  if (!success) throw new Error(`9router could not be set up: ${JSON.stringify(error)}`);
  return data;
}
