import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/kit/temporary-folder.ts";
import { type Journal, makeRepairFolder, type RepairFolder } from "../foreign/codex/repair/journal.ts";
import { type Copy, removeBackups } from "./copies.ts";

const home = temporaryFolder();

function note(folder: RepairFolder, state: Journal["state"]): void {
  const kept = { bytes: 1, sha256: "" };
  const path = "/home/me/.codex/sessions/rollout.jsonl";
  folder.write({ schema: 1, path, at: 0, state, before: kept, after: kept, mended: {}, forgotIndex: false });
}

test("a backup that a repair has come to need since it was looked for stays, and is named", () => {
  const removed = (state?: Journal["state"]): [told: string[], isThere: boolean] => {
    const folder = makeRepairFolder(home, undefined, Date.now());
    const found: Copy = { of: "id", path: folder.path, kind: "backup" };
    if (state) note(folder, state);
    return [removeBackups([found]), existsSync(found.path)];
  };
  const stays = [
    [expect.stringContaining("isn't removed: a repair that was begun meanwhile needs it")],
    true,
  ];
  expect(removed(), "it is worked out by this process").toEqual(stays);
  for (const state of ["writing", "undoing"] as const) expect(removed(state), state).toEqual(stays);
  for (const state of ["done", "undone"] as const) expect(removed(state), state).toEqual([[], false]);
  const gone: Copy = { of: "id", path: `${home}/repairs/2026-11-24T00-00-00-000Z-rollout`, kind: "backup" };
  expect(removeBackups([gone]), "what is gone already").toEqual([]);
});
