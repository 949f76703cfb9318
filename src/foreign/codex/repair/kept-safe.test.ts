import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
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
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { asUser } from "../../../../test/kit/as-user.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isFailureOf } from "../../../failure.ts";
import { takeWriterLock, type WriterLock } from "../home/writer-lock.ts";
import { isUnfinished, repairsOf } from "./journal.ts";
import type { CompletedRepair } from "./carry-out.ts";
import type { PreparedRepair, RepairPlan } from "./prepare.ts";
import { finishRepair, repairRollout, undoRepair } from "./repair.ts";

const root = temporaryFolder();

const source = codexRollouts("0.130.0")[0]!;
const damaged = Buffer.concat([readFileSync(source.path), Buffer.alloc(100)]);
const own = join(root, "own");
const path = join(root, "codex", "sessions", "2026", "11", "20", basename(source.path));
beforeEach(() => {
  rmSync(own, { recursive: true, force: true });
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, damaged);
});

const repair = (onPrepared = (): void => undefined): Promise<CompletedRepair | undefined> =>
  repairRollout(path, { home: own, now: Date.parse("2026-11-21"), seals: { which: "none" } }, onPrepared);

/** What the file holds after what was asked for was refused, with these words. */
async function refused(act: Promise<unknown>, ...told: readonly string[]): Promise<Buffer> {
  const failure = await act.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toSatisfy((error) =>
    isFailureOf(error, "session-damaged", "lease-held", "store-unavailable"),
  );
  for (const text of told) expect(String(failure)).toContain(text);
  expect(String(failure)).toContain("Nothing was changed");
  return readFileSync(path);
}

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

/** Writes to the rollout as soon as somebody else has a turn and the repair's folder has this file. */
function writeBehind(file: string, bytes: Buffer): void {
  if (existsSync(file)) appendFileSync(path, bytes);
  else setImmediate(() => writeBehind(file, bytes));
}

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

describe("a repair that was cut off", () => {
  /** As it is when the process ends while the repair is being written. */
  async function cutOff(): Promise<ReturnType<typeof repairsOf>[number]> {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    cpSync(path, folder.repaired);
    folder.write({ ...journal, state: "writing" });
    writeFileSync(path, damaged);
    return repairsOf(own, path)[0]!;
  }

  it("is neither finished nor taken back where the file was changed since", async () => {
    const known = await cutOff();
    const changed = Buffer.concat([damaged.subarray(0, -90), Buffer.from("{}\n"), damaged]);
    writeFileSync(path, changed);
    expect((await refused(finishRepair(known, path), known.folder.original)).equals(changed)).toBe(true);
    expect((await refused(undoRepair(path, { home: own }), known.folder.original)).equals(changed)).toBe(
      true,
    );
  });

  it("is noted as taken back where Codex has gone on in the file as it was", async () => {
    for (const end of [repair, () => undoRepair(path, { home: own })]) {
      const known = await cutOff();
      appendFileSync(path, '{"type":"event_msg"}\n');
      const gone = readFileSync(path);
      await end();
      expect(known.folder.read()?.state).toBe("undone");
      expect(repairsOf(own, path).some(isUnfinished)).toBe(false);
      if (end !== repair) expect(readFileSync(path).equals(gone)).toBe(true);
      rmSync(own, { recursive: true });
      writeFileSync(path, damaged);
    }
  });

  it("is finished where the file was written before, and Codex has gone on in it; and is taken back then", async () => {
    const known = await cutOff();
    const later = Buffer.from('{"type":"event_msg"}\n');
    const gone = Buffer.concat([readFileSync(known.folder.repaired), later]);
    writeFileSync(path, gone);
    const done = await finishRepair(known, path);
    expect(done.journal.state).toBe("done");
    expect(readFileSync(path).equals(gone)).toBe(true);
    expect(readdirSync(done.folder.path).toSorted()).toEqual(["journal.json", "original.jsonl"]);
    await undoRepair(path, { home: own });
    expect(readFileSync(path).equals(Buffer.concat([damaged, Buffer.from("\n"), later]))).toBe(true);
  });

  it("leaves what Codex writes while it is finished, and is finished with that when it is asked for again", async () => {
    const known = await cutOff();
    const later = Buffer.from('{"type":"event_msg"}\n');
    const gone = Buffer.concat([readFileSync(known.folder.repaired), later]);
    writeFileSync(path, gone);
    const finishing = finishRepair(known, path);
    writeBehind(join(known.folder.path, "found.jsonl"), later);
    const after = await refused(finishing, "was changed while its repair was finished");
    expect(after.equals(Buffer.concat([gone, later]))).toBe(true);
    expect((await finishRepair(known, path)).journal.state).toBe("done");
    expect(readFileSync(path).equals(after)).toBe(true);
  });

  it("is not finished from half a copy, and is taken back from the whole one", async () => {
    const known = await cutOff();
    truncateSync(known.folder.repaired, 500);
    expect((await refused(finishRepair(known, path), known.folder.repaired)).equals(damaged)).toBe(true);
    await undoRepair(path, { home: own });
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });

  it("is left as it is without the copy that tells how far it came", async () => {
    const known = await cutOff();
    const half = readFileSync(known.folder.repaired).subarray(0, -10);
    writeFileSync(path, half);
    rmSync(known.folder.repaired);
    expect((await refused(finishRepair(known, path), known.folder.repaired)).equals(half)).toBe(true);
    expect((await refused(undoRepair(path, { home: own }), known.folder.original)).equals(half)).toBe(true);
  });
});

