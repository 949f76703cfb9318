import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { inDatabase, stateDatabase, type ThreadRow } from "../../../../test/kit/codex-databases.ts";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { damaged, source } from "../../../../test/kit/damaged-rollout.ts";
import { foundBeside } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isUnfinished, repairsOf } from "./journal.ts";
import { prepareRepair } from "./prepare.ts";
import { finishRepair, repairRollout, undoRepair } from "./repair.ts";

const root = temporaryFolder();

const now = Date.parse("2026-11-21");
const [home, own] = [join(root, "codex"), join(root, "own")];
const name = basename(source.path);
const path = join(home, "sessions", "2026", "11", "20", name);
const archived = join(home, "archived_sessions", name);
beforeEach(() => {
  for (const folder of [home, own]) rmSync(folder, { recursive: true, force: true });
  for (const file of [path, archived]) mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(path, readFileSync(source.path));
});

/** What the state database says of the session, but for its id. */
const named = (): unknown =>
  inDatabase(join(home, "state_5.sqlite"), (database) => {
    const { id: _id, ...row } = database.prepare("SELECT * FROM threads").get() ?? {};
    return row;
  });

/** The state database, as it is when Codex has archived the session, or one that it still has among the others. */
const state = (row: ThreadRow): string => stateDatabase(home, { id: source.thread, ...row });

const kinds = async (file = path): Promise<string[]> =>
  (await foundBeside(file, own, now)).map(({ kind }) => kind);

const repair = async (file = path): Promise<unknown> =>
  (await repairRollout(file, { home: own, now, seals: { which: "none" } }))?.journal.mended;

describe("a session that Codex has archived, and whose file was moved back by hand", () => {
  it.each([
    [archived, 1_795_000_000],
    [path, 1_795_000_000],
    [path, null],
  ])("is no archived one any more, wherever the database has it", async (place, since) => {
    const was = { rollout_path: place, archived: 1, archived_at: since };
    state(was);
    expect(await kinds()).toEqual(["state-moved"]);
    expect(await repair()).toEqual({});
    expect(await kinds()).toEqual([]);
    expect(named()).toEqual({ rollout_path: path, archived: 0, archived_at: null });
    await undoRepair(path, { home: own });
    expect(named()).toEqual(was);
  });
});

describe("a session that was archived once, of a home that was moved", () => {
  it("keeps what the database says of that, repaired and taken back", async () => {
    const was = { rollout_path: "/old/sessions/gone.jsonl", archived: 0, archived_at: 1_795_000_000 };
    state(was);
    await repair();
    expect(named()).toEqual({ ...was, rollout_path: path });
    await undoRepair(path, { home: own });
    expect(named()).toEqual(was);
  });
});

describe("a session of a home that was copied from where this user may not look", () => {
  it("is told of what the database names, and not as a file that can't be read", async () => {
    // Who runs as root may look anywhere; along a link that leads to itself nobody can.
    const closed = join(root, "closed");
    symlinkSync(closed, closed);
    const was = { rollout_path: join(closed, "sessions", name), archived: 0, archived_at: null };
    state(was);
    expect(await kinds()).toEqual(["state-moved"]);
    expect(await repair()).toEqual({});
    expect(await kinds()).toEqual([]);
    expect(named()).toEqual({ ...was, rollout_path: path });
  });
});

describe("a session of which the state database names no provider", () => {
  it.each([
    ["the chosen one, where its file names none either (up to 0.52)", "ours"],
    ["that of its file", "mock"],
  ])("goes on with %s, and with none once that is taken back", async (_, right) => {
    if (right === "ours")
      writeFileSync(path, readFileSync(source.path, "utf8").replace('"model_provider":"mock",', ""));
    writeFileSync(join(home, "config.toml"), 'model_provider = "ours"');
    const was = { rollout_path: path, archived: 0, archived_at: null, model_provider: "" };
    state(was);
    expect(await kinds()).toEqual(["state-moved"]);
    expect(await repair()).toEqual({});
    expect(await kinds()).toEqual([]);
    expect(named()).toEqual({ ...was, model_provider: right });
    await undoRepair(path, { home: own });
    expect(named()).toEqual(was);
  });
});

