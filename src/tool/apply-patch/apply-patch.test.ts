import fs, {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { asUser, isRoot, nobody } from "../../../test/kit/as-user.ts";
import { patchCall, scratch, toolContext } from "../../../test/kit/tool-context.ts";
import { toolProcess } from "../../../test/kit/tool-process.ts";
import { applyPatch } from "./apply-patch.ts";
import { carryOut } from "./carry-out.ts";
import { parsePatch } from "./parse.ts";
import { planPatch } from "./plan.ts";
import { commitRecord, stagePlan } from "./record.ts";
import { makeSpool } from "../spool.ts";

const patch = (...lines: string[]): string => ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");

type Files = Record<string, string>;

function workspaceWith(files: Files) {
  const context = toolContext();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(context.workspace, path)), { recursive: true });
    writeFileSync(join(context.workspace, path), content);
  }
  return context;
}

/** Every regular file below the folder with its content, links not followed; drafts that were left behind would show. */
function filesOf(folder: string, below = ""): Files {
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

it.runIf(process.platform === "linux")("a file gets a name that differs by case alone", async () => {
  const context = workspaceWith({ "Readme.md": "one\n" });
  const move = patch("*** Update File: Readme.md", "*** Move to: README.md", "@@", "-one", "+two");
  const { status } = await applyPatch.run(patchCall(move), context);
  expect([status, filesOf(context.workspace)]).toEqual(["ok", { "README.md": "two\n" }]);
});

const everything = patch(
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
const noPlan = { root: "", changes: [], summary: [] };

it("a patch is applied in a workspace whose file system can't make folders durable (VirtualBox)", async () => {
  const context = workspaceWith({ "b.txt": "old\n", "c.txt": "one\n", "d.txt": "gone\n" });
  const real = fs.fsyncSync;
  fs.fsyncSync = (fd) => {
    if (statSync(`/dev/fd/${fd}`).isDirectory())
      throw Object.assign(new Error("EINVAL: invalid argument, fsync"), { code: "EINVAL", syscall: "fsync" });
    real(fd);
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    fs.fsyncSync = real;
    syncBuiltinESMExports();
  });
  const { status } = await applyPatch.run(patchCall(everything), context);
  const applied = { "b.txt": "new\n", "moved/c.txt": "two\n", "new/deep/a.txt": "added\n" };
  expect([status, filesOf(context.workspace)]).toEqual(["ok", applied]);
});
const before: Files = { "b.txt": "old\n", "c.txt": "one\n", "d.txt": "gone\n", "e.txt": "kept\n" };
const after: Files = {
  "b.txt": "new\n",
  "e.txt": "kept\n",
  "moved/c.txt": "two\n",
  "new/deep/a.txt": "added\n",
};

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
    const parsed = parsePatch(
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
    const planned = planPatch(context.workspace, parsed.ok ? parsed.sections : []);
    makeSpool(context.spool);
    const record = commitRecord(context.spool, stagePlan(context.spool, planned.ok ? planned.plan : noPlan));
    replaceByLink(join(context.workspace, place), outside);
    expect(carryOut(context.spool, record, false)).toMatchObject({ kind: "rolled-back", kept: [] });
    expect(filesOf(outside)).toEqual({ "a.txt": "old\n", "deep/a.txt": "old\n" });
    expect(readFileSync(join(context.workspace, "z.txt"), "utf8")).toBe("z\n");
  });
});

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
    const parsed = parsePatch(everything);
    const planned = planPatch(context.workspace, parsed.ok ? parsed.sections : []);
    makeSpool(context.spool);
    const record = commitRecord(context.spool, stagePlan(context.spool, planned.ok ? planned.plan : noPlan));
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
    const parsed = parsePatch(everything);
    const planned = planPatch(context.workspace, parsed.ok ? parsed.sections : []);
    makeSpool(context.spool);
    const record = commitRecord(context.spool, stagePlan(context.spool, planned.ok ? planned.plan : noPlan));
    writeFileSync(join(context.workspace, "d.txt"), "mine\n");
    expect(carryOut(context.spool, record, false)).toMatchObject({ kind: "rolled-back", kept: [] });
    expect(filesOf(context.workspace)).toEqual({ ...before, "d.txt": "mine\n" });
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

function replaceByLink(folder: string, target: string): void {
  renameSync(folder, `${folder}-away`);
  symlinkSync(target, folder);
}
