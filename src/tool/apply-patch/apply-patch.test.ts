import fs, { chmodSync, chownSync, existsSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { asUser, isRoot, nobody } from "../../../test/kit/as-user.ts";
import { patchCall } from "../../../test/kit/tool-context.ts";
import { after, before, everything, filesOf, patch, workspaceWith } from "../../../test/kit/patches.ts";
import { applyPatch } from "./apply-patch.ts";

describe("a patch", () => {
  it("adds, changes, moves and deletes, and lists what it did", async () => {
    const context = workspaceWith(before);
    const outcome = await applyPatch.run(patchCall(everything), context);
    expect(outcome).toMatchObject({
      status: "ok",
      output:
        "Success. Updated the following files:\nA new/deep/a.txt\nM b.txt\nM moved/c.txt (moved from c.txt)\nD d.txt\n",
    });
    expect(filesOf(context.workspace)).toEqual(after);
    expect(await applyPatch.inspect(context)).toMatchObject({ state: "finished" });
  });

  it("is applied once, however often it is run", async () => {
    const context = workspaceWith({ "a.txt": "x\nx\n" });
    const call = patchCall(patch("*** Update File: a.txt", "@@", "-x", "+x", "+y"));
    const first = await applyPatch.run(call, context);
    expect(await applyPatch.run(call, context)).toEqual(first);
    expect(filesOf(context.workspace)).toEqual({ "a.txt": "x\ny\nx\n" });
  });

  it("sees in each section what the sections before it did", async () => {
    const context = workspaceWith({ "a.txt": "1\n" });
    const text = patch(
      "*** Update File: a.txt",
      "@@",
      "-1",
      "+2",
      "*** Update File: a.txt",
      "@@",
      "-2",
      "+3",
      "*** Update File: a.txt",
      "*** Move to: b.txt",
      "*** Add File: a.txt",
      "+fresh",
    );
    expect((await applyPatch.run(patchCall(text), context)).status).toBe("ok");
    expect(filesOf(context.workspace)).toEqual({ "a.txt": "fresh\n", "b.txt": "3\n" });
  });

  it("keeps modes, also of what it moves", async () => {
    const context = workspaceWith({ "run.sh": "echo 1\n", "go.sh": "echo 1\n" });
    for (const name of ["run.sh", "go.sh"]) chmodSync(join(context.workspace, name), 0o751);
    const hunk = ["@@", "-echo 1", "+echo 2"];
    const text = patch(
      "*** Update File: run.sh",
      ...hunk,
      "*** Update File: go.sh",
      "*** Move to: gone.sh",
      ...hunk,
    );
    await applyPatch.run(patchCall(text), context);
    expect(statSync(join(context.workspace, "run.sh")).mode & 0o777).toBe(0o751);
    expect(statSync(join(context.workspace, "gone.sh")).mode & 0o777).toBe(0o751);
  });

  it.runIf(isRoot)("leaves a file to its owner, also one that it moves, when root makes it", async () => {
    // As in a container, with the files of its host's user.
    const context = workspaceWith({ "run.sh": "echo 1\n", "go.sh": "echo 1\n" });
    for (const name of ["run.sh", "go.sh"]) {
      chownSync(join(context.workspace, name), nobody, nobody);
      chmodSync(join(context.workspace, name), 0o4755);
    }
    const hunk = ["@@", "-echo 1", "+echo 2"];
    const move = ["*** Update File: go.sh", "*** Move to: gone.sh"];
    await applyPatch.run(patchCall(patch("*** Update File: run.sh", ...hunk, ...move, ...hunk)), context);
    for (const name of ["run.sh", "gone.sh"]) {
      const { uid, gid, mode } = statSync(join(context.workspace, name));
      expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: nobody, gid: nobody, mode: 0o4755 });
    }
  });

  it("takes absolute paths inside the workspace", async () => {
    const context = workspaceWith({});
    await applyPatch.run(patchCall(patch(`*** Add File: ${context.workspace}/x/a.txt`, "+a")), context);
    expect(filesOf(context.workspace)).toEqual({ "x/a.txt": "a\n" });
  });

  it("changes the file behind a symbolic link that stays inside, and keeps the link", async () => {
    const context = workspaceWith({ "real/a.txt": "old\n" });
    symlinkSync("real/a.txt", join(context.workspace, "link.txt"));
    symlinkSync("real", join(context.workspace, "folder"));
    await applyPatch.run(
      patchCall(patch("*** Update File: link.txt", "@@", "-old", "+new", "*** Add File: folder/b.txt", "+b")),
      context,
    );
    expect(readlinkSync(join(context.workspace, "link.txt"))).toBe("real/a.txt");
    expect(filesOf(context.workspace)).toEqual({ "real/a.txt": "new\n", "real/b.txt": "b\n" });
  });

  it.runIf(process.platform === "linux")("gives a file a name that differs by case alone", async () => {
    const context = workspaceWith({ "Readme.md": "one\n" });
    const move = patch("*** Update File: Readme.md", "*** Move to: README.md", "@@", "-one", "+two");
    const { status } = await applyPatch.run(patchCall(move), context);
    expect([status, filesOf(context.workspace)]).toEqual(["ok", { "README.md": "two\n" }]);
  });

  it("is applied in a workspace whose file system can't make folders durable (VirtualBox)", async () => {
    const context = workspaceWith(before);
    const real = fs.fsyncSync;
    fs.fsyncSync = (fd) => {
      if (statSync(`/dev/fd/${fd}`).isDirectory())
        throw Object.assign(new Error("EINVAL: invalid argument, fsync"), {
          code: "EINVAL",
          syscall: "fsync",
        });
      real(fd);
    };
    syncBuiltinESMExports();
    onTestFinished(() => {
      fs.fsyncSync = real;
      syncBuiltinESMExports();
    });
    const { status } = await applyPatch.run(patchCall(everything), context);
    expect([status, filesOf(context.workspace)]).toEqual(["ok", after]);
  });

  it("that is cancelled before it is accepted changes nothing", async () => {
    const context = { ...workspaceWith(before), signal: AbortSignal.abort() };
    expect(await applyPatch.run(patchCall(everything), context)).toMatchObject({ status: "cancelled" });
    expect(filesOf(context.workspace)).toEqual(before);
  });
});

