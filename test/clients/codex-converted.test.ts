// The real CLI on sessions as programs write them that convert those of other agents, before and after a repair.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repairRollout } from "../../src/foreign/codex/repair/repair.ts";
import { codexHome, installCodex } from "../kit/codex.ts";
import { textOf } from "./model.ts";
import { apiKey, startUpstream } from "./upstream.ts";

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

const thread = "0f5e1c2a-1111-4222-8333-000000000001";
const line = (second: number, type: string, payload: object): string =>
  `${JSON.stringify({ type, timestamp: `2026-10-04T10:00:0${second}.000Z`, payload })}\n`;
const said = (second: number, role: string, ...content: object[]): string =>
  line(second, "response_item", { type: "message", role, content });
const asked = (second: number, message: string): string =>
  line(second, "event_msg", { type: "user_message", message });

test.skipIf(binary === undefined)(
  "prompts told by events alone, answers in the parts of prompts, calls as parts: all of it is sent after a repair",
  async ({ onTestFinished }) => {
    const root = mkdtempSync(join(tmpdir(), "tl converted ü-"));
    const upstream = await startUpstream();
    onTestFinished(async () => {
      await upstream.close();
      rmSync(root, { recursive: true, force: true });
    });
    const work = join(root, "work");
    const codex = codexHome(binary!, join(root, "codex"), { url: upstream.url, apiKey });
    const folder = join(codex.home, "sessions", "2026", "10", "04");
    for (const each of [work, folder]) mkdirSync(each, { recursive: true });
    const path = join(folder, `rollout-2026-10-04T10-00-00-123Z-${thread}.jsonl`);
    const header = {
      id: thread,
      timestamp: "2026-10-04T10:00:00.000Z",
      cwd: work,
      originator: "casr",
      cli_version: "0.2.5",
      source: "cli",
      model_provider: "loopback",
    };
    const call = { type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls" } };
    writeFileSync(
      path,
      [
        line(0, "session_meta", header),
        asked(1, "look"),
        said(2, "assistant", { type: "input_text", text: "Looking." }, call),
        said(3, "user", { type: "tool_result", tool_use_id: "toolu_1", content: "a.ts" }),
        said(4, "assistant", { type: "input_text", text: "There." }),
        asked(5, "thanks"),
        said(6, "assistant", { type: "input_text", text: "Welcome." }),
      ].join(""),
    );
    const resume = (prompt: string): ReturnType<typeof codex.run> =>
      codex.run(["exec", "resume", "--skip-git-repo-check", thread, prompt], { folder: work });

    expect((await resume("on")).status).toBe(1);
    expect(upstream.requests[0]?.outcome).toContain("Invalid value: 'input_text'");

    const options = { home: join(root, "own"), now: Date.now(), seals: { which: "none" } } as const;
    await repairRollout(path, options, () => undefined);
    const after = await resume("go");
    expect(after.status, after.err).toBe(0);
    const words = upstream.requests
      .at(-1)!
      .input.map((item) => `${String(item["role"] ?? item["type"])} ${textOf(item)}`.trim())
      .filter((text) => !/^developer|<environment_context>/u.test(text));
    expect(words).toEqual([
      "user look",
      "assistant Looking.",
      "function_call",
      "function_call_output",
      "assistant There.",
      "user thanks",
      "assistant Welcome.",
      "user on",
      "user go",
    ]);
  },
);
