import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { holdersOf } from "./holders.ts";

it("a folder of locks that can't be looked into, as of another user, keeps nobody from a diagnosis", () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-holders-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const thread = "01a1fab6-dd6a-75e1-b1e7-fabb96b332be";
  const path = join(home, "sessions", "2026", "11", "20", `rollout-2026-11-20T20-47-30-${thread}.jsonl`);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "");
  // Rights don't keep root out, who may run this: a link that leads to itself does.
  symlinkSync("thread-writer-locks", join(home, "thread-writer-locks"));
  expect(holdersOf([{ path, thread }])).toEqual(new Map());
});
