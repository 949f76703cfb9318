import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { withCodexProvider } from "../../src/gateway/codex/codex-install.ts";
import type { GatewayOptions } from "../../src/gateway/server.ts";
import { closeAll, gatewayTo, type Tried } from "../gateway/kit.ts";
import { codexHome, type CodexHome, type CodexRun, installCodex } from "../kit/codex.ts";
import type { SealWording } from "./requirements.ts";
import { apiKey, type Fault, startUpstream, type Upstream } from "./upstream.ts";

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

afterEach(closeAll);

interface Bench {
  upstream: Upstream;
  gateway: Tried;
  codex: CodexHome;
  /** One turn of the one conversation. */
  turn(prompt: string): Promise<CodexRun>;
  rollout(): Buffer;
}

async function open(options: Partial<GatewayOptions> & { webSockets?: boolean } = {}): Promise<Bench> {
  const { webSockets = false, ...own } = options;
  const root = mkdtempSync(join(tmpdir(), "tl codex gateway-"));
  const upstream = await startUpstream();
  const gateway = await gatewayTo(upstream.url, { ledger: join(root, "ledger.sqlite"), ...own });
  onTestFinished(async () => {
    await upstream.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });
  const folder = join(root, "work");
  mkdirSync(folder);
  const codex = codexHome(binary!, join(root, "codex"), { url: gateway.url, apiKey, webSockets });
  let turns = 0;
  return {
    upstream,
    gateway,
    codex,
    turn: (prompt) =>
      codex.run(
        turns++ === 0
          ? ["exec", "--skip-git-repo-check", prompt]
          : ["exec", "resume", "--last", "--skip-git-repo-check", prompt],
        { folder },
      ),
    rollout: () => readFileSync(listRollouts(codex.home)[0]!.path),
  };
}

/** What Codex says when a turn didn't go as it should. */
const trouble = /stream disconnected|reconnecting|stream error|unexpected status|falling back|ERROR/iu;

function expectGood(run: CodexRun, said: string): void {
  expect(run.status, run.err).toBe(0);
  expect(run.out).toContain(said);
  expect(run.err).not.toMatch(trouble);
}

