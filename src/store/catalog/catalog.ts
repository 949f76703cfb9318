import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { sleep } from "../../lib/abort.ts";
import { crashPoint } from "../../lib/fault.ts";
import { takeBackWords } from "../../lib/owner.ts";
import { inTransaction, moveAside } from "../../lib/sqlite.ts";
import { systemWords } from "../../lib/system.ts";
import type { Place } from "../../session/place.ts";
import type { KnownRows, Listing, ListingRow, Wanted } from "../listing.ts";
import {
  isBusy,
  isLinked,
  isOutside,
  isSameFile,
  isUnusable,
  openDatabase,
  OtherVersion,
  removeAside,
  removeDatabase,
  type OpenDatabase,
} from "./database.ts";
import { type Columns, placeOf, Row, rowColumns } from "./row.ts";

/** Between two tries while another process writes, milliseconds, and how many there are before the work is given up. */
const retryMs = 40;
const tries = 25;
/** A process that ends doesn't wait longer than this many tries for its last rows. */
const triesAtEnd = 3;

/** The catalogue's file in a home. */
export const catalogPath = (home: string): string => join(home, "catalog.sqlite");

/**
 * The catalogue at `<home>/catalog.sqlite`: one row a session, for lists and search. It is a cache. Deleted, it is made again, and so is one
 * of an older version; unreadable or of a newer one, it is moved to `catalog.sqlite.unusable` and made again; locked, it is written later or
 * not at all. Nothing here throws, and no writer of a session waits for it. The file is made at the first write, so that listing makes no home.
 */
export function openCatalog(home: string): Listing {
  return new Catalog(catalogPath(home));
}

type Work = (db: DatabaseSync) => void;

class Catalog implements Listing {
  readonly troubles: string[] = [];
  readonly #path: string;
  readonly #waiting: Work[] = [];
  #open: OpenDatabase | undefined;
  #running: Promise<void> | undefined;
  #closing = false;

  constructor(path: string) {
    this.#path = path;
  }

