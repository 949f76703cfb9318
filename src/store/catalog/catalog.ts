import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { sleep } from "../../lib/abort.ts";
import type { Place } from "../../session/place.ts";
import type { SessionSummary } from "../../session/summary.ts";
import type { Link } from "../chain.ts";
import type { KnownRow, Listing, ListingRow } from "../listing.ts";
import {
  inTransaction,
  isBusy,
  isOutside,
  isSameFile,
  isUnusable,
  moveAside,
  openDatabase,
  removeAside,
  type OpenDatabase,
} from "./database.ts";

/** Between two tries while another process writes, milliseconds, and how many there are before the work is given up. */
const retryMs = 40;
const tries = 25;
/** A process that ends doesn't wait longer than this many tries for its last rows. */
const triesAtEnd = 3;

export const catalogPath = (home: string): string => join(home, "catalog.sqlite");

/**
 * The catalogue at `<home>/catalog.sqlite`: one row a session, for lists and search. It is a cache. Deleted, it is made again; unreadable
 * or of another version, it is moved to `catalog.sqlite.unusable` and made again; locked, it is written later or not at all. Nothing here
 * throws, and no writer of a session waits for it. The file is made at the first write, so that listing makes no home.
 */
export function openCatalog(home: string): Listing & { search(text: string): string[] } {
  return new Catalog(catalogPath(home));
}

type Columns = [
  id: string,
  bytes: number,
  running: number,
  path: string,
  root: string | null,
  common: string | null,
  parent: string | null,
  rotated: number | null,
  successor: string | null,
];

class Row implements KnownRow {
  readonly #columns: Columns;
  readonly summary: KnownRow["summary"];

  constructor(columns: Columns, summary: KnownRow["summary"]) {
    this.#columns = columns;
    this.summary = summary;
  }

  get bytes(): number {
    return this.#columns[1];
  }

  get running(): boolean {
    return this.#columns[2] === 1;
  }

  get place(): Place {
    const [, , , path, gitRoot, gitCommon] = this.#columns;
    return { path, ...(gitRoot !== null && { gitRoot }), ...(gitCommon !== null && { gitCommon }) };
  }

  get link(): Link {
    const [id, , , , , , parent, rotated, successor] = this.#columns;
    return {
      id,
      ...(parent !== null && { parent }),
      ...(rotated === 1 && { rotated: true }),
      ...(successor !== null && { successor }),
    };
  }
}

type Work = (db: DatabaseSync) => void;

class Catalog implements Listing {
  readonly troubles: string[] = [];
  readonly #path: string;
  readonly #waiting: Work[] = [];
  #open: OpenDatabase | undefined;
  /** Of the open database. */
  #reading: StatementSync | undefined;
  #running: Promise<void> | undefined;
  #closing = false;

  constructor(path: string) {
    this.#path = path;
  }

  rows(): Map<string, KnownRow> {
    const rows = this.#read((db) => {
      const select = db.prepare(
        "SELECT id, bytes, running, path, root, common, parent, rotated, successor FROM sessions",
      );
      // With ten thousand rows objects take most of the time.
      select.setReturnArrays(true);
      return select.all() as unknown as Columns[];
    });
    return new Map(
      (rows ?? []).map((columns) => [columns[0], new Row(columns, () => this.#summary(columns[0]))]),
    );
  }

  #summary(id: string): SessionSummary | undefined {
    return this.#read((db) => {
      this.#reading ??= db.prepare("SELECT summary FROM sessions WHERE id = ?");
      const row = this.#reading.get(id);
      return row && (JSON.parse(String(row["summary"])) as SessionSummary);
    });
  }

  /** Ids of the sessions whose name or title has every word of the text, the best first. A word may be the beginning of one. */
  search(text: string): string[] {
    const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
    if (words.length === 0) return [];
    const query = words.map((word) => `"${word}"*`).join(" ");
    const select = "SELECT id FROM words WHERE words MATCH ? ORDER BY rank";
    return (
      this.#read((db) =>
        db
          .prepare(select)
          .all(query)
          .map((row) => String(row["id"])),
      ) ?? []
    );
  }

  put({ summary, bytes, running }: ListingRow): void {
    this.#later((db) => {
      db.prepare(
        "INSERT INTO sessions (id, bytes, running, summary) VALUES (?, ?, ?, ?) " +
          "ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, running = excluded.running, summary = excluded.summary",
      ).run(summary.id, bytes, running ? 1 : 0, JSON.stringify(summary));
      db.prepare("DELETE FROM words WHERE id = ?").run(summary.id);
      db.prepare("INSERT INTO words (id, name, title) VALUES (?, ?, ?)").run(
        summary.id,
        summary.name ?? "",
        summary.title ?? "",
      );
    });
  }

  mark(id: string, running: boolean): void {
    this.#later((db) => db.prepare("UPDATE sessions SET running = ? WHERE id = ?").run(running ? 1 : 0, id));
  }

  /** The write-ahead log is folded in and cut to nothing, so that no deleted text stays in a file. */
  async remove(ids: readonly string[]): Promise<boolean> {
    const isAsideGone = this.#removeAside();
    if (!existsSync(this.#path)) return isAsideGone;
    this.#later((db) => {
      for (const id of ids) {
        db.prepare("DELETE FROM sessions WHERE id = ?").run(id);
        db.prepare("DELETE FROM words WHERE id = ?").run(id);
      }
    });
    await this.#settled();
    const clean = await this.#try(
      () => tries,
      (db) => {
        db.exec("PRAGMA temp_store = MEMORY; INSERT INTO words(words) VALUES ('optimize'); VACUUM");
        if (db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] !== 0)
          throw Object.assign(new Error("busy"), { errcode: 5 });
      },
    );
    if (!clean)
      this.#report(
        "it was in use, so that rows removed from it may still be in its files; the next removal clears them",
      );
    return clean && isAsideGone;
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
    // Not in the tick of the append that asked for it.
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
      // The rows that are missing now differ from their logs in length, so the next list reads those.
      if (!done)
        this.#report("it was in use or could not be written; the next list reads the sessions themselves");
    }
    this.#running = undefined;
  }

  /** `times` is asked before each try: the process may begin to end meanwhile. */
  async #try(times: () => number, work: Work): Promise<boolean> {
    let mended = false;
    for (let tried = 0; tried < times(); tried++) {
      try {
        work(this.#database());
        return true;
      } catch (error) {
        if (!isOutside(error)) throw error;
        if (isUnusable(error) && !mended) {
          mended = true;
          this.#mend(error);
        } else if (isBusy(error)) await sleep(retryMs);
        else {
          this.#report((error as Error).message);
          return false;
        }
      }
    }
    return false;
  }

  #read<T>(work: (db: DatabaseSync) => T): T | undefined {
    if (!existsSync(this.#path)) return undefined;
    try {
      return work(this.#database());
    } catch (error) {
      if (error instanceof SyntaxError || isUnusable(error)) this.#mend(error);
      else if (isOutside(error)) this.#report((error as Error).message);
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
    this.#reading = undefined;
    this.#open?.db.close();
    this.#open = undefined;
  }

  #report(what: string): void {
    const trouble = `The catalogue in ${dirname(this.#path)} can't be used: ${what}. No session is affected.`;
    if (!this.troubles.includes(trouble)) this.troubles.push(trouble);
  }
}
