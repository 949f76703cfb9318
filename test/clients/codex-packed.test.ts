// The real CLI on rollouts that it has packed away, damaged: it fails before the repair, and goes on with all that was said after it.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { listRollouts, type RolloutFile } from "../../src/foreign/codex/home/places.ts";
import { codexHome, type CodexHome, type CodexRun, installCodex } from "../kit/codex.ts";
import { type Desk, openDesk, until } from "./desk.ts";
import { textOf } from "./model.ts";
import { apiKey } from "./upstream.ts";

vi.setConfig({ testTimeout: 60_000 });

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

describe.skipIf(binary === undefined)("the real Codex CLI on a rollout that it has packed", () => {
  interface Packing {
    readonly desk: Desk;
    readonly rollout: RolloutFile;
    readonly env: Record<string, string>;
    resume(prompt: string): Promise<CodexRun>;
    /** Lets Codex pack the rollout, which it takes to be unused for long. */
    pack(): Promise<void>;
    /** What the person and the model said, in the last request. */
    said(): string[];
  }

  async function open(): Promise<Packing> {
    const desk = await openDesk(onTestFinished);
    const { upstream, work: folder, home } = desk;
    const codex: CodexHome = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey });
    upstream.script("one", [{ say: "answer-one" }]);
    await codex.run(["exec", "--skip-git-repo-check", "one"], { folder });
    const [rollout] = listRollouts(codex.home) as [RolloutFile];
    return {
      desk,
      rollout,
      env: { CODEX_HOME: codex.home, LOOPBACK_KEY: apiKey },
      resume: (prompt) =>
        codex.run(["exec", "--skip-git-repo-check", "resume", rollout.thread, prompt], { folder }),
      pack: async () => {
        utimesSync(rollout.path, 1_700_000_000, 1_700_000_000);
        const server = await codex.serve(folder);
        await server.ask("rollout/compress", null);
        await until(
          () => existsSync(`${rollout.path}.zst`) && !existsSync(rollout.path),
          "the packed rollout",
        );
        await server.close();
      },
      said: () =>
        upstream.requests.at(-1)!.input.flatMap((item) => {
          const words = item["type"] === "message" ? textOf(item) : "";
          return words === "" || item["role"] === "developer" || words.startsWith("<") ? [] : [words];
        }),
    };
  }

  test("whose sealed reasoning is refused since a key was rotated", async () => {
    const { desk, rollout, env, resume, pack, said } = await open();
    desk.upstream.rotate();
    expect((await resume("two")).status, "before the repair").not.toBe(0);
    await pack();
    const packed = readFileSync(`${rollout.path}.zst`);
    const found = await desk.run(["doctor", rollout.thread], { env });
    expect([found.status, found.out]).toEqual([
      1,
      expect.stringContaining(`throughline repair ${rollout.thread} --write`),
    ]);
    for (const undo of [true, false]) {
      const mended = await desk.run(["repair", rollout.thread, "--write"], { env });
      expect(mended.status, mended.err).toBe(0);
      expect(mended.out).toContain("It was compressed, and is unpacked now");
      if (undo) {
        expect((await desk.run(["repair", rollout.thread, "--undo"], { env })).status).toBe(0);
        expect(readFileSync(`${rollout.path}.zst`).equals(packed)).toBe(true);
      }
    }
    const resumed = await resume("three");
    expect(resumed.status, resumed.err).toBe(0);
    expect(said()).toEqual(["one", "answer-one", "two", "three"]);
    expect((await desk.run(["doctor", rollout.thread], { env })).status).toBe(0);
  });

  test("whose archive was cut off", async () => {
    const { desk, rollout, env, resume, pack, said } = await open();
    // What is packed in one block of 128 KiB is there or not.
    desk.upstream.script("two", [{ say: randomBytes(200_000).toString("hex") }]);
    for (const prompt of ["two", "three", "four"]) await resume(prompt);
    await pack();
    const packed = `${rollout.path}.zst`;
    truncateSync(packed, readFileSync(packed).length - 300);
    expect((await resume("five")).status, "before the repair").not.toBe(0);
    const mended = await desk.run(["repair", rollout.thread, "--write"], { env });
    expect(mended.status, mended.out).toBe(0);
    const resumed = await resume("six");
    expect(resumed.status, resumed.err).toBe(0);
    expect(said().slice(0, 3)).toEqual(["one", "answer-one", "two"]);
    expect(said().at(-1)).toBe("six");
    expect((await desk.run(["doctor", rollout.thread], { env })).status).toBe(0);
  });
});
