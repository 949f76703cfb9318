import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { uuidv7 } from "../../lib/ids.ts";
import type { SessionStore } from "../../store.ts";
import { storeConformance } from "../conformance.ts";
import { created, itemAdded, renamed, turnStarted } from "../conformance/events.ts";
import { folderStore } from "../folder/folder-store.ts";
import { catalogPath, openCatalog } from "./catalog.ts";
import { tablesVersion } from "./database.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "catalogue "));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const withCatalog = (): SessionStore => folderStore(home, { version: "0", listing: openCatalog(home) });

async function makeSession(store: SessionStore, name: string): Promise<string> {
  const id = uuidv7(Date.now());
  const log = await store.create(id, created(id), "testing");
  await log.append(renamed(name), turnStarted(1));
  await log.release();
  return id;
}

/** A session in which the person said this, and whose text the catalogue holds since a search. */
async function makeSearched(text: string): Promise<string> {
  const store = withCatalog();
  const id = uuidv7(Date.now());
  const item = { type: "message", role: "user", content: [{ type: "input_text", text }] };
  const log = await store.create(id, created(id), "testing");
  await log.append(turnStarted(1), itemAdded(Buffer.from(JSON.stringify(item))));
  await log.release();
  await store.search(text, await store.list());
  await store.close();
  return id;
}

/** The catalogue's files that hold these words. */
const filesWith = (words: string): string[] =>
  ["", "-wal"]
    .map((suffix) => catalogPath(home) + suffix)
    .filter((path) => existsSync(path) && readFileSync(path).includes(words));

const namesOf = async (store: SessionStore): Promise<(string | undefined)[]> =>
  (await store.list()).map(({ name }) => name);

storeConformance("the folder store with a catalogue", withCatalog, { describe, it, expect });

