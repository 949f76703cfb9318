import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { asUser, isRoot, nobody } from "../../../test/kit/as-user.ts";
import { patchCall } from "../../../test/kit/tool-context.ts";
import { toolProcess } from "../../../test/kit/tool-process.ts";
import {
  after,
  before,
  everything,
  filesOf,
  patch,
  recorded,
  workspaceWith,
} from "../../../test/kit/patches.ts";
import { applyPatch } from "./apply-patch.ts";
import { carryOut } from "./carry-out.ts";
import { makeSpool } from "../spool.ts";

describe("after kill -9", () => {
  it.each([
    "patch-staged",
    "patch-recorded",
    "patch-half-applied",
    "patch-half-applied:2",
    "patch-half-applied:3",
    "patch-half-applied:4",
    "patch-applied",
  ])("at %s the next owner completes the patch, once", async (point) => {
    const context = workspaceWith(before);
    const call = patchCall(everything);
    const killed = toolProcess(call, context, { THROUGHLINE_CRASH_AT: point });
    expect(await killed.ended).toEqual({ signal: "SIGKILL" });
    const state =
      point === "patch-staged"
        ? { state: "not-started" }
        : { state: "resumable", what: "a patch of 5 files" };
    expect(await applyPatch.inspect(context)).toMatchObject(state);
    if (point === "patch-staged" || point === "patch-recorded")
      expect(filesOf(context.workspace)).toEqual(before);
    const outcome = await applyPatch.run(call, context);
    expect(outcome).toMatchObject({ status: "ok" });
    expect(filesOf(context.workspace)).toEqual(after);
  });

  it("a file that somebody changed since is left alone and named; the others are completed", async () => {
    const context = workspaceWith(before);
    const killed = toolProcess(patchCall(everything), context, { THROUGHLINE_CRASH_AT: "patch-recorded" });
    await killed.ended;
    writeFileSync(join(context.workspace, "b.txt"), "mine\n");
    const outcome = await applyPatch.run(patchCall(everything), context);
    expect(outcome).toMatchObject({ status: "failed" });
    expect(outcome.output).toContain("! b.txt\n");
    expect(filesOf(context.workspace)).toEqual({ ...after, "b.txt": "mine\n" });
  });

  it("drafts of the dead owner are taken away", async () => {
    const context = workspaceWith(before);
    const killed = toolProcess(patchCall(everything), context, { THROUGHLINE_CRASH_AT: "patch-recorded" });
    await killed.ended;
    const { id } = JSON.parse(readFileSync(join(context.spool, "record.json"), "utf8")) as { id: string };
    writeFileSync(join(context.workspace, `.throughline-${id}-1`), "half");
    await applyPatch.run(patchCall(everything), context);
    expect(filesOf(context.workspace)).toEqual(after);
  });

  it.each(["record.json", "exit.json"])("an object in %s that is no such record is unknown", async (name) => {
    const context = workspaceWith(before);
    makeSpool(context.spool);
    writeFileSync(join(context.spool, name), "{}");
    const why = `${join(context.spool, name)} is damaged`;
    expect(await applyPatch.inspect(context)).toEqual({ state: "unknown", why });
    const outcome = await applyPatch.run(patchCall(everything), context);
    expect(outcome).toMatchObject({
      status: "unknown",
      output: `outcome unknown; verify before repeating: ${why}.`,
    });
    expect(filesOf(context.workspace)).toEqual(before);
  });
});

describe("when a file can't be written", () => {
  it("those that were written before are put back, with the folders that were made", () => {
    const context = workspaceWith(before);
    const record = recorded(context, everything);
    // In the way of the last file that is written; root may write anywhere, so no permission would stop it.
    const blocked = record.ops.findLast((op) => op.after !== null && op.before === null)!;
    expect(blocked.path).toBe(join(context.workspace, "moved/c.txt"));
    writeFileSync(join(context.workspace, "moved"), "in the way");
    const carried = carryOut(context.spool, record, false);
    expect(carried).toMatchObject({ kind: "rolled-back", path: blocked.path, kept: [] });
    expect(filesOf(context.workspace)).toEqual({ ...before, moved: "in the way" });
    expect(existsSync(join(context.workspace, "new"))).toBe(false);
  });

  it("because of its folder's rights, the answer says so in no path of this program's own", async () => {
    const context = workspaceWith({ "sub/a.txt": "old\n" });
    const sub = join(context.workspace, "sub");
    for (const part of [dirname(dirname(context.spool)), context.workspace, sub, join(sub, "a.txt")])
      if (isRoot) chownSync(part, nobody, nobody);
    chmodSync(sub, 0o555);
    const text = patch("*** Update File: sub/a.txt", "@@", "-old", "+new");
    expect(await asUser(() => applyPatch.run(patchCall(text), context))).toMatchObject({
      status: "failed",
      output:
        "apply_patch failed at sub/a.txt: its folder can't be written to (EACCES: permission denied).\nNo file was changed.\n",
    });
    chmodSync(sub, 0o755);
  });

  it("because somebody changed it in between, the whole patch is taken back", () => {
    const context = workspaceWith(before);
    const record = recorded(context, everything);
    writeFileSync(join(context.workspace, "d.txt"), "mine\n");
    expect(carryOut(context.spool, record, false)).toMatchObject({ kind: "rolled-back", kept: [] });
    expect(filesOf(context.workspace)).toEqual({ ...before, "d.txt": "mine\n" });
  });
});
