import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs, {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { identifyProcess } from "../../../lib/process.ts";
import { asUser } from "../../../../test/kit/as-user.ts";
import {
  damaged,
  damagedBeforeEach,
  own,
  path,
  refused,
  repair,
  root,
  source,
  writeBehind,
} from "../../../../test/kit/damaged-rollout.ts";
import { isFailureOf } from "../../../failure.ts";
import { takeWriterLock, type WriterLock } from "../home/writer-lock.ts";
import type { CompletedRepair } from "./carry-out.ts";
import type { PreparedRepair, RepairPlan } from "./prepare.ts";
import { repairRollout, undoRepair } from "./repair.ts";

damagedBeforeEach();

describe("a rollout that somebody writes to while its repair is worked out is left to them:", () => {
  const fresh = Buffer.concat([damaged.subarray(0, -1), Buffer.from("\n")]);
  it.each<[string, Buffer, () => void]>([
    ["a line more", Buffer.concat([damaged, fresh]), () => appendFileSync(path, fresh)],
    ["other bytes", fresh, () => writeFileSync(path, fresh)],
    [
      "another file of the same size and time",
      fresh,
      () => {
        const { atime, mtime } = statSync(path);
        writeFileSync(`${path}.other`, fresh);
        utimesSync(`${path}.other`, atime, mtime);
        renameSync(`${path}.other`, path);
      },
    ],
  ])("%s", async (_what, wanted, write) => {
    // A time that every clock of a file system can tell.
    utimesSync(path, 1_795_000_000, 1_795_000_000);
    const act = repair(write);
    expect((await refused(act, "was changed while its repair was worked out")).equals(wanted)).toBe(true);
    expect(readdirSync(join(own, "repairs")), "no copy is left").toEqual([]);
  });
});

describe("what is written while the copies are made, behind the last look at the file, stays:", () => {
  const later = Buffer.from('{"type":"event_msg"}\n');
  it("by a repair, which leaves no copy", async () => {
    const act = repair(() => setImmediate(() => appendFileSync(path, later)));
    const after = await refused(act, "was changed while its repair was worked out");
    expect(after.equals(Buffer.concat([damaged, later]))).toBe(true);
    expect(readdirSync(join(own, "repairs"))).toEqual([]);
  });

  it("by an undoing, which is done when it is asked for again", async () => {
    const { folder } = (await repair())!;
    const repaired = readFileSync(path);
    const undoing = undoRepair(path, { home: own });
    writeBehind(join(folder.path, "restored.jsonl"), later);
    const after = await refused(undoing, "was changed while its repair was taken back");
    expect(after.equals(Buffer.concat([repaired, later]))).toBe(true);
    await undoRepair(path, { home: own });
    expect(readFileSync(path).equals(Buffer.concat([damaged, Buffer.from("\n"), later]))).toBe(true);
  });
});

it("a repair that is told to stop while its copies are made durable stops", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const act = repairRollout(path, { home: own, signal: controller.signal }, () =>
    setImmediate(() => controller.abort(reason)),
  );
  await expect(act).rejects.toBe(reason);
  expect(readFileSync(path).equals(damaged)).toBe(true);
  expect(readdirSync(join(own, "repairs"))).toEqual([]);
});

it("a rollout stays as it is while somebody has its thread, and nobody gets the thread while it is repaired", async () => {
  const take = (): WriterLock => takeWriterLock(join(root, "codex"), source.thread, path);
  for (const act of [repair, (): Promise<unknown> => undoRepair(path, { home: own })]) {
    const before = readFileSync(path);
    const lock = take();
    expect((await refused(act(), "has session")).equals(before)).toBe(true);
    lock.release();
    await (act === repair ? repair(() => expect(take).toThrow("has session")) : act());
    expect(readFileSync(path).equals(before)).toBe(false);
    take().release();
  }
});

