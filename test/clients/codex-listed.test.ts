// The real CLI's list of a session whose first prompt it couldn't see when it made its state database.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { codexHome, installCodex } from "../kit/codex.ts";
import { openDesk } from "./desk.ts";
import { apiKey } from "./upstream.ts";

vi.setConfig({ testTimeout: 60_000 });

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

describe.skipIf(binary === undefined)("the real Codex CLI's list of a repaired session", () => {
  test.each([
    ["left it out", ["first"], []],
    ["had it by its second prompt", ["first", "second"], ["second"]],
  ])("has its first prompt, where it %s while that was lost", async (_what, prompts, shown) => {
    const desk = await openDesk(onTestFinished);
    const { upstream, work: folder, home } = desk;
    const codex = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey });
    const exec = ["exec", "--skip-git-repo-check"];
    expect((await codex.run([...exec, prompts[0]!], { folder })).status).toBe(0);
    const { path, thread } = listRollouts(codex.home)[0]!;
    for (const prompt of prompts.slice(1))
      expect((await codex.run([...exec, "resume", thread, prompt], { folder })).status).toBe(0);
    const listed = async (): Promise<string[]> => {
      const server = await codex.serve(folder);
      const { data } = (await server.ask("thread/list", { limit: 10, sourceKinds: ["exec"] })) as {
        data: { preview: string }[];
      };
      await server.close();
      return data.map(({ preview }) => preview);
    };
    expect(await listed()).toEqual(["first"]);

    const lines = readFileSync(path, "utf8").split("\n");
    const told = lines.findIndex((line) => line.includes('"UserMessage"'));
    writeFileSync(path, lines.with(told, "#".repeat(lines[told]!.length)).join("\n"));
    for (const end of ["", "-wal", "-shm"]) rmSync(join(codex.home, `state_5.sqlite${end}`), { force: true });
    expect(await listed()).toEqual(shown);

    const env = { CODEX_HOME: codex.home };
    const repaired = await desk.run(["repair", thread, "--write"], { env });
    expect([repaired.status, repaired.err]).toEqual([0, ""]);
    expect(await listed()).toEqual(["first"]);
    expect((await desk.run(["repair", thread, "--undo"], { env })).status).toBe(0);
    expect(await listed()).toEqual(shown);
  });
});
