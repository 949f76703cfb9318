import fs, { readdirSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { importPlan } from "../../../test/kit/import-plan.ts";
import { codexRollouts } from "../../../test/kit/codex-home.ts";
import { take } from "../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { exportThread } from "./export.ts";

test("a draft that can't be removed is told of", async () => {
  const { store, ...rest } = importPlan();
  const { id } = await take({ store, ...rest }, codexRollouts("0.130.0")[0]!.path);
  const folder = temporaryFolder();
  const path = join(folder, "rollout.jsonl");
  const remove = fs.rmSync;
  onTestFinished(() => {
    fs.rmSync = remove;
    syncBuiltinESMExports();
  });
  fs.rmSync = () => {
    throw Object.assign(new Error("EIO"), { code: "EIO", syscall: "unlink" });
  };
  syncBuiltinESMExports();
  const left: string[] = [];
  const exported = await exportThread(store, id, { path }, (each) => left.push(each));
  expect(exported.path).toBe(path);
  expect(left).toHaveLength(1);
  expect(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .toSorted(),
  ).toEqual([path, ...left].toSorted());
});
