// What the ledger keeps of what was refused, for how long, and when it tries again.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { Ledger } from "./ledger.ts";

let path: string;
beforeEach(() => {
  path = join(temporaryFolder(), "gateway", "ledger.sqlite");
});

describe("what the ledger keeps", () => {
  it("forgets what was refused longer ago than it keeps, and waits longer after each refusal before it tries again", () => {
    const hour = 3_600_000;
    let now = 1_000 * hour;
    const ledger = new Ledger(path, { log: () => undefined, now: () => now });
    ledger.refuse("a", ["x"], "why");
    now += 5 * hour;
    expect(ledger.seal("a", "x")).toBe("refused");
    now += 2 * hour;
    expect(ledger.seal("a", "x")).toBe("due");
    expect(ledger.seal("b", "x")).toBeUndefined();
    ledger.refuse("a", ["x"], "why");
    now += 7 * hour;
    expect(ledger.seal("a", "x")).toBe("refused");
    now += 6 * hour;
    expect(ledger.seal("a", "x")).toBe("due");
    for (let times = 2; times < 10; times++) ledger.refuse("a", ["x"], "why");
    now += 6 * 24 * hour;
    expect(ledger.seal("a", "x")).toBe("refused");
    now += 24 * hour;
    expect(ledger.seal("a", "x"), "a week is the longest").toBe("due");
    ledger.close();
    now += 24 * 91 * hour;
    const later = new Ledger(path, { log: () => undefined, now: () => now });
    expect(later.knows("a")).toBe(false);
    later.close();
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare("SELECT * FROM refused").all()).toEqual([]);
    db.close();
  });

  it("tries again what was refused while the clock was a year ahead", () => {
    const [hour, year] = [3_600_000, 365 * 24 * 3_600_000];
    const set = 2 * year;
    let now = set + year;
    const ledger = new Ledger(path, { log: () => undefined, now: () => now });
    ledger.refuse("a", ["x"], "why");
    now = set + hour;
    ledger.refuse("a", ["y"], "why");
    now = set;
    expect([ledger.seal("a", "x"), ledger.seal("a", "y")]).toEqual(["due", "refused"]);
    ledger.close();
  });

  it("that was locked when entries were lifted has them no more after it", () => {
    let now = Date.now();
    const ledger = new Ledger(path, { log: () => undefined, now: () => now });
    ledger.refuse("a", ["back", "gone", "refused again"], "why");
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    ledger.lift("a", ["back", "refused again"]);
    now += 5;
    ledger.refuse("a", ["refused again"], "why");
    other.exec("COMMIT");
    other.close();
    ledger.close();
    const later = new Ledger(path, { log: () => undefined, now: Date.now });
    const states = ["back", "gone", "refused again"].map((blob) => later.seal("a", blob));
    expect(states).toEqual([undefined, "refused", "refused"]);
    later.close();
  });

  it("in which another gateway has noted a new refusal keeps it, when an older lift is written late", () => {
    let now = Date.now();
    const ledger = new Ledger(path, { log: () => undefined, now: () => now });
    ledger.refuse("a", ["back"], "why");
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    ledger.lift("a", ["back"]);
    now += 5;
    other.prepare("UPDATE refused SET at = ?, times = 2").run(now);
    other.exec("COMMIT");
    other.close();
    ledger.close();
    const later = new Ledger(path, { log: () => undefined, now: Date.now });
    expect(later.seal("a", "back")).toBe("refused");
    later.close();
  });

  it("counts what was accepted again until the next refusal, and knows an issuer only by what it refuses still", () => {
    const ledger = new Ledger(undefined, { log: () => undefined, now: Date.now });
    ledger.refuse("a", ["x", "y"], "why");
    ledger.lift("a", ["x"]);
    expect([ledger.lifted("a"), ledger.lifted("b"), ledger.knows("a")]).toEqual([1, 0, true]);
    ledger.lift("a", ["y"]);
    expect([ledger.lifted("a"), ledger.knows("a")]).toEqual([2, false]);
    ledger.refuse("a", ["z"], "why");
    expect(ledger.lifted("a")).toBe(0);
  });

  it("suspects a conversation for an hour, unless it is cleared before", () => {
    let now = Date.now();
    const ledger = new Ledger(undefined, { log: () => undefined, now: () => now });
    const suspects = (): boolean[] => ["one", "two"].map((each) => ledger.isSuspect("a", each));
    for (const each of ["one", "two"]) ledger.suspect("a", each, true);
    ledger.suspect("a", "two", false);
    now += 3_600_000;
    expect([suspects(), ledger.hasSuspects("b")]).toEqual([[true, false], false]);
    now += 1;
    expect([suspects(), ledger.hasSuspects("a")]).toEqual([[false, false], false]);
  });

  it("knows who sealed a blob after it has let go of it in memory", () => {
    const ledger = new Ledger(path, { log: () => undefined, now: Date.now });
    ledger.noteSealed("a", ["first"]);
    ledger.close();
    const later = new Ledger(path, { log: () => undefined, now: Date.now });
    expect(later.sealedBy("first")).toBe("a");
    expect(later.sealedBy("other")).toBeUndefined();
    later.close();
  });
});