describe("a taking back that was cut off", () => {
  it("ends where the file was written before, and Codex has gone on in it", async () => {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    cpSync(path, folder.repaired);
    cpSync(folder.original, folder.restored);
    folder.write({ ...journal, state: "undoing" });
    const gone = Buffer.concat([damaged, Buffer.from('\n{"type":"event_msg"}\n')]);
    writeFileSync(path, gone);
    expect((await undoRepair(path, { home: own })).journal.state).toBe("undone");
    expect(readFileSync(path).equals(gone)).toBe(true);
    expect(readdirSync(folder.path).toSorted()).toEqual(["journal.json", "original.jsonl"]);
  });

  it("is told with the copy of all that was there before, where Codex has gone on in half of it", async () => {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    const since = Buffer.from('{"type":"event_msg"}\n');
    writeFileSync(folder.repaired, Buffer.concat([readFileSync(path), since]));
    writeFileSync(folder.restored, Buffer.concat([damaged, Buffer.from("\n"), since]));
    folder.write({ ...journal, state: "undoing" });
    const half = Buffer.concat([damaged.subarray(0, -10), readFileSync(folder.repaired), since]);
    writeFileSync(path, half);
    expect(
      (await refused(undoRepair(path, { home: own }), `is kept: ${folder.repaired}.`)).equals(half),
    ).toBe(true);
  });

  it.each([["run again"], ["finished as a repair"]])("ends with what was written since, %s", async (way) => {
    await repair();
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    const since = Buffer.from('{"type":"event_msg"}\n');
    appendFileSync(path, since);
    const repaired = readFileSync(path);
    const restored = Buffer.concat([damaged, Buffer.from("\n"), since]);
    for (const [file, bytes] of [
      [folder.repaired, repaired],
      [folder.restored, restored],
    ] as const)
      writeFileSync(file, bytes);
    folder.write({ ...journal, state: "undoing" });
    const cut = damaged.length - 90;
    writeFileSync(path, Buffer.concat([restored.subarray(0, cut), repaired.subarray(cut)]));
    const known = repairsOf(own, path)[0]!;
    const done = await (way === "run again" ? undoRepair(path, { home: own }) : finishRepair(known, path));
    expect(done.journal.state).toBe("undone");
    expect(readFileSync(path).equals(restored)).toBe(true);
    expect(readdirSync(folder.path).toSorted()).toEqual(["journal.json", "original.jsonl"]);
    await expect(undoRepair(path, { home: own })).rejects.toThrow("There is no repair of");
  });
});

