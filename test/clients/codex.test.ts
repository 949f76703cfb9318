import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { linesIn } from "../../src/foreign/codex/lines.ts";
import { listRollouts } from "../../src/foreign/codex/places.ts";
import { readRecord } from "../../src/foreign/codex/record.ts";
import { codexHome, type CodexHome, installCodex } from "../kit/codex.ts";
import { apiKey, startUpstream, type Upstream } from "./upstream.ts";

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

interface Bench {
  upstream: Upstream;
  codex: CodexHome;
  work: string;
}

async function open(): Promise<Bench> {
  const root = mkdtempSync(join(tmpdir(), "tl codex ü-"));
  const upstream = await startUpstream();
  onTestFinished(async () => {
    await upstream.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });
  const work = join(root, "work");
  mkdirSync(work);
  return { upstream, codex: codexHome(binary!, join(root, "codex"), { url: upstream.url, apiKey }), work };
}

describe.skipIf(binary === undefined)("the real CLI", () => {
  test("every line that it writes is read", async () => {
    const { upstream, codex, work } = await open();
    upstream.script("look", [{ say: "Looking." }, { run: "echo hello" }], [{ say: "It says hello." }]);
    const run = await codex.run(["exec", "--skip-git-repo-check", "look"], { folder: work });
    expect(run.status, run.err).toBe(0);
    const [rollout] = listRollouts(codex.home);
    const records = linesIn(readFileSync(rollout!.path)).map(readRecord);
    expect(records.every(({ readable }) => readable)).toBe(true);
    expect(records.flatMap((record) => (record.readable ? [record.type] : []))).toEqual(
      expect.arrayContaining(["session_meta", "response_item", "event_msg", "turn_context", "world_state"]),
    );
  });
});