describe.skipIf(binary === undefined)("the real CLI through the gateway", () => {
  test.each(["coded", "uncoded", "error-event", "failed-event", "wrapped-502"] satisfies SealWording[])(
    "goes on after a key was rotated, for one request more (told as %s)",
    async (wording) => {
      const { upstream, gateway, codex, turn, rollout } = await open();
      upstream.wording = wording;
      upstream.script("look", [{ run: "echo looked" }], [{ say: "First." }]);
      upstream.script("again", [{ say: "Second." }]);
      upstream.script("more", [{ say: "Third." }]);
      expectGood(await turn("look"), "First.");
      expect(upstream.requests).toHaveLength(2);
      upstream.rotate();
      const before = rollout();
      const settings = readFileSync(join(codex.home, "config.toml"));
      expectGood(await turn("again"), "Second.");
      expect(upstream.requests).toHaveLength(4);
      // The dead blobs are still in its file, and sent again: they are left out before anything is asked.
      expectGood(await turn("more"), "Third.");
      expect(upstream.requests).toHaveLength(5);
      expect(upstream.requests.map(({ outcome }) => outcome.slice(0, 7))).toEqual([
        "answere",
        "answere",
        "refused",
        "answere",
        "answere",
      ]);
      // What was sealed since is still sent.
      expect(upstream.requests[4]!.raw).toContain('"encrypted_content":"');
      expect(rollout().subarray(0, before.length).equals(before)).toBe(true);
      expect(readFileSync(join(codex.home, "config.toml")).equals(settings)).toBe(true);
      expect(existsSync(join(codex.home, "auth.json"))).toBe(false);
      expect(gateway.metrics.total("heals")).toBe(1);
      expect(gateway.metrics.total("prevented")).toBe(1);
    },
    60_000,
  );

  test("takes over a session that was made without it, by what install-codex writes", async () => {
    const { upstream, gateway, codex, rollout } = await open();
    const settings = join(codex.home, "config.toml");
    const folder = join(codex.home, "..", "work");
    const turn = (...words: string[]): Promise<CodexRun> =>
      codex.run(["exec", ...words], { folder, env: { CODEX_API_KEY: apiKey } });
    const own = 'model = "gpt-5.5"\napproval_policy = "never"\nsandbox_mode = "danger-full-access"\n';
    writeFileSync(settings, `${own}openai_base_url = "${upstream.url}"\n`);
    upstream.script("look", [{ run: "echo looked" }], [{ say: "First." }]);
    upstream.script("again", [{ say: "Second." }]);
    expect((await turn("--skip-git-repo-check", "look")).out).toContain("First.");
    expect(rollout().toString()).toContain('"model_provider":"openai"');
    upstream.rotate();

    const provider = {
      url: gateway.url,
      upstream: upstream.url,
      credential: { kind: "login" },
    } as const;
    writeFileSync(settings, withCodexProvider(own, provider, settings).text);
    const run = await turn("resume", "--last", "--skip-git-repo-check", "again");
    expect(run.out, run.err).toContain("Second.");
    expect(gateway.metrics.total("heals")).toBe(1);
  }, 60_000);

  const overloaded: Fault = {
    do: "refuse",
    status: 503,
    body: {
      error: { message: "The server is overloaded.", type: "server_error", code: "server_is_overloaded" },
    },
  };
  const faults: Record<string, Fault[]> = {
    "cuts a stream before its first output": [{ do: "cut", after: "created" }],
    "cuts two streams before their first output": [
      { do: "cut", after: "created" },
      { do: "cut", after: "created" },
    ],
    "fails with 5xx": [
      { do: "refuse", status: 500, body: { error: { message: "Internal error" } } },
      overloaded,
    ],
    "fails with a page": [
      {
        do: "refuse",
        status: 502,
        body: "<html>Bad gateway</html>",
        headers: { "content-type": "text/html" },
      },
    ],
    "limits the rate": [
      {
        do: "refuse",
        status: 429,
        headers: { "retry-after": "1" },
        body: {
          error: {
            message: "Rate limit reached, try again in 1s.",
            type: "tokens",
            code: "rate_limit_exceeded",
          },
        },
      },
    ],
  };
  test.each(Object.entries(faults))(
    "sees one whole answer when the upstream %s",
    async (_name, planned) => {
      const { upstream, turn } = await open();
      upstream.plan(...planned);
      upstream.script("go on", [{ say: "All of it." }]);
      expectGood(await turn("go on"), "All of it.");
      expect(upstream.requests).toHaveLength(planned.length + 1);
    },
    60_000,
  );

  test("sits a usage limit out with --wait-for-limits", async () => {
    const { upstream, gateway, turn } = await open({ waitForLimits: true });
    upstream.plan({ do: "limit", ms: 2_500 });
    upstream.script("go on", [{ say: "After the reset." }]);
    expectGood(await turn("go on"), "After the reset.");
    expect(gateway.metrics.total("holds")).toBeGreaterThan(0);
  }, 60_000);

  test("is told of a usage limit otherwise, with its reset, and asks no second time", async () => {
    const { upstream, turn } = await open();
    upstream.plan({ do: "limit", ms: 3_600_000 });
    const run = await turn("go on");
    expect(run.status).not.toBe(0);
    expect(run.err).toMatch(/usage limit/iu);
    expect(upstream.requests).toHaveLength(1);
  }, 60_000);

  test("falls back from a WebSocket at once", async () => {
    const { upstream, turn } = await open({ webSockets: true });
    upstream.script("go on", [{ say: "Over HTTP." }]);
    const run = await turn("go on");
    expect(run.status, run.err).toBe(0);
    expect(run.out).toContain("Over HTTP.");
    expect(run.err).not.toMatch(/reconnecting|stream disconnected/iu);
    expect(upstream.requests).toHaveLength(1);
  }, 60_000);

  test("completes a turn whose stream was cut after output, and goes on with what the cut left in its file", async () => {
    const { upstream, gateway, turn } = await open();
    upstream.plan({ do: "cut", after: "half-text" });
    upstream.script("go on", [{ say: "The whole of a longer answer." }]);
    upstream.script("more", [{ say: "And more." }]);
    const run = await turn("go on");
    expect(run.status, run.err).toBe(0);
    expect(run.out).toContain("The whole of a longer answer.");
    // Codex's own retry carries the reasoning of the answer that was cut, without the item it led to, which the API refuses for ever.
    expect(upstream.requests.map(({ outcome }) => outcome.slice(0, 7))).toEqual([
      "cut",
      "refused",
      "answere",
    ]);
    expect(gateway.metrics.total("retries")).toBe(0);
    expectGood(await turn("more"), "And more.");
    expect(upstream.requests).toHaveLength(4);
  }, 60_000);

  test("runs a call once whose stream was cut right behind it", async () => {
    const { upstream, gateway, codex, turn } = await open();
    const ran = join(codex.home, "..", "work", "ran.txt");
    upstream.script("count", [{ run: "echo ran >> ran.txt" }], [{ say: "Counted." }]);
    upstream.plan({ do: "cut", after: "call" });
    const run = await turn("count");
    expect(run.status, run.err).toBe(0);
    expect(run.out).toContain("Counted.");
    expect(readFileSync(ran, "utf8")).toBe("ran\n");
    expect(upstream.requests.map(({ outcome }) => outcome)).toEqual(["cut", "answered"]);
    expect(upstream.requests[1]!.raw).toContain('"function_call_output"');
    expect(gateway.lines.filter((line) => line.endsWith("it ends after its call"))).toHaveLength(1);
  }, 60_000);
});