/** The file with a byte in the first thing said that is no text. */
const garbled = (file: Buffer): Buffer => {
  const at = file.indexOf('"text":"') + 12;
  return Buffer.from(file).fill(0xff, at, at + 1);
};
/** The file as a program leaves it that writes each record on lines of its own. */
const indented = (file: Buffer): Buffer => {
  const records = file.toString().trimEnd().split("\n");
  return Buffer.from(records.map((each) => `${JSON.stringify(JSON.parse(each), undefined, 2)}\n`).join(""));
};
describe.each<[string, Buffer]>([
  ["of the same length", garbled(damaged.subarray(0, -100))],
  ["that makes it shorter", indented(damaged.subarray(0, -100))],
  ["that makes it longer", damaged.subarray(damaged.indexOf(0x0a) + 1, -100)],
])("a rollout that was half written by a repair %s, and Codex has gone on in it,", (_what, broken) => {
  const later = Buffer.from('{"type":"event_msg","payload":{"type":"later"}}\n{"type":"event_msg"}\n{"half');
  /** A file as it is when its writing is cut off after so many bytes, and, behind a torn line, what newer versions of Codex write. */
  const halfWritten = (from: Buffer, to: Buffer, at: number, then: Buffer): Buffer => {
    const half = Buffer.concat([to.subarray(0, at), from.subarray(at)]);
    return Buffer.concat([half, Buffer.from(half.at(-1) === 0x0a ? "" : "\n"), then]);
  };
  const withLater = (bytes: Buffer): Buffer =>
    Buffer.concat([bytes, Buffer.from(bytes.at(-1) === 0x0a ? "" : "\n"), later]);

  it.each(["writing", "undoing"] as const)("%s it, has it all when that is finished", async (state) => {
    for (const part of [0, 0.6, 0.999])
      for (const killed of [false, true])
        for (const end of ["finished", "taken back"]) {
          rmSync(own, { recursive: true, force: true });
          writeFileSync(path, broken);
          await repair();
          const repaired = readFileSync(path);
          const { folder, journal } = repairsOf(own, path)[0]!;
          cpSync(path, folder.repaired);
          if (state === "undoing") cpSync(folder.original, folder.restored);
          folder.write({ ...journal, state });
          const [from, to] = state === "writing" ? [broken, repaired] : [repaired, broken];
          const fresh = to.findIndex((byte, nth) => byte !== from[nth]) + 1;
          const at = fresh + Math.floor(part * (to.length - fresh));
          writeFileSync(path, halfWritten(from, to, at, later));
          if (killed) {
            // As the finishing leaves it that is killed in its turn: between what it found and what it makes.
            const found = readFileSync(path);
            const merged = withLater(to);
            writeFileSync(folder.found, found);
            writeFileSync(folder.merged, merged);
            folder.write({ ...journal, state, goneOn: true });
            const middle = Math.floor((1 - part) * merged.length);
            writeFileSync(path, Buffer.concat([merged.subarray(0, middle), found.subarray(middle)]));
          }
          await (end === "finished"
            ? finishRepair(repairsOf(own, path)[0]!, path)
            : undoRepair(path, { home: own }));
          const isRepaired = state === "writing" && end === "finished";
          const told = `${part} ${killed} ${end}`;
          expect(readFileSync(path).equals(withLater(isRepaired ? repaired : broken)), told).toBe(true);
          expect(readdirSync(folder.path).toSorted(), told).toEqual(["journal.json", "original.jsonl"]);
          expect(folder.read(), told).not.toHaveProperty("goneOn");
        }
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
  const kept = ["2026-11-20T23-30-00-000Z-rollout", "2026-11-19T00-00-00-000Z-of-a-later-version", "mine"];
  leave(kept[0]!);
  leave(kept[1]!, '{"schema":2}');
  leave(kept[2]!);
  leave(`2026-11-19T23-30-00-000Z-${source.thread}`);
  leave("2026-11-19T23-30-00-000Z-rollout-1");
  await repair();
  expect(readdirSync(parent)).toEqual(expect.arrayContaining(kept));
  expect(readdirSync(parent)).toHaveLength(kept.length + 1);
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