  rows(wanted?: Wanted): KnownRows {
    const read = this.#read((db) => {
      const { ids } = db.prepare("SELECT group_concat(id) AS ids FROM sessions").get()!;
      return { ids, columns: wanted ? columnsOf(db, wanted) : rowsOf(db, "") };
    });
    const unusable = (error: SyntaxError): void => this.#mend(error);
    return {
      ids: new Set(typeof read?.ids === "string" ? read.ids.split(",") : []),
      rows: new Map(read?.columns.map((columns) => [columns[0], new Row(columns, unusable)])),
    };
  }

  search(words: readonly string[]): ReadonlyMap<string, { bytes: number; has: readonly boolean[] }> {
    const has = words.map(() => ", instr(text, ?) > 0").join("");
    const rows = this.#read((db) => {
      const select = db.prepare(`SELECT id, bytes${has} FROM said`);
      select.setReturnArrays(true);
      return select.all(...words) as unknown as [id: string, bytes: number, ...has: number[]][];
    });
    return new Map(
      rows?.map(([id, bytes, ...found]) => [id, { bytes, has: found.map((each) => each === 1) }]),
    );
  }

  put({ summary, bytes, running }: ListingRow, isStill = (): boolean => true): void {
    this.#later((db) => {
      if (!isStill()) return;
      db.prepare(
        "INSERT INTO sessions (id, bytes, running, summary) VALUES (?, ?, ?, ?) " +
          "ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, running = excluded.running, summary = excluded.summary",
      ).run(summary.id, bytes, running ? 1 : 0, JSON.stringify(summary));
    });
  }

  markRunning(id: string): void {
    this.#later((db) => db.prepare("UPDATE sessions SET running = 1 WHERE id = ?").run(id));
  }

  markIdle(id: string, bytes: number): void {
    this.#later((db) =>
      db.prepare("UPDATE sessions SET running = 0 WHERE id = ? AND bytes = ?").run(id, bytes),
    );
  }

  async markUnread(id: string): Promise<void> {
    this.#later((db) => db.prepare("UPDATE sessions SET bytes = -1 WHERE id = ?").run(id));
    await this.#settled();
  }

  markInbox(id: string, changed: number): void {
    this.#later((db) => db.prepare("UPDATE sessions SET inbox = ? WHERE id = ?").run(changed, id));
  }

  putText(id: string, bytes: number, text: string): void {
    this.#later((db) =>
      db
        .prepare(
          "INSERT OR REPLACE INTO said (id, bytes, text) SELECT id, bytes, ? FROM sessions WHERE id = ? AND bytes = ?",
        )
        .run(text, id, bytes),
    );
  }

  /** The write-ahead log is folded in and cut to nothing, so that no deleted text stays in a file. */
  async remove(ids: readonly string[]): Promise<boolean> {
    const isAsideGone = this.#removeAside();
    if (!existsSync(this.#path)) return isAsideGone;
    // Pending writes go first, so that none of them brings a row back after its removal.
    await this.#settled();
    const done = await this.#try(
      () => tries,
      (db) => {
        inTransaction(db, () => {
          for (const id of ids) {
            db.prepare("DELETE FROM sessions WHERE id = ?").run(id);
            db.prepare("DELETE FROM said WHERE id = ?").run(id);
          }
        });
        crashPoint("rows-removed");
        db.exec("PRAGMA temp_store = MEMORY; VACUUM");
        crashPoint("catalogue-vacuumed");
        if (db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] !== 0)
          throw Object.assign(new Error("busy"), { errcode: 5 });
      },
    );
    if (done !== "done")
      this.#report(
        "it was in use, so that what was removed may still be in its files; the next removal clears them",
      );
    return done === "done" && isAsideGone;
  }

  /** An unusable catalogue holds rows that nobody can take out one by one. */
  #removeAside(): boolean {
    try {
      removeAside(this.#path);
      return true;
    } catch (error) {
      if (!isOutside(error)) throw error;
      this.#report((error as Error).message);
      return false;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#settled();
    this.#shut();
  }

  #later(work: Work): void {
    this.#waiting.push(work);
    this.#running ??= this.#run();
  }

  async #settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Not in the tick of the append that asked for it, which it would delay.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      const done = await this.#try(
        () => (this.#closing ? triesAtEnd : tries),
        (db) =>
          inTransaction(db, () => {
            for (const work of batch) work(db);
          }),
      );
      // Rows that weren't written no longer match their logs' length, so the next list reads those logs.
      if (done === "busy") this.#report("it was in use; the next list reads the sessions themselves");
    }
    this.#running = undefined;
  }

  /** `times` is asked before each try: the process may begin to end meanwhile. What was refused is reported. */
  async #try(times: () => number, work: Work): Promise<"done" | "busy" | "refused"> {
    let mended = false;
    for (let tried = 0; tried < times(); tried++) {
      try {
        work(this.#database());
        return "done";
      } catch (error) {
        if (!isOutside(error)) throw error;
        if (isUnusable(error) && !mended) {
          mended = true;
          this.#mend(error);
        } else if (isBusy(error)) await sleep(retryMs);
        else {
          this.#refused(error);
          return "refused";
        }
      }
    }
    return "busy";
  }

  #read<T>(work: (db: DatabaseSync) => T): T | undefined {
    if (!existsSync(this.#path)) return undefined;
    try {
      return work(this.#database());
    } catch (error) {
      if (isUnusable(error)) this.#mend(error);
      else if (isOutside(error)) this.#refused(error);
      else throw error;
      return undefined;
    }
  }

  #database(): DatabaseSync {
    if (this.#open && !isSameFile(this.#path, this.#open.file)) this.#shut();
    // The home is the store's to make; while there is none there is nothing to remember either.
    this.#open ??= openDatabase(this.#path);
    return this.#open.db;
  }

  #mend(error: unknown): void {
    this.#shut();
    try {
      if (error instanceof OtherVersion && error.isOlder) return removeDatabase(this.#path);
      const aside = moveAside(this.#path);
      this.#report(
        `${(error as Error).message}; it was moved to ${aside} and is made again from the sessions`,
      );
    } catch (second) {
      if (!isOutside(second)) throw second;
      this.#report(`${(error as Error).message}; it could not be moved aside: ${(second as Error).message}`);
    }
  }

  #shut(): void {
    this.#open?.db.close();
    this.#open = undefined;
  }

  #refused(error: unknown): void {
    const next = takeBackWords(error, this.#path, true);
    this.#report(systemWords(error), next === undefined ? "" : ` ${next}`);
  }

  #report(what: string, next = ""): void {
    const trouble = `The catalogue in ${dirname(this.#path)} can't be used: ${what}. No session is affected.${next}`;
    if (!this.troubles.includes(trouble)) this.troubles.push(trouble);
  }
}

function columnsOf(db: DatabaseSync, wanted: Wanted): Columns[] {
  const linked = rowsOf(db, `WHERE ${isLinked}`);
  if ("isPlace" in wanted) return [...rowsOfPlaces(db, wanted.isPlace), ...linked];
  const { id, name } = wanted;
  // Ids are hexadecimal, so that every id with this beginning sorts before the beginning followed by "g".
  const begun = id === undefined ? [] : rowsOf(db, "WHERE id >= ? AND id < ?", id, `${id}g`);
  return [...begun, ...rowsOf(db, "WHERE name = ?", name), ...linked];
}

/** The places are asked for first: there are few of them, however many sessions there are. */
function rowsOfPlaces(db: DatabaseSync, isPlace: (place: Place) => boolean): Columns[] {
  const places = db.prepare("SELECT DISTINCT path, root, common FROM sessions");
  places.setReturnArrays(true);
  const all = places.all() as unknown as [string, string | null, string | null][];
  return all
    .filter((place) => isPlace(placeOf(...place)))
    .flatMap((place) => rowsOf(db, "WHERE path IS ? AND root IS ? AND common IS ?", ...place));
}

function rowsOf(db: DatabaseSync, where: string, ...values: (string | null)[]): Columns[] {
  const rows = db.prepare(`SELECT ${rowColumns} FROM sessions ${where}`);
  rows.setReturnArrays(true);
  return rows.all(...values) as unknown as Columns[];
}
