import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Simulator, startSimulator } from "../../src/simulator/server.ts";
import { closeServers, serve } from "../wire/upstream.ts";

const program = fileURLToPath(new URL("../../bin/throughline.mjs", import.meta.url));
let home: string;
const children: ChildProcess[] = [];
const simulators: Simulator[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "throughline-gateway-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const simulator of simulators.splice(0)) await simulator.close();
  closeServers();
  rmSync(home, { recursive: true, force: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  THROUGHLINE_HOME: join(home, "own"),
  CODEX_HOME: join(home, "codex"),
});

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(...words: string[]): Promise<Ran> {
  const done = promisify(execFile)(process.execPath, [program, "gateway", ...words], { env: environment() });
  return done.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ran) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

describe("throughline gateway", () => {
  it("serves, keeps its ledger at home, logs a heal in one line without a secret, and ends when it is asked to", async () => {
    const simulator = await startSimulator({
      scenario: { fault: [{ kind: "rate-limit", retry_after: "10ms" }] },
    });
    simulators.push(simulator);
    const child = spawn(
      process.execPath,
      [program, "gateway", "--listen", "0", "--upstream", `${simulator.url}?api-key=own-secret`],
      { env: environment() },
    );
    children.push(child);
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    await expect.poll(() => out).toMatch(/Listening on (http\S+)/u);
    const url = /Listening on (http[^\s,]+)/u.exec(out)![1]!;
    expect(out).not.toContain("own-secret");
    const response = await fetch(`${url}/responses`, {
      method: "POST",
      headers: { authorization: "Bearer sk-very-secret" },
      body: JSON.stringify({ model: "gpt-5.5", input: "tell nobody" }),
    });
    expect(response.status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toMatch(/^\S+Z asking http\S+ again in .* rate-limit/u);
    expect(out + err).not.toMatch(/secret|nobody/u);
    expect(existsSync(join(home, "own", "gateway", "ledger.sqlite"))).toBe(true);
  });

  it("gives a silent stream up after what stream_idle_timeout says", async () => {
    const silent = await serve((request) => void request.resume());
    mkdirSync(join(home, "own"));
    writeFileSync(join(home, "own", "config.toml"), "stream_idle_timeout = 0.1\n");
    const child = spawn(process.execPath, [program, "gateway", "--listen", "0", "--upstream", silent], {
      env: environment(),
    });
    children.push(child);
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    await expect.poll(() => out).toMatch(/Listening on http\S+,/u);
    const url = /Listening on (http[^\s,]+)/u.exec(out)![1]!;
    const response = await fetch(`${url}/responses`, { method: "POST", body: '{"stream":true}' });
    expect(response.status).toBe(504);
  });

  it("prints what Codex needs, and says what is wrong with an option", async () => {
    expect((await run("--codex-config", "--listen", "9000")).stdout).toBe(
      'openai_base_url = "http://127.0.0.1:9000/v1"\n',
    );
    expect(await run("--listen", "x")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--listen takes") as string,
    });
    for (const upstream of ["nobody", "http://"])
      expect(await run("--upstream", upstream)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("openai") as string,
      });
    expect((await run("--upstream", "https://a.example/v1#NO_SUCH_KEY")).stderr).toContain("set NO_SUCH_KEY");
    const pasted = await run("--upstream", "https://a.example/v1#sk-pasted-key");
    expect(pasted.stderr).toMatch(/needs a key: after # stands the name of a variable/u);
    expect(pasted.stderr).not.toContain("pasted");
    expect((await run("--listen", "0.0.0.0:0")).stderr).toContain("--token");
    expect((await run("--allow-host", "http://a.example/")).stderr).toContain("the name of a host");
    for (const words of [["--codex-config"], ["install-codex", "--yes"]])
      expect(await run(...words, "--listen", "0")).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("Nothing was written") as string,
      });
  });

  it("goes without no token that the configuration names, and tells Codex its variable", async () => {
    mkdirSync(join(home, "own"));
    writeFileSync(join(home, "own", "config.toml"), '[gateway]\ntoken_env = "MINE"\n');
    expect(await run("--listen", "0")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("MINE, which is not set") as string,
    });
    expect((await run("--codex-config", "--token", "x")).stdout).toContain(
      'env_http_headers = { "x-throughline-token" = "MINE" }',
    );
    vi.stubEnv("MINE", "one\ntwo");
    expect((await run("--codex-config")).stderr).toContain("MINE holds no key");
    vi.unstubAllEnvs();
  });
});