describe("a session of which the state database has no prompt", () => {
  const text = readFileSync(source.path, "utf8");
  const first = JSON.parse(/"type":"user_message","message":("[^"]*")/u.exec(text)![1]!) as string;
  const columns = { preview: "", first_user_message: "else", title: "" };
  const was = { rollout_path: path, archived: 0, archived_at: null, ...columns };
  beforeEach(() => void state(was));

  it("has it where there was nothing, and nothing there once that is taken back", async () => {
    expect(await kinds()).toEqual(["state-untold"]);
    expect(await repair()).toEqual({});
    expect(named()).toEqual({ ...was, preview: first, title: first });
    expect(await kinds()).toEqual([]);
    await undoRepair(path, { home: own });
    expect(named()).toEqual(was);
  });

  it.each([
    ["no event tells one", /"type":"user_message"/gu, '"type":"user_massage"'],
    ["what they tell has no words", /(?<="type":"user_message","message":)"[^"]*"/gu, '" "'],
  ])("is left as it is where %s", async (_what, words, other) => {
    writeFileSync(path, text.replaceAll(words, other));
    expect(await kinds()).not.toContain("state-untold");
  });

  it("has no title for a picture, as Codex gives none", async () => {
    const pictured = `"message":"","images":["data:image/png;base64,AA=="]`;
    writeFileSync(path, text.replace(/"message":"[^"]*","images":\[\]/u, pictured));
    await repair();
    expect(named()).toEqual({ ...was, preview: "[Image]" });
  });
});

describe("an archived session of a home that was moved", () => {
  it("stays archived where its file lies now", async () => {
    renameSync(path, archived);
    const was = { rollout_path: `/old/archived_sessions/${name}`, archived: 1, archived_at: 1_795_000_000 };
    state(was);
    expect(await kinds(archived)).toEqual(["state-moved"]);
    expect(await repair(archived)).toEqual({});
    expect(await kinds(archived)).toEqual([]);
    expect(named()).toEqual({ ...was, rollout_path: archived });
    await undoRepair(archived, { home: own });
    expect(named()).toEqual(was);
  });
});

describe("a reverted thread of a home that was moved, which has two files", () => {
  const later = path.replace(".jsonl", "_01a2055a-7560-7101-a505-3e9e99713329.jsonl");
  const gone = (file: string): ThreadRow => ({
    rollout_path: join("/old/sessions/2026/11/20", basename(file)),
    archived: 0,
    archived_at: null,
  });
  beforeEach(() => writeFileSync(later, readFileSync(source.path)));

  it.each([
    ["later", later, path],
    ["first", path, later],
  ])(
    "goes on in its %s one, where the database had that, whichever is repaired first",
    async (_, meant, other) => {
      state(gone(meant));
      expect([await kinds(other), await kinds(meant)]).toEqual([[], ["state-moved"]]);
      expect(await repair(other)).toBeUndefined();
      await repair(meant);
      expect([await kinds(other), await kinds(meant)]).toEqual([[], []]);
      expect(named()).toEqual({ ...gone(meant), rollout_path: meant });
    },
  );

  it("goes on in the newest that is left, where what the database had is lost", async () => {
    state(gone(later.replace("7101", "7102")));
    const newer = later.replace("2026-11-20T", "2026-11-21T");
    renameSync(later, newer);
    expect([await kinds(path), await kinds(newer)]).toEqual([[], ["state-moved"]]);
  });
});

describe("a repair of a session that was archived since", () => {
  it("is taken back where the file lies now, and the database is left to Codex", async () => {
    state({ rollout_path: "/elsewhere", archived: 0, archived_at: null });
    writeFileSync(path, damaged);
    expect(await repair()).toEqual({ "nul-tail": 1 });
    renameSync(path, archived);
    const since = { rollout_path: archived, archived: 1, archived_at: 1_795_000_000 };
    state(since);
    await undoRepair(archived, { home: own });
    expect(readFileSync(archived).equals(damaged)).toBe(true);
    expect(named()).toEqual(since);
  });
});

describe("a repair in a home that was moved or renamed since", () => {
  const later = join(root, "later");
  const there = join(later, relative(home, path));
  beforeEach(async () => {
    rmSync(later, { recursive: true, force: true });
    writeFileSync(path, damaged);
    await repair();
    renameSync(home, later);
  });

  it("is taken back where its session lies now", async () => {
    await undoRepair(there, { home: own });
    expect(readFileSync(there).equals(damaged)).toBe(true);
    expect(repairsOf(own, there).map(({ journal }) => journal.state)).toEqual(["undone"]);
  });

  it.each([path, there])("is, too, where a link has come in its place: %s", async (by) => {
    symlinkSync(later, home);
    await undoRepair(by, { home: own });
    expect(readFileSync(there).equals(damaged)).toBe(true);
  });
});

describe("a repair in a copy of the home that is gone since", () => {
  const copy = join(root, "copy");
  const twin = join(copy, relative(home, path));

  /** Repairs the file and its copy, the copy last. Resolves to how long the file was before. */
  async function bothRepaired(): Promise<number> {
    const whole = readFileSync(path, "utf8");
    mkdirSync(join(twin, ".."), { recursive: true });
    writeFileSync(path, whole + "\0".repeat(100));
    writeFileSync(twin, whole + "\0".repeat(200));
    await repair();
    await repair(twin);
    return whole.length + 100;
  }

  it("isn't the one that is taken back while the file has one of its own", async () => {
    const bytes = await bothRepaired();
    rmSync(copy, { recursive: true });
    const { journal } = await undoRepair(path, { home: own });
    expect(journal.before.bytes).toBe(bytes);
    expect(repairsOf(own, path).map((known) => known.journal.state)).toEqual(["undone", "done"]);
  });

  it("is the one that is meant where it was cut off, as it is told of: the file's own stays", async () => {
    await bothRepaired();
    const { folder, journal } = repairsOf(own, twin).at(-1)!;
    folder.write({ ...journal, state: "writing" });
    rmSync(copy, { recursive: true });
    await expect(prepareRepair(path, { home: own })).rejects.toThrow("was cut off");
    const repaired = readFileSync(path);
    await expect(undoRepair(path, { home: own })).rejects.toThrow("isn't what the repair has left");
    expect(readFileSync(path).equals(repaired)).toBe(true);
  });
});

describe("a repair that was cut off before its session was moved", () => {
  /** As it is when the process ends while the repair is being written. Resolves to the bytes that it was to write. */
  async function cutOff(): Promise<Buffer> {
    writeFileSync(path, damaged);
    await repairRollout(path, { home: own, now, seals: { which: "none" } });
    const { folder, journal } = repairsOf(own, path).at(-1)!;
    const repaired = readFileSync(path);
    writeFileSync(folder.repaired, repaired);
    folder.write({ ...journal, state: "writing" });
    writeFileSync(path, damaged);
    return repaired;
  }

  it("is told and finished where the file lies now", async () => {
    const repaired = await cutOff();
    renameSync(path, archived);
    expect(await kinds(archived)).toContain("repair-unfinished");
    const known = repairsOf(own, archived).find(isUnfinished);
    const { journal } = await finishRepair(known!, archived);
    expect([journal.state, journal.path]).toEqual(["done", archived]);
    expect(readFileSync(archived).equals(repaired)).toBe(true);
    expect(repairsOf(own, archived).filter(isUnfinished)).toEqual([]);
    expect(await kinds(archived)).toEqual([]);
  });

  it("is none of a file of the same name in another home", async () => {
    const repaired = await cutOff();
    rmSync(path);
    const other = join(root, "other", "archived_sessions", name);
    mkdirSync(join(other, ".."), { recursive: true });
    writeFileSync(other, repaired);
    expect(repairsOf(own, other)).toEqual([]);
    expect(await kinds(other)).toEqual([]);
    await expect(undoRepair(other, { home: own })).rejects.toThrow("There is no repair of");
    expect(readFileSync(other).equals(repaired)).toBe(true);
  });
});

describe("a session of which Codex noted another history while its first line was broken", () => {
  const paginated = codexRollouts("0.169.0")[0]!;
  const file = join(path, "..", basename(paginated.path));
  const legacyAt = (place: string): string =>
    stateDatabase(home, { id: paginated.thread, rollout_path: place, history_mode: "legacy" });

  it("has the one that its lines have, once the first line is whole", async () => {
    const [, ...lines] = readFileSync(paginated.path, "utf8").split("\n");
    writeFileSync(file, lines.join("\n"));
    legacyAt(file);
    await repair(file);
    expect(named()).toEqual({ rollout_path: file, history_mode: "paginated" });
    await undoRepair(file, { home: own });
    expect(named()).toEqual({ rollout_path: file, history_mode: "legacy" });
  });

  it("has it by the path that Codex knows it by, where its home is a link", async () => {
    writeFileSync(file, readFileSync(paginated.path));
    const link = join(root, "link");
    symlinkSync(home, link);
    const place = join(link, relative(home, file));
    legacyAt(place);
    expect(await kinds(file)).toEqual(["state-moved"]);
    expect(await repair(file)).toEqual({});
    expect(await kinds(file)).toEqual([]);
    expect(named()).toEqual({ rollout_path: place, history_mode: "paginated" });
    await undoRepair(file, { home: own });
    expect(named()).toEqual({ rollout_path: place, history_mode: "legacy" });
  });
});
