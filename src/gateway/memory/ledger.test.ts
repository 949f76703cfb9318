// The ledger by itself: its file, and what others do to it meanwhile.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { Ledger } from "./ledger.ts";

let path: string;
beforeEach(() => {
  path = join(temporaryFolder(), "gateway", "ledger.sqlite");
});

function entriesIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(db.prepare("SELECT count(*) AS count FROM refused").get()!["count"]);
  } finally {
    db.close();
  }
}

/** A ledger of three hundred entries, which fill some pages. */
function filled(lines: string[]): Ledger {
  const ledger = new Ledger(path, { log: (line) => void lines.push(line), now: Date.now });
  for (let at = 0; at < 300; at++) ledger.refuse("a", [hashOf(at)], "why");
  return ledger;
}

const hashOf = (at: number): string => createHash("sha256").update(String(at)).digest("hex");

/** Overwrites a page of the file, from 1 on: one that lies behind its tables' names. */
function damage(page = 8): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, 4096 * (page - 1));
  closeSync(file);
}

/** Another gateway's write, after which all of the file is read from the disk. Returns the first page of who sealed what. */
function writtenByOthers(): number {
  const other = new DatabaseSync(path);
  other.exec("INSERT INTO parameters VALUES ('a', 'm', 'p', 1, 'r'); PRAGMA wal_checkpoint(TRUNCATE);");
  const found = other.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sealed'").get();
  other.close();
  return Number(found!["rootpage"]);
}

describe("the ledger", () => {
  it("forgets what is older than 90 days while it runs, not only when it is opened", () => {
    let now = Date.now();
    const open = (): Ledger => new Ledger(path, { log: () => undefined, now: () => now });
    const before = open();
    before.refuse("a", [hashOf(1)], "why");
    before.noteSealed("a", [hashOf(2)]);
    before.close();
    const ledger = open();
    const day = 24 * 3_600_000;
    now += 89 * day;
    ledger.refuse("a", [hashOf(3)], "why");
    now += 2 * day;
    ledger.refuse("a", [hashOf(4)], "why");
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare("SELECT count(*) AS count FROM refused").get()).toEqual({ count: 2 });
    expect(db.prepare("SELECT count(*) AS count FROM sealed").get()).toEqual({ count: 0 });
    db.close();
    ledger.knows("a");
    expect([hashOf(1), hashOf(4)].map((blob) => ledger.seal("a", blob))).toEqual([undefined, "refused"]);
    ledger.close();
  });

  it("that others may read is its owner's alone from then on", () => {
    filled([]).close();
    chmodSync(path, 0o644);
    const ledger = filled([]);
    try {
      for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777, file).toBe(0o600);
    } finally {
      ledger.close();
    }
  });

  it("that several gateways make at once is put aside by none of them", async () => {
    const module = fileURLToPath(new URL("./ledger-file.ts", import.meta.url));
    for (let round = 0; round < 3; round++) {
      const fresh = `${path}-${round}`;
      const script = `import { openLedgerFile } from ${JSON.stringify(module)};
        while (Date.now() < ${Date.now() + 500});
        try { openLedgerFile(${JSON.stringify(fresh)}, (moved) => console.log("put aside: " + moved)); }
        catch (error) { if (error.message !== "database is locked") throw error; }`;
      const run = promisify(execFile);
      const all = Array.from({ length: 5 }, () =>
        run(process.execPath, ["--input-type=module", "-e", script]),
      );
      for (const { stdout } of await Promise.all(all)) expect(stdout).toBe("");
    }
  });

  it("whose damage shows only when it is read is put aside, with what could be read in the new one", () => {
    const lines: string[] = [];
    filled(lines).close();
    damage();
    const ledger = new Ledger(path, { log: (line) => void lines.push(line), now: Date.now });
    const kept = Array.from({ length: 300 }, (_none, at) => ledger.seal("a", hashOf(at)));
    const left = kept.filter((state) => state === "refused").length;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(300);
    ledger.close();
    expect(lines).toEqual([expect.stringContaining("ledger.sqlite.unusable")]);
    expect(entriesIn(path)).toBe(left);
  });

  it("whose damage shows only when the last is written is made anew with all that is known", () => {
    const lines: string[] = [];
    const ledger = filled(lines);
    ledger.noteSealed("a", ["sealed"]);
    damage(writtenByOthers());
    ledger.close();
    expect(lines).toEqual([expect.stringContaining("ledger.sqlite.unusable")]);
    expect(entriesIn(path)).toBe(300);
    const later = new Ledger(path, { log: (line) => void lines.push(line), now: Date.now });
    expect(later.sealedBy("sealed")).toBe("a");
    later.close();
  });

  it("is whole for others after its log was deleted beside it", () => {
    const lines: string[] = [];
    const ledger = filled(lines);
    rmSync(`${path}-wal`);
    ledger.refuse("a", ["one more"], "why");
    expect(entriesIn(path)).toBe(301);
    ledger.close();
    expect(lines).toEqual([]);
  });

  it("that another program has locked holds nobody up, and has everything once it is free", async () => {
    const lines: string[] = [];
    const ledger = filled(lines);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const began = performance.now();
    for (let at = 300; at < 400; at++) ledger.refuse("a", [hashOf(at)], "why");
    // Tried each time it would take 50 ms for each of them, at least.
    expect(performance.now() - began).toBeLessThan(100 * 50);
    other.exec("ROLLBACK");
    other.close();
    await expect.poll(() => entriesIn(path)).toBe(400);
    expect(lines).toEqual([expect.stringContaining("can't be written")]);
    ledger.close();
  });

  it("that can't be written is written as soon as it can be, by itself, and each time it is told", async () => {
    const lines: string[] = [];
    const ledger = filled(lines);
    const other = new DatabaseSync(path);
    for (const count of [301, 302]) {
      other.exec("BEGIN IMMEDIATE");
      ledger.refuse("a", [hashOf(count)], "why");
      other.exec("ROLLBACK");
      await expect.poll(() => entriesIn(path), { timeout: 5_000 }).toBe(count);
    }
    other.close();
    ledger.close();
    expect(lines).toEqual([1, 2].map(() => expect.stringContaining("can't be written")));
  });

  it("that is locked when it is opened counts as soon as it is free, before anything more is learnt", async () => {
    filled([]).close();
    const other = new DatabaseSync(path);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE other (a);");
    const lines: string[] = [];
    const ledger = new Ledger(path, { log: (line) => void lines.push(line), now: Date.now });
    expect(ledger.knows("a")).toBe(false);
    other.exec("ROLLBACK");
    other.close();
    await expect.poll(() => ledger.knows("a"), { timeout: 5_000 }).toBe(true);
    expect(ledger.seal("a", hashOf(7))).toBe("refused");
    expect(lines).toEqual([expect.stringContaining("can't be opened")]);
    ledger.close();
  });

  it("that was locked when it was opened keeps how often it knows that a blob was refused", async () => {
    const before = new Ledger(path, { log: () => undefined, now: Date.now });
    for (let times = 0; times < 3; times++) before.refuse("a", ["x"], "why");
    before.close();
    const other = new DatabaseSync(path);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE other (a);");
    let now = Date.now();
    const ledger = new Ledger(path, { log: () => undefined, now: () => now });
    ledger.refuse("a", ["x"], "once more");
    other.exec("ROLLBACK");
    other.close();
    ledger.close();
    const later = new Ledger(path, { log: () => undefined, now: () => now });
    now += 23 * 3_600_000;
    expect(later.seal("a", "x"), "four times as long as after the first time").toBe("refused");
    later.close();
  });
});