describe("the catalogue", () => {
  it("is made with rights for its owner only and answers lists without the logs being read", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "first");
    await store.list();
    await store.close();
    for (const suffix of ["", "-wal", "-shm"]) {
      const found = statSync(catalogPath(home) + suffix, { throwIfNoEntry: false });
      if (found) expect(found.mode & 0o777).toBe(0o600);
    }
    const db = new DatabaseSync(catalogPath(home));
    db.exec(`UPDATE sessions SET summary = json_set(summary, '$.name', 'from the row') WHERE id = '${id}'`);
    db.close();
    const again = withCatalog();
    expect(await namesOf(again)).toEqual(["from the row"]);
    await again.close();
  });

  it("takes no row and no text from a reader that is late, after the session was removed or scrubbed", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "first");
    const [session] = await store.list();
    await store.close();
    const listing = openCatalog(home);
    await listing.remove([id]);
    listing.put({ summary: session!, bytes: session!.bytes, running: false }, () => false);
    listing.putText(id, session!.bytes, "what was said");
    await listing.close();
    const again = openCatalog(home);
    expect([...again.rows().ids]).toEqual([]);
    expect([...again.search(["said"])]).toEqual([]);
    await again.close();
  });

  it("is passed over for a session whose log has grown since", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "before");
    await store.list();
    await store.close();
    const other = folderStore(home, { version: "0" });
    const log = await other.acquire(id, { record: () => undefined }, { doing: "testing" });
    await log.append(renamed("after"));
    await log.release();
    const again = withCatalog();
    expect(await namesOf(again)).toEqual(["after"]);
    await again.close();
  });

  it("is made again when it was deleted while it was open", async () => {
    const store = withCatalog();
    await makeSession(store, "kept");
    await store.list();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(catalogPath(home) + suffix, { force: true });
    expect(await namesOf(store)).toEqual(["kept"]);
    await store.close();
    expect(existsSync(catalogPath(home))).toBe(true);
  });

  it.each([
    [
      "garbage",
      () =>
        writeFileSync(
          catalogPath(home),
          "no database at all, but long enough to look like a page".repeat(200),
        ),
    ],
    [
      "a file of a newer version",
      () => {
        const db = new DatabaseSync(catalogPath(home));
        db.exec("PRAGMA user_version = 99");
        db.close();
      },
    ],
    [
      "tables of another shape",
      () => {
        const db = new DatabaseSync(catalogPath(home));
        db.exec(`CREATE TABLE sessions (x); PRAGMA user_version = ${tablesVersion}`);
        db.close();
      },
    ],
  ])("that is %s is moved aside, reported and made again", async (_, damage) => {
    damage();
    const listing = openCatalog(home);
    const store = folderStore(home, { version: "0", listing });
    await makeSession(store, "kept");
    expect(await namesOf(store)).toEqual(["kept"]);
    await store.close();
    expect(listing.troubles.join()).toContain("catalog.sqlite.unusable");
    const after = openCatalog(home);
    expect([...after.rows().rows.values()].map((row) => row.summary()?.name)).toEqual(["kept"]);
    await after.close();
  });

  it("of an older version is made again without a word, and no copy of it stays", async () => {
    const db = new DatabaseSync(catalogPath(home));
    db.exec("CREATE TABLE sessions (x); PRAGMA user_version = 1");
    db.close();
    const listing = openCatalog(home);
    const store = folderStore(home, { version: "0", listing });
    await makeSession(store, "kept");
    expect(await namesOf(store)).toEqual(["kept"]);
    await store.close();
    expect([listing.troubles, readdirSync(home).filter((name) => name.includes("unusable"))]).toEqual([
      [],
      [],
    ]);
  });

  it("that another process has locked keeps neither writer nor list waiting", async () => {
    const first = withCatalog();
    await makeSession(first, "one");
    await first.list();
    await first.close();
    const lock = new DatabaseSync(catalogPath(home));
    lock.exec("BEGIN EXCLUSIVE");
    const store = withCatalog();
    await makeSession(store, "two");
    expect((await namesOf(store)).sort()).toEqual(["one", "two"]);
    lock.exec("ROLLBACK");
    lock.close();
    await store.close();
  });

  it("that can't be used is told of once, however much was to be read from it and written to it", async () => {
    mkdirSync(catalogPath(home));
    const listing = openCatalog(home);
    const store = folderStore(home, { version: "0", listing });
    await makeSession(store, "kept");
    expect(await namesOf(store)).toEqual(["kept"]);
    await store.close();
    expect(listing.troubles).toHaveLength(1);
  });

  it("leaves a session to the one who holds it when a writer that has lost it says that it is done", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "held");
    const lost = await store.acquire(id, { record: () => undefined }, { doing: "testing" });
    const other = withCatalog();
    const taken = await other.acquire(id, { record: () => undefined }, { doing: "taking", force: true });
    await other.list();
    await lost.release();
    await store.close();
    expect((await other.list())[0]?.holder?.doing).toBe("taking");
    await taken.release();
    expect((await other.list())[0]?.holder).toBeUndefined();
    await other.close();
  });

  it("finds a session by a name that it has missed, and not by one that it has not forgotten", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "before");
    const kept = await makeSession(store, "kept");
    await store.list();
    await store.close();
    const without = folderStore(home, { version: "0" });
    const log = await without.acquire(id, { record: () => undefined }, { doing: "testing" });
    await log.append(renamed("after"));
    await log.release();
    const again = withCatalog();
    expect(await again.find("kept")).toEqual([kept]);
    expect(await again.find("after")).toEqual([id]);
    expect(await again.find("before")).toEqual([]);
    expect(await again.find(kept.slice(0, 35))).toEqual([kept]);
    expect(await again.find(id.slice(0, 4))).toEqual([kept, id].sort().toReversed());
    await again.close();
  });

  it("lists a session whose folder was copied as two, each by its folder's own id", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "copied");
    const month = join(home, "sessions", readdirSync(join(home, "sessions"))[0]!);
    const copy = uuidv7(Date.now() + 1);
    cpSync(join(month, id), join(month, copy), { recursive: true });
    const ids = async (): Promise<string[]> => (await store.list()).map((session) => session.id).sort();
    for (let round = 0; round < 2; round++) expect(await ids()).toEqual([id, copy].sort());
    const log = await store.acquire(copy, { record: () => undefined }, { doing: "testing" });
    await log.append(renamed("the copy"));
    log.describe({ ...(await store.list()).find((session) => session.id === copy)!, id });
    await log.release();
    expect((await namesOf(store)).sort()).toEqual(["copied", "the copy"]);
    await store.remove(copy);
    expect(await ids()).toEqual([id]);
    await store.close();
  });

  it("answers a search without the logs being read again, and keeps nothing of what is removed", async () => {
    const id = await makeSearched("plantedsecret in what was said");
    const again = withCatalog();
    const listed = await again.list();
    const path = join(home, "sessions", readdirSync(join(home, "sessions"))[0]!, id, "log.jsonl");
    const kept = readFileSync(path, "utf8");
    writeFileSync(path, kept.replace("plantedsecret", "overwritten!!"));
    expect([...(await again.search("plantedsecret", listed))]).toEqual([id]);
    await again.remove(id);
    expect(await again.search("plantedsecret", await again.list())).toEqual(new Set());
    await again.close();
    expect(filesWith("plantedsecret")).toEqual([]);
  });

  it("notices a follow-up that can't be read when it comes, though the session's log is as it was", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "with an inbox");
    expect((await store.list())[0]?.trouble).toBeUndefined();
    await store.close();
    const again = withCatalog();
    const month = readdirSync(join(home, "sessions"))[0]!;
    const file = join(home, "sessions", month, id, "inbox", `${uuidv7(Date.now())}.json`);
    writeFileSync(file, "garbage");
    expect((await again.list())[0]?.trouble).toContain(file);
    rmSync(file);
    expect((await again.list())[0]?.trouble).toBeUndefined();
    await again.close();
  });

  it("keeps no byte of a removed session", async () => {
    const store = withCatalog();
    const id = await makeSession(store, "verysecretname");
    await makeSession(store, "another");
    await store.list();
    await store.remove(id);
    await store.close();
    expect(filesWith("verysecretname")).toEqual([]);
  });

  it.each(["removed", "scrubbed"])("is swept again of a %s session whose row it has kept", async (how) => {
    const id = await makeSearched("plantedsecret in what was said");
    const db = new DatabaseSync(catalogPath(home));
    db.exec("CREATE TRIGGER stays BEFORE DELETE ON said BEGIN SELECT RAISE(ABORT, 'stays'); END");
    const again = withCatalog();
    if (how === "removed") await again.remove(id, { sweep: false });
    else {
      const own = await again.acquire(id, { record: () => undefined }, { doing: "testing" });
      await again.scrub(own, [created(id).event]);
      await own.release();
    }
    expect(await again.sweep([id])).toEqual([expect.stringContaining("may still be in its files")]);
    db.exec("DROP TRIGGER stays");
    db.close();
    expect(await again.sweep([id])).toEqual([]);
    await again.close();
    expect(filesWith("plantedsecret")).toEqual([]);
  });

  it("is not made by a list in a home that has none", async () => {
    const empty = join(home, "not", "made");
    const store = folderStore(empty, { version: "0", listing: openCatalog(empty) });
    expect(await store.list()).toEqual([]);
    await store.close();
    expect(existsSync(empty)).toBe(false);
    mkdirSync(empty, { recursive: true });
  });
});
