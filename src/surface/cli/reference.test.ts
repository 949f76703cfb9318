import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { referencesIn } from "./reference.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "throughline-reference ")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const thread = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c";
const reverted = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0d";
function rollout(home: string, name: string): string {
  const folder = join(root, home, "sessions", "2026");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), "");
  return join(folder, name);
}

test("a command names a session by its id only where that means this very file", () => {
  const own = rollout("codex", `rollout-2026-11-20T10-00-00-${thread}.jsonl`);
  const copy = rollout("backup", `rollout-2026-11-20T10-00-00-${thread}.jsonl`);
  const first = rollout("codex", `rollout-2026-11-20T10-00-00-${reverted}.jsonl`);
  rollout("codex", `rollout-2026-11-20T11-00-00-${reverted}_01a1fe22-0000-7000-8000-000000000000.jsonl`);
  const reference = referencesIn(join(root, "codex"));
  expect(reference(own, thread)).toBe(thread);
  expect(reference(copy, thread)).toBe(`'${copy}'`);
  expect(reference(first, reverted)).toBe(`'${first}'`);
  expect(reference(own, undefined)).toBe(`'${own}'`);
  expect(referencesIn(join(root, "nowhere"))(own, thread)).toBe(`'${own}'`);
});