it("a rollout stays as it is while a program has it open for writing, as a Codex without locks has", async () => {
  const program = spawn("sh", ["-c", 'exec 3>>"$0"; echo open; read -r line', path]);
  await once(program.stdout, "data");
  const told = `(pid ${program.pid}) has ${path} open for writing`;
  expect((await refused(repair(), told)).equals(damaged)).toBe(true);
  program.stdin.end();
  await once(program, "exit");
  expect(await repair()).toBeDefined();
});

it("of two undoings at once one is turned away, also of a file in no home of Codex's, which has no lock", async () => {
  const loose = join(root, basename(path));
  writeFileSync(loose, damaged);
  await repairRollout(loose, { home: own, seals: { which: "none" } });
  const later = Buffer.from('{"type":"event_msg"}\n');
  appendFileSync(loose, later);
  const undo = (): Promise<CompletedRepair> => undoRepair(loose, { home: own });
  const [one, other] = await Promise.allSettled([undo(), undo()]);
  expect(one.status).toBe("fulfilled");
  expect(other.status === "rejected" && other.reason).toSatisfy((error) => isFailureOf(error, "lease-held"));
  expect(readFileSync(loose).equals(Buffer.concat([damaged, Buffer.from("\n"), later]))).toBe(true);
});

describe("a repair that is to be taken back", () => {
  it("stays where the file was changed by more than what was appended", async () => {
    const { folder } = (await repair())!;
    const changed = readFileSync(path);
    changed[40]! ^= 1;
    writeFileSync(path, changed);
    const after = await refused(undoRepair(path, { home: own }), folder.original);
    expect(after.equals(changed)).toBe(true);
    truncateSync(path, 500);
    await refused(undoRepair(path, { home: own }), folder.original);
    expect(statSync(path).size).toBe(500);
    expect(readFileSync(folder.original).equals(damaged)).toBe(true);
  });

  it.each<[string, (copy: string) => void]>([
    ["was cut short", (copy) => truncateSync(copy, 500)],
    ["is gone", (copy) => rmSync(copy)],
  ])("stays where the copy of the file as it was %s", async (_what, lose) => {
    const { folder } = (await repair())!;
    const repaired = readFileSync(path);
    cpSync(folder.original, join(root, "saved"));
    lose(folder.original);
    expect((await refused(undoRepair(path, { home: own }), folder.original)).equals(repaired)).toBe(true);
    cpSync(join(root, "saved"), folder.original);
    await undoRepair(path, { home: own });
    expect(readFileSync(path).equals(damaged), "taken back once the copy is there again").toBe(true);
  });
});

it.skipIf(existsSync("/usr/sbin/lsof"))(
  "a rollout is left as it is on a Mac that doesn't tell whether a Codex has it open",
  async () => {
    const bin = join(root, "bin");
    mkdirSync(bin);
    symlinkSync(
      execFileSync("sh", ["-c", "command -v perl"], { encoding: "utf8" }).trim(),
      join(bin, "perl"),
    );
    const { platform } = process;
    onTestFinished(() => {
      vi.unstubAllEnvs();
      Object.defineProperty(process, "platform", { value: platform });
    });
    vi.stubEnv("PATH", bin);
    Object.defineProperty(process, "platform", { value: "darwin" });
    expect((await refused(repair(), "can't be told", "lsof")).equals(damaged)).toBe(true);
  },
);

