import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { patchCall, scratch } from "../../../test/kit/tool-context.ts";
import { filesOf, patch, recorded, workspaceWith } from "../../../test/kit/patches.ts";
import { applyPatch } from "./apply-patch.ts";
import { carryOut } from "./carry-out.ts";

describe("a patch never leaves the workspace", () => {
  const escapes: [string, (context: { workspace: string }, outside: string) => string][] = [
    ["by ..", () => "../victim.txt"],
    ["by .. further down", () => "sub/../../victim.txt"],
    ["by an absolute path", (_, outside) => join(outside, "victim.txt")],
    [
      "by a link to a folder",
      ({ workspace }, outside) => {
        symlinkSync(outside, join(workspace, "link"));
        return "link/victim.txt";
      },
    ],
    [
      "by a link above folders that don't exist yet",
      ({ workspace }, outside) => {
        symlinkSync(outside, join(workspace, "link"));
        return "link/new/deep/victim.txt";
      },
    ],
    [
      "by the file itself being a link",
      ({ workspace }, outside) => {
        symlinkSync(join(outside, "victim.txt"), join(workspace, "file.txt"));
        return "file.txt";
      },
    ],
    [
      "by a link to what doesn't exist yet",
      ({ workspace }, outside) => {
        symlinkSync(join(outside, "later.txt"), join(workspace, "dangling.txt"));
        return "dangling.txt";
      },
    ],
    [
      "by a link to a link",
      ({ workspace }, outside) => {
        symlinkSync(outside, join(workspace, "one"));
        symlinkSync("one", join(workspace, "two"));
        return "two/victim.txt";
      },
    ],
  ];
  it.each(escapes)("%s", async (_, prepare) => {
    const context = workspaceWith({ "a.txt": "a\n" });
    const outside = scratch();
    writeFileSync(join(outside, "victim.txt"), "old\n");
    const path = prepare(context, outside);
    for (const lines of [
      [`*** Update File: ${path}`, "@@", "-old", "+new"],
      [`*** Add File: ${path}`, "+new"],
      [`*** Delete File: ${path}`],
      ["*** Update File: a.txt", `*** Move to: ${path}`, "@@", "-a", "+new"],
    ]) {
      const outcome = await applyPatch.run(patchCall(patch(...lines)), context);
      expect(outcome.status).toBe("failed");
      expect(filesOf(outside)).toEqual({ "victim.txt": "old\n" });
      expect(filesOf(context.workspace)).toEqual({ "a.txt": "a\n" });
    }
  });

  it.each(["sub", "sub/deep"])("by a link that is put at %s after the patch was checked", (place) => {
    const context = workspaceWith({ "sub/deep/a.txt": "old\n", "z.txt": "z\n" });
    const outside = scratch();
    mkdirSync(join(outside, "deep"));
    for (const name of ["a.txt", "deep/a.txt"]) writeFileSync(join(outside, name), "old\n");
    const record = recorded(
      context,
      patch(
        "*** Update File: z.txt",
        "@@",
        "-z",
        "+y",
        "*** Update File: sub/deep/a.txt",
        "@@",
        "-old",
        "+new",
      ),
    );
    const folder = join(context.workspace, place);
    renameSync(folder, `${folder}-away`);
    symlinkSync(outside, folder);
    expect(carryOut(context.spool, record, false)).toMatchObject({ kind: "rolled-back", kept: [] });
    expect(filesOf(outside)).toEqual({ "a.txt": "old\n", "deep/a.txt": "old\n" });
    expect(readFileSync(join(context.workspace, "z.txt"), "utf8")).toBe("z\n");
  });
});