describe("throughline gateway install-codex", () => {
  const path = (): string => join(home, "codex", "config.toml");

  it("says where Codex and the gateway read the token from, and doesn't repeat it", async () => {
    const { stdout } = await run("install-codex", "--yes", "--token", "hush");
    expect(stdout).toContain(
      "Put the token into THROUGHLINE_GATEWAY_TOKEN, for Codex and here, and start the gateway: throughline gateway",
    );
    expect(stdout + readFileSync(path(), "utf8")).not.toContain("hush");
  });

  it("shows the diff and writes nothing where nobody agrees", async () => {
    mkdirSync(join(home, "codex"));
    writeFileSync(path(), 'model = "m" # mine\n');
    const { stdout, stderr } = await run("install-codex");
    expect(stdout).toContain('+ openai_base_url = "http://127.0.0.1:8790/v1"');
    expect(stderr).toContain("--yes");
    expect(readFileSync(path(), "utf8")).toBe('model = "m" # mine\n');
  });

  it("writes it with --yes, keeps the file as it was beside it, and follows a link", async () => {
    mkdirSync(join(home, "codex"));
    mkdirSync(join(home, "dotfiles"));
    const real = join(home, "dotfiles", "codex.toml");
    // Somebody's own, and no draft.
    mkdirSync(`${real}.new`);
    writeFileSync(real, 'model = "m" # mine\n');
    symlinkSync(real, path());
    const first = await run("install-codex", "--yes", "--listen", "9001");
    expect(first).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringContaining("throughline gateway --listen 9001, or with a ChatGPT login") as string,
    });
    expect(readFileSync(real, "utf8")).toBe(
      'model = "m" # mine\nopenai_base_url = "http://127.0.0.1:9001/v1"\n',
    );
    expect(readFileSync(`${real}.before-throughline`, "utf8")).toBe('model = "m" # mine\n');
    expect((await run("install-codex", "--yes", "--listen", "9001")).stdout).toContain("has it already");
    const again = await run("install-codex", "--yes", "--listen", "9002");
    expect(again.stdout).toContain(`${real}.before-throughline.2`);
    expect(readFileSync(`${real}.before-throughline.2`, "utf8")).toContain(":9001/v1");
    expect(readFileSync(`${real}.before-throughline`, "utf8"), "what the person wrote").toBe(
      'model = "m" # mine\n',
    );
  });

  it("makes one where there is none, and leaves a broken one alone", async () => {
    const upstream = ["--upstream", "https://work.example/v1"];
    const { stderr: warned } = await run("install-codex", "--yes", ...upstream);
    expect(warned).toContain("don't go through the gateway");
    expect(readFileSync(path(), "utf8")).toContain("[model_providers.throughline]");
    writeFileSync(path(), "model = \n");
    const { code, stderr } = await run("install-codex", "--yes");
    expect(code).toBe(2);
    expect(stderr).toMatch(/config\.toml:1:/u);
    expect(readFileSync(path(), "utf8")).toBe("model = \n");
    const latin = Buffer.from('model = "m\u00e4"\n', "latin1");
    writeFileSync(path(), latin);
    const refused = await run("install-codex", "--yes");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("it is not UTF-8")]);
    expect(readFileSync(path())).toEqual(latin);
  });

  it("says so where there is no room, and leaves the file as it was and nothing beside it", async () => {
    mkdirSync(join(home, "codex"));
    const text = `model = "m"\n#${"x".repeat(2_020)}\n`;
    writeFileSync(path(), text);
    const limited = ["-c", 'ulimit -f 4; trap "" XFSZ; exec "$@"', "-"];
    const words = [program, "gateway", "install-codex", "--yes"];
    const { status, stderr } = spawnSync("sh", [...limited, process.execPath, ...words], {
      env: environment(),
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/It is as it was\. Allow larger files.*ulimit -f/u),
    ]);
    expect(readFileSync(path(), "utf8")).toBe(text);
    expect(existsSync(`${path()}.new`)).toBe(false);
  });
});