it("what a repair has left that was killed while it was worked out goes with a later one, once nobody can be at work on it", async () => {
  const parent = join(own, "repairs");
  const leave = (name: string, journal?: string): void => {
    mkdirSync(join(parent, name), { recursive: true });
    writeFileSync(join(parent, name, "original.jsonl"), damaged);
    if (journal !== undefined) writeFileSync(join(parent, name, "journal.json"), journal);
  };
  const workedOutBy = (name: string, worker: object): void => {
    leave(name);
    writeFileSync(join(parent, name, "worker.json"), JSON.stringify(worker));
  };
  const kept = [
    "2026-11-20T23-30-00-000Z-rollout",
    "2026-11-19T00-00-00-000Z-of-a-later-version",
    "mine",
    "2026-11-19T23-30-00-000Z-rollout-2",
  ];
  leave(kept[0]!);
  leave(kept[1]!, '{"schema":2}');
  leave(kept[2]!);
  workedOutBy(kept[3]!, identifyProcess()!);
  // Another process has that pid now.
  workedOutBy("2026-11-20T23-30-00-000Z-rollout-1", { ...identifyProcess(), started: "1" });
  leave(`2026-11-19T23-30-00-000Z-${source.thread}`);
  leave("2026-11-19T23-30-00-000Z-rollout-1");
  await repair();
  expect(readdirSync(parent)).toEqual(expect.arrayContaining(kept));
  expect(readdirSync(parent)).toHaveLength(kept.length + 1);
});

/** Does something each time right before a file is opened, until the test ends. */
function beforeOpening(file: string, happens: () => void): void {
  const { openSync } = fs;
  const opening = (...words: Parameters<typeof openSync>): number => {
    if (words[0] === file) happens();
    return openSync(...words);
  };
  Object.assign(fs, { openSync: opening });
  syncBuiltinESMExports();
  onTestFinished(() => {
    Object.assign(fs, { openSync });
    syncBuiltinESMExports();
  });
}

it("what it has kept stays where it noted itself, and was killed in the rollout, after the folders were looked at", async () => {
  const left = join(own, "repairs", "2026-11-20T23-30-00-000Z-rollout");
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, "worker.json"), JSON.stringify({ ...identifyProcess(), started: "1" }));
  beforeOpening(join(left, "worker.json"), () => writeFileSync(join(left, "journal.json"), '{"schema":2}'));
  await repair();
  expect(readdirSync(left)).toContain("journal.json");
});

it("what is deleted with the session while a repair is begun to be taken back is told, and the rollout stays", async () => {
  const { folder } = (await repair())!;
  const repaired = readFileSync(path);
  beforeOpening(join(folder.path, "restored.jsonl"), () => rmSync(folder.path, { recursive: true }));
  await expect(undoRepair(path, { home: own })).rejects.toThrow("was removed meanwhile. Nothing was changed");
  expect(readFileSync(path).equals(repaired)).toBe(true);
});

it("what another user has left there, as with sudo, keeps no repair from being made", async () => {
  const parent = join(own, "repairs");
  const left = join(parent, "2026-11-19T23-30-00-000Z-rollout");
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, "original.jsonl"), damaged);
  chmodSync(left, 0o500);
  // Who runs as root does it as somebody whose the rest is.
  if (process.getuid?.() === 0)
    for (const each of [
      root,
      own,
      parent,
      ...readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => name.startsWith("codex"))
        .map((name) => join(root, name)),
    ])
      chownSync(each, 65_534, 65_534);
  expect(await asUser(() => repair())).toBeDefined();
  expect(readdirSync(left)).toEqual(["original.jsonl"]);
  chmodSync(left, 0o700);
});

it("what is written beside a repair for people to read is there before the file is touched, or that stays as it is", async () => {
  const loose = join(root, "loose.jsonl");
  const headless = Buffer.from(damaged).fill("#", 0, damaged.indexOf("\n"));
  const act = (onPrepared: (plan: RepairPlan) => void): Promise<CompletedRepair | undefined> =>
    repairRollout(loose, { home: own }, onPrepared);
  writeFileSync(loose, headless);
  const isInTheWay = (plan: RepairPlan): void => mkdirSync((plan as PreparedRepair).folder.transcript);
  await expect(act(isInTheWay)).rejects.toThrow("EEXIST");
  expect(readFileSync(loose).equals(headless)).toBe(true);
  expect(readdirSync(join(own, "repairs"))).toEqual([]);
  const done = await act(() => undefined);
  expect(done?.plan?.after.map(({ kind }) => kind)).toEqual(["header-missing"]);
  expect(readFileSync(done!.folder.transcript, "utf8")).toContain("## user");
});
