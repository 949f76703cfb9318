// Whatever the system refuses while a rollout is repaired.
import fs, { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { damaged, source } from "../../../../test/kit/damaged-rollout.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isFailureOf } from "../../../failure.ts";
import type { CompletedRepair } from "./carry-out.ts";
import { isUnfinished, RepairFolder, repairsOf } from "./journal.ts";
import { repairRollout, undoRepair } from "./repair.ts";

const calls = [
  "openSync",
  "writeSync",
  "ftruncateSync",
  "fsync",
  "fsyncSync",
  "renameSync",
  "rmSync",
  "utimesSync",
];
type Call = (...values: unknown[]) => unknown;
const system = fs as unknown as Record<string, Call>;
const real = Object.fromEntries(calls.map((name) => [name, system[name]!]));

/** How many calls were made since the count began, and which of them fail. */
let made = 0;
let fails = (_nth: number): boolean => false;

const eio = (syscall: string): Error => Object.assign(new Error("EIO"), { code: "EIO", syscall });

let codex: string;
let own: string;
let path: string;
beforeEach(() => {
  const root = temporaryFolder();
  [codex, own] = [join(root, "codex"), join(root, "own")];
  const folder = join(codex, "sessions", "2026", "11", "20");
  mkdirSync(folder, { recursive: true });
  path = join(folder, basename(source.path));
  writeFileSync(path, damaged);
  for (const name of calls)
    system[name] = (...values) => {
      const done = values.at(-1);
      if (!fails(++made)) return real[name]!(...values);
      if (typeof done !== "function") throw eio(name);
      return setImmediate(done as (error: Error) => void, eio(name));
    };
  syncBuiltinESMExports();
});
afterEach(() => {
  Object.assign(fs, real);
  syncBuiltinESMExports();
  rmSync(join(codex, ".."), { recursive: true });
});

const repair = (): Promise<CompletedRepair | undefined> =>
  repairRollout(path, { home: own, seals: { which: "none" } });
const undo = (): Promise<CompletedRepair> => undoRepair(path, { home: own });

describe.each<[string, (from: number) => (nth: number) => boolean]>([
  ["once", (from) => (nth) => nth === from],
  ["from then on", (from) => (nth) => nth >= from],
])("whichever call to the system fails, %s,", (_name, failing) => {
  it("a repair is made, or not at all, or can be finished and taken back, and says so where it was cut off", async () => {
    let repaired: Buffer | undefined;
    for (let from = 0, most = 0; from <= most; from++) {
      [made, fails] = [0, from === 0 ? () => false : failing(from)];
      const error = await repair().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      fails = () => false;
      most = Math.max(most, made);
      expect([from, isFailureOf(error, "lease-held")]).toEqual([from, false]);
      const left = readFileSync(path);
      repaired ??= left;
      if (error === undefined) expect([from, left.equals(repaired)]).toEqual([from, true]);
      else if (!left.equals(damaged) || repairsOf(own, path).some(isUnfinished))
        expect([from, String(error)]).toEqual([from, expect.stringContaining("--undo")]);
      if (repairsOf(own, path).length > 0) {
        if (error !== undefined) await repair();
        expect([from, readFileSync(path).equals(repaired)]).toEqual([from, true]);
        await undo();
      }
      expect([from, readFileSync(path).equals(damaged)]).toEqual([from, true]);
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("a repair is taken back with what Codex has written since, or not at all, or when that is run again, and says so where it was cut off", async () => {
    const later = Buffer.from('{"type":"event_msg"}\n');
    const restored = Buffer.concat([damaged, Buffer.from("\n"), later]);
    for (let from = 0, most = 0; from <= most; from++) {
      writeFileSync(path, damaged);
      await repair();
      appendFileSync(path, later);
      const repaired = readFileSync(path);
      [made, fails] = [0, from === 0 ? () => false : failing(from)];
      const error = await undo().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      fails = () => false;
      most = Math.max(most, made);
      const left = readFileSync(path);
      if (error !== undefined && (!left.equals(repaired) || repairsOf(own, path).some(isUnfinished)))
        expect([from, String(error)]).toEqual([from, expect.stringContaining("was cut off")]);
      if (repairsOf(own, path)[0]!.journal.state !== "undone") await undo();
      expect([from, readFileSync(path).equals(restored)]).toEqual([from, true]);
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("a repair that was cut off, and in whose half Codex has gone on, is finished with that, or when that is run again", async () => {
    const later = Buffer.from('{"type":"event_msg"}\n');
    for (let from = 0, most = 0; from <= most; from++) {
      writeFileSync(path, damaged);
      const { folder, journal } = (await repair())!;
      const repaired = readFileSync(path);
      const cutOff = new RepairFolder(folder.path);
      writeFileSync(cutOff.repaired, repaired);
      cutOff.write({ ...journal, state: "writing" });
      const half = Buffer.concat([repaired.subarray(0, -50), damaged.subarray(-50), Buffer.from("\n")]);
      writeFileSync(path, Buffer.concat([half, later]));
      [made, fails] = [0, from === 0 ? () => false : failing(from)];
      await repair().catch(() => undefined);
      fails = () => false;
      most = Math.max(most, made);
      if (repairsOf(own, path).some(isUnfinished)) await repair();
      expect([from, readFileSync(path).equals(Buffer.concat([repaired, later]))]).toEqual([from, true]);
      rmSync(own, { recursive: true, force: true });
    }
  });
});

it("a repair that was cut off in the file keeps its backup, also where the disk says that its journal isn't there", async () => {
  const { existsSync } = fs;
  let isCutOff = false;
  system["ftruncateSync"] = () => {
    isCutOff = true;
    throw eio("ftruncateSync");
  };
  system["fsync"] = (_file, done) => {
    isCutOff = true;
    setImmediate(done as (error: Error) => void, eio("fsync"));
  };
  fs.existsSync = (at) => !(isCutOff && String(at).endsWith("journal.json")) && existsSync(at);
  syncBuiltinESMExports();
  try {
    await expect(repair()).rejects.toThrow("was cut off");
  } finally {
    fs.existsSync = existsSync;
    syncBuiltinESMExports();
  }
  expect(repairsOf(own, path)).toHaveLength(1);
  expect(readFileSync(repairsOf(own, path)[0]!.folder.original).equals(damaged)).toBe(true);
});

it("what is noted as taken back is done, also where its copies can't be removed: finishing it would repair the file anew", async () => {
  await repair();
  const isNoted = (): boolean => repairsOf(own, path)[0]?.journal.state === "undone";
  system["rmSync"] = (...values) => {
    if (isNoted()) throw eio("rmSync");
    return real["rmSync"]!(...values);
  };
  syncBuiltinESMExports();
  expect((await undo()).journal.state).toBe("undone");
  expect(readFileSync(path).equals(damaged)).toBe(true);
});

it("what can't be made durable any more is noted all the same: told as cut off, what is taken back would be repaired anew", async () => {
  await repair();
  const known = repairsOf(own, path)[0]!.folder;
  system["openSync"] = (...values) => {
    if (values[0] === known.path && known.read()?.state === "undone") throw eio("openSync");
    return real["openSync"]!(...values);
  };
  syncBuiltinESMExports();
  expect((await undo()).journal.state).toBe("undone");
  expect(readFileSync(path).equals(damaged)).toBe(true);
  expect(fs.existsSync(known.restored)).toBe(false);
});

it("a packed rollout is repaired, taken back, or told as cut off, whichever look at what lies there fails", async () => {
  const folder = dirname(path);
  rmSync(path);
  path += ".zst";
  writeFileSync(path, zstdCompressSync(damaged));
  const there = (): string[] => fs.readdirSync(folder);
  const [packed, plain] = [basename(path), basename(source.path)];
  const { existsSync, statSync } = fs;
  let [looked, failing] = [0, 0];
  const isBlind = (at: unknown): boolean => String(at).startsWith(folder) && ++looked === failing;
  fs.existsSync = (at) => !isBlind(at) && existsSync(at);
  system["statSync"] = (...values) => {
    if (isBlind(values[0])) throw eio("statSync");
    return (statSync as unknown as Call)(...values);
  };
  syncBuiltinESMExports();
  /** What a call ended with whose nth look fails. */
  const ending = async (nth: number, call: () => Promise<unknown>): Promise<string | undefined> => {
    [looked, failing] = [0, nth];
    const ended = await call().then(() => undefined, String);
    failing = 0;
    return ended;
  };
  try {
    for (const [call, before, after] of [[repair, packed, plain] as const, [undo, plain, packed] as const])
      for (let nth = 1, isOver = false; !isOver; nth++) {
        if (call === undo) await repair();
        const told = await ending(nth, call);
        isOver = looked < nth;
        if (told === undefined) expect([call.name, nth, there()]).toEqual([call.name, nth, [after]]);
        else if (told.includes("was cut off")) await repair();
        else expect([call.name, nth, there()]).toEqual([call.name, nth, [before]]);
        while (repairsOf(own, path).some(({ journal }) => journal.state !== "undone")) await undo();
        expect([call.name, nth, there()]).toEqual([call.name, nth, [packed]]);
        rmSync(own, { recursive: true, force: true });
      }
  } finally {
    Object.assign(fs, { existsSync, statSync });
  }
});

it("a database of Codex's that can't be read is told: what it says of the rollout may not fit any more", async () => {
  writeFileSync(join(codex, "thread_history_1.sqlite"), "no database");
  const done = await repair();
  expect(done?.journal.state).toBe("done");
  expect(done?.plan?.after).toMatchObject([
    { kind: "state-unreadable", detail: expect.stringContaining("thread_history_1.sqlite: ") },
  ]);
  expect(fs.existsSync(done!.folder.transcript), "nothing of the session is lost").toBe(false);
});

it("a home of which nobody can say which databases it holds is told as that, and isn't taken for one without", async () => {
  const { readdirSync } = fs;
  system["readdirSync"] = (...values) => {
    if (values[0] === codex) throw eio("scandir");
    return (readdirSync as unknown as Call)(...values);
  };
  syncBuiltinESMExports();
  const done = await repair().finally(() => {
    fs.readdirSync = readdirSync;
    syncBuiltinESMExports();
  });
  expect(done?.plan?.after).toMatchObject([
    { kind: "state-unreadable", detail: `${codex}: the disk fails (EIO)` },
  ]);
});