describe("a ledger that is looked at again", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());
  /** It is looked at so often at most, milliseconds. */
  const soon = (): void => void vi.advanceTimersByTime(210);

  it("is not read again for what the gateway itself has written, and is for what another one has", () => {
    const lines: string[] = [];
    const ledger = filled(lines);
    const look = (): boolean => {
      soon();
      return ledger.knows("b");
    };
    look();
    const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
    const reads = (): number => prepare.mock.calls.filter(([sql]) => /\* FROM refused/u.test(sql)).length;
    ledger.refuse("a", [hashOf(301)], "why");
    expect(look()).toBe(false);
    expect(reads()).toBe(0);
    const other = new Ledger(path, { log: () => undefined, now: Date.now });
    prepare.mockClear();
    other.refuse("b", [hashOf(1)], "why");
    expect(look()).toBe(true);
    other.lift("b", [hashOf(1)]);
    expect(look()).toBe(false);
    // One that was refused here and accepted there leaves the file as it was when it was last read.
    ledger.refuse("b", [hashOf(2)], "why");
    soon();
    expect(other.knows("b")).toBe(true);
    other.lift("b", [hashOf(2)]);
    expect(look()).toBe(false);
    prepare.mockRestore();
    other.close();
    ledger.close();
    expect(lines).toEqual([]);
  });

  it("written by two at once loses nothing of either, and what one lifts is lifted", () => {
    const now = Date.now();
    const open = (): Ledger => new Ledger(path, { log: (line) => expect.fail(line), now: () => now });
    const [one, two] = [open(), open()];
    for (let at = 0; at < 200; at++) {
      one.refuse("a", [`one-${at}`], "r");
      two.refuse("a", [`two-${at}`], "r");
    }
    soon();
    for (const ledger of [one, two]) {
      expect(ledger.knows("a")).toBe(true);
      for (let at = 0; at < 200; at++)
        expect([ledger.seal("a", `one-${at}`), ledger.seal("a", `two-${at}`)]).toEqual([
          "refused",
          "refused",
        ]);
    }
    one.lift("a", ["two-7"]);
    soon();
    expect(two.knows("a")).toBe(true);
    expect(two.seal("a", "two-7")).toBeUndefined();
    for (const ledger of [one, two]) ledger.close();
  });

  it("that is locked for good isn't waited for at each try", () => {
    const ledger = filled([]);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    ledger.refuse("a", ["x"], "why");
    const taken = Array.from({ length: 5 }, () => {
      vi.advanceTimersByTime(1_001);
      const began = process.hrtime.bigint();
      ledger.refuse("a", ["x"], "why");
      return Number(process.hrtime.bigint() - began) / 1e6;
    });
    // The least of them, for a machine that is busy.
    expect(Math.min(...taken)).toBeLessThan(40);
    other.exec("ROLLBACK");
    other.close();
    ledger.close();
    expect(entriesIn(path)).toBe(301);
  });

  it("that is damaged while it runs is made anew with all that is known", () => {
    const lines: string[] = [];
    const ledger = filled(lines);
    writtenByOthers();
    damage();
    soon();
    expect(ledger.knows("a")).toBe(true);
    for (let at = 0; at < 300; at++) expect(ledger.seal("a", hashOf(at))).toBe("refused");
    ledger.refuse("a", ["one more"], "why");
    expect(lines).toEqual([expect.stringContaining("ledger.sqlite.unusable")]);
    expect(entriesIn(path)).toBe(301);
    ledger.close();
  });
});