describe("nothing is changed, and the answer says what is wrong,", () => {
  it.each([
    [
      "a context that isn't there",
      ["*** Update File: b.txt", "@@", " nope", "-old", "+new"],
      "b.txt: these lines were not found in the file:\n  nope\n  old",
    ],
    ["a missing file", ["*** Update File: nope.txt", "@@", "-a", "+b"], "nope.txt: there is no such file"],
    ["a file that exists already", ["*** Add File: b.txt", "+x"], "b.txt: the file exists already"],
    [
      "a move onto a file",
      ["*** Update File: c.txt", "*** Move to: b.txt", "@@", "-one", "+two"],
      "b.txt: the file exists already",
    ],
    ["a folder", ["*** Add File: sub", "+x"], "sub: this is a folder"],
    ["a file as a folder", ["*** Add File: b.txt/x", "+x"], "b.txt/x: a part of the path is a file"],
    ["no patch", [], "names no file"],
  ])("with %s", async (_, lines, words) => {
    const files = { ...before, "sub/x.txt": "x\n" };
    const context = workspaceWith(files);
    const good = lines.length > 0 ? ["*** Delete File: d.txt"] : [];
    const outcome = await applyPatch.run(patchCall(patch(...good, ...lines)), context);
    expect(outcome.status).toBe("failed");
    expect(outcome.output).toContain("no file was changed");
    expect(outcome.output).toContain(words);
    expect(filesOf(context.workspace)).toEqual(files);
    expect(existsSync(context.spool)).toBe(false);
  });

  it("with a file that this user may only read, though the folder's rights would let it be replaced", async () => {
    const context = workspaceWith({ "a.txt": "old\n", "b.txt": "old\n" });
    const parts = [dirname(dirname(context.spool)), context.workspace];
    for (const name of ["a.txt", "b.txt"]) chmodSync(join(context.workspace, name), 0o444);
    if (isRoot) for (const part of parts) chownSync(part, nobody, nobody);
    const hunk = ["@@", "-old", "+new"];
    const text = patch("*** Update File: a.txt", ...hunk, "*** Delete File: b.txt");
    const outcome = await asUser(() => applyPatch.run(patchCall(text), context));
    expect(outcome).toMatchObject({ status: "failed" });
    expect(outcome.output).toContain("a.txt: this file is read-only for this user");
    expect(filesOf(context.workspace)).toEqual({ "a.txt": "old\n", "b.txt": "old\n" });
  });

  it("for every file that is wrong", async () => {
    const outcome = await applyPatch.run(
      patchCall(patch("*** Delete File: x", "*** Delete File: y")),
      workspaceWith({}),
    );
    expect(outcome.output).toContain("x: there is no such file\ny: there is no such file");
  });
});

describe("what a patch asks for", () => {
  it("is told file by file, with control characters to be seen", () => {
    const call = patchCall(
      patch("*** Add File: a\u001b[2J.txt", "+x", "*** Update File: b", "*** Move to: c"),
    );
    expect(applyPatch.approval(call, { workspace: "/" })).toEqual({
      title: "Change 2 files",
      detail: "A a\\x1b[2J.txt\nM b -> c",
      patch: call.input.replace("\u001b", "\\x1b"),
    });
  });

  it("is told with where links lead", () => {
    const { workspace } = workspaceWith({ ".git/config": "", "in/a": "a\n" });
    symlinkSync(".git/config", join(workspace, "notes.md"));
    symlinkSync(".git", join(workspace, "docs"));
    symlinkSync("/etc/passwd", join(workspace, "out"));
    const call = patchCall(
      patch(
        "*** Update File: notes.md",
        "@@",
        "+x",
        "*** Add File: docs/hooks/x",
        "+x",
        "*** Delete File: out",
      ),
    );
    const approval = (place: string) => applyPatch.approval(call, { workspace: place })?.detail.split("\n");
    expect(approval(workspace)).toEqual([
      "M notes.md (a link leads to .git/config)",
      "A docs/hooks/x (a link leads to .git/hooks/x)",
      "D out",
    ]);
    expect(approval(join(workspace, "gone"))).toEqual(["M notes.md", "A docs/hooks/x", "D out"]);
  });
});
