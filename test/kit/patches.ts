// Patches, the workspaces they are for, and what becomes of those.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parsePatch } from "../../src/tool/apply-patch/parse.ts";
import { planPatch } from "../../src/tool/apply-patch/plan.ts";
import { commitRecord, type PatchRecord, stagePlan } from "../../src/tool/apply-patch/record.ts";
import { makeSpool } from "../../src/tool/spool.ts";
import type { ToolContext } from "../../src/tool.ts";
import { toolContext } from "./tool-context.ts";

export const patch = (...lines: string[]): string =>
  ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");

export type Files = Record<string, string>;

export function workspaceWith(files: Files): ToolContext {
  const context = toolContext();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(context.workspace, path)), { recursive: true });
    writeFileSync(join(context.workspace, path), content);
  }
  return context;
}

/** Every regular file below the folder with its content, links not followed; drafts that were left behind would show. */
export function filesOf(folder: string, below = ""): Files {
  return Object.assign(
    {},
    ...readdirSync(join(folder, below), { withFileTypes: true })
      .filter((entry) => !entry.isSymbolicLink())
      .map((entry) => {
        const path = join(below, entry.name);
        return entry.isDirectory()
          ? filesOf(folder, path)
          : { [path]: readFileSync(join(folder, path), "utf8") };
      }),
  ) as Files;
}

/** It adds, changes, moves and deletes: `before` becomes `after`. */
export const everything = patch(
  "*** Add File: new/deep/a.txt",
  "+added",
  "*** Update File: b.txt",
  "@@",
  "-old",
  "+new",
  "*** Update File: c.txt",
  "*** Move to: moved/c.txt",
  "@@",
  "-one",
  "+two",
  "*** Delete File: d.txt",
);

/** What is carried out of a patch, once it is staged. */
export function recorded(context: ToolContext, text: string): PatchRecord {
  const parsed = parsePatch(text);
  const planned = planPatch(context.workspace, parsed.ok ? parsed.sections : []);
  if (!planned.ok) throw new Error("the patch can't be planned");
  makeSpool(context.spool);
  return commitRecord(context.spool, stagePlan(context.spool, planned.plan));
}

export const before: Files = { "b.txt": "old\n", "c.txt": "one\n", "d.txt": "gone\n", "e.txt": "kept\n" };

export const after: Files = {
  "b.txt": "new\n",
  "e.txt": "kept\n",
  "moved/c.txt": "two\n",
  "new/deep/a.txt": "added\n",
};
