import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import type { ConversationMark, HealMemory } from "./heal-memory.ts";
import { isOfTheFile, type LedgerFile, openLedgerFile } from "./ledger-file.ts";

const hour = 3_600_000;
/** A blob that was refused is tried again after so long, since a provider's fault may be over; each refusal doubles it. */
const firstTryMs = 6 * hour;
const lastTryMs = 7 * 24 * hour;
/** What nobody has asked about for so long is forgotten. */
const keptMs = 90 * 24 * hour;

const sealersHeld = 8_192;
const suspectsHeld = 1_024;
/** A suspicion that nothing has confirmed in so long is dropped: while there is one, requests to its issuer are looked at. */
const suspectedMs = hour;
const flushMs = 500;
/** How often it is looked whether another gateway has written to the file. */
const lookMs = 200;

interface Refused {
  at: number;
  times: number;
  refusal: string;
}

export interface LedgerOptions {
  log(line: string): void;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * What was healed, so that it costs nothing the next time: hashes of refused blobs, by issuer, with the time and the refusal. It is held in
 * memory and written to its file as it comes; a file that is deleted meanwhile is made anew with all of it, and one that can't be written
 * costs nothing but the memory of it after the end. No blob, no key and no text is ever in it.
 */
export class Ledger implements HealMemory {
  readonly #path: string | undefined;
  readonly #log: (line: string) => void;
  readonly #now: () => number;
  readonly #refused = new Map<string, Map<string, Refused>>();
  readonly #parameters = new Map<string, Map<string, Set<string>>>();
  readonly #marks = new Map<string, Map<string, ConversationMark>>();
  /** By issuer and conversation: since when. */
  readonly #suspects = new Map<string, Map<string, number>>();
  /** The newest; the others are in the file. */
  readonly #sealers = new Map<string, string>();
  readonly #pending = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #file: LedgerFile | undefined;
  #isTroubled = false;
  /** Whether the file lacks something: then all is written anew. */
  #isBehind = false;
  #lookedAt = 0;
  /** What the file held when it was read, as far as a change shows. */
  #seen = "";

  /** Without a path nothing is kept beyond this object. */
  constructor(path: string | undefined, { log, now }: LedgerOptions) {
    this.#path = path;
    this.#log = log;
    this.#now = now;
    if (path === undefined) return;
    this.#guarded(() => this.#read(this.#opened(path)));
    if (this.#file) this.#guarded(() => this.#forgetOld());
  }

  knows(issuer: string): boolean {
    this.#look();
    return this.#refused.has(issuer) || this.knowsMore(issuer);
  }

  knowsMore(issuer: string): boolean {
    return this.#parameters.has(issuer) || this.#marks.has(issuer);
  }

  seal(issuer: string, blob: string, now: number): "refused" | "due" | undefined {
    const entry = this.#refused.get(issuer)?.get(blob);
    if (!entry) return undefined;
    return now - entry.at < Math.min(lastTryMs, firstTryMs * 2 ** (entry.times - 1)) ? "refused" : "due";
  }

  refuse(issuer: string, blobs: readonly string[], refusal: string, now: number): void {
    const ofIssuer = inner(this.#refused, issuer);
    for (const blob of blobs)
      ofIssuer.set(blob, { at: now, times: (ofIssuer.get(blob)?.times ?? 0) + 1, refusal });
    this.#write((db) => {
      for (const blob of blobs) putRefused(db, issuer, blob, ofIssuer.get(blob)!);
    });
  }

  lift(issuer: string, blobs: readonly string[]): void {
    if (blobs.length === 0) return;
    const ofIssuer = this.#refused.get(issuer);
    for (const blob of blobs) ofIssuer?.delete(blob);
    if (ofIssuer?.size === 0) this.#refused.delete(issuer);
    this.#write((db) => {
      const statement = db.prepare("DELETE FROM refused WHERE issuer = ? AND blob = ?");
      for (const blob of blobs) statement.run(issuer, blob);
    });
  }

  parameters(issuer: string, model: string): readonly string[] {
    return [...(this.#parameters.get(issuer)?.get(model) ?? [])];
  }

  refuseParameter(issuer: string, model: string, parameter: string, refusal: string, now: number): void {
    const ofIssuer = inner(this.#parameters, issuer);
    const ofModel = ofIssuer.get(model) ?? new Set();
    ofIssuer.set(model, ofModel.add(parameter));
    this.#write((db) => putParameter(db, issuer, model, parameter, refusal, now));
  }

  conversation(issuer: string, conversation: string): ConversationMark | undefined {
    return this.#marks.get(issuer)?.get(conversation);
  }

  mark(issuer: string, conversation: string, mark: ConversationMark, refusal: string, now: number): void {
    inner(this.#marks, issuer).set(conversation, mark);
    this.#write((db) => putMark(db, issuer, conversation, mark, refusal, now));
  }

  hasSuspects(issuer: string): boolean {
    const ofIssuer = this.#suspects.get(issuer);
    if (!ofIssuer) return false;
    const since = this.#now() - suspectedMs;
    for (const [conversation, at] of ofIssuer) if (at < since) ofIssuer.delete(conversation);
    if (ofIssuer.size === 0) this.#suspects.delete(issuer);
    return ofIssuer.size > 0;
  }

  isSuspect(issuer: string, conversation: string): boolean {
    return this.hasSuspects(issuer) && this.#suspects.get(issuer)?.has(conversation) === true;
  }

  /** Not written: a suspicion that nothing has confirmed. */
  suspect(issuer: string, conversation: string, isSuspect: boolean): void {
    if (!isSuspect) return void this.#suspects.get(issuer)?.delete(conversation);
    const ofIssuer = inner(this.#suspects, issuer);
    if (ofIssuer.size >= suspectsHeld) ofIssuer.clear();
    ofIssuer.set(conversation, this.#now());
  }

  sealedBy(blob: string): string | undefined {
    const known = this.#sealers.get(blob);
    if (known !== undefined || !this.#file) return known;
    let found: string | undefined;
    this.#guarded(() => {
      const row = this.#file?.db.prepare("SELECT issuer FROM sealed WHERE blob = ?").get(blob);
      if (row) found = text(row["issuer"]);
    });
    return found;
  }

  /** Written a moment later, together with what comes until then: every healthy answer has some. */
  noteSealed(issuer: string, blobs: readonly string[]): void {
    for (const blob of blobs) {
      if (this.#sealers.get(blob) === issuer) continue;
      this.#sealers.set(blob, issuer);
      if (this.#path !== undefined) this.#pending.set(blob, issuer);
    }
    const excess = this.#sealers.size - sealersHeld;
    if (excess > 0)
      for (const blob of [...this.#sealers.keys()].slice(0, excess + sealersHeld / 8))
        this.#sealers.delete(blob);
    if (this.#pending.size === 0 || this.#timer) return;
    this.#timer = setTimeout(() => this.#flush(), flushMs);
    this.#timer.unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const pending = [...this.#pending];
    this.#pending.clear();
    const now = this.#now();
    this.#write((db) => {
      for (const [blob, issuer] of pending) putSealed(db, blob, issuer, now);
    });
  }

  close(): void {
    this.#flush();
    this.#guarded(() => this.#file?.db.close());
    this.#file = undefined;
  }

  #opened(path: string): DatabaseSync {
    this.#file = openLedgerFile(path, (moved) =>
      this.#log(`the ledger ${path} could not be used and lies in ${moved} now; a new one was begun`),
    );
    return this.#file.db;
  }

  #write(work: (db: DatabaseSync) => void): void {
    const path = this.#path;
    if (path === undefined) return;
    const isDone = this.#guarded(() => {
      const isSame = this.#file?.isStill() === true && !this.#isBehind;
      if (isSame) return transaction(this.#file!.db, work);
      this.#file?.db.close();
      this.#file = undefined;
      const db = this.#opened(path);
      transaction(db, () => this.#writeAll(db));
    });
    this.#isBehind = !isDone;
    if (isDone) this.#isTroubled = false;
  }

  /** Whether it went well. What is wrong with the file is told once, until it can be written again. */
  #guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!isOfTheFile(error)) throw error;
      if (!this.#isTroubled)
        this.#log(
          `the ledger ${this.#path} can't be written; healing goes on from memory: ${(error as Error).message}`,
        );
      this.#isTroubled = true;
      return false;
    }
  }

  /** Several gateways may share the file: what another one has learnt or lifted since holds here too. */
  #look(): void {
    const at = performance.now();
    const file = this.#file;
    if (!file || this.#isBehind || at - this.#lookedAt < lookMs) return;
    this.#lookedAt = at;
    this.#guarded(() => {
      const seen = fingerprint(file.db);
      if (seen === this.#seen) return;
      for (const map of [this.#refused, this.#parameters, this.#marks]) map.clear();
      this.#read(file.db);
    });
  }

  #forgetOld(): void {
    for (const table of ["refused", "parameters", "conversations", "sealed"])
      this.#file?.db.prepare(`DELETE FROM ${table} WHERE at < ?`).run(this.#now() - keptMs);
  }

  #read(db: DatabaseSync): void {
    this.#seen = fingerprint(db);
    const since = this.#now() - keptMs;
    for (const { issuer, blob, at, times, refusal } of rows(db, "refused", since))
      inner(this.#refused, text(issuer)).set(text(blob), {
        at: Number(at),
        times: Number(times),
        refusal: text(refusal),
      });
    for (const { issuer, model, parameter } of rows(db, "parameters", since)) {
      const ofIssuer = inner(this.#parameters, text(issuer));
      ofIssuer.set(text(model), (ofIssuer.get(text(model)) ?? new Set()).add(text(parameter)));
    }
    for (const { issuer, conversation, mark } of rows(db, "conversations", since)) {
      const value = parseJson(text(mark));
      if (isMark(value)) inner(this.#marks, text(issuer)).set(text(conversation), value);
    }
  }

  #writeAll(db: DatabaseSync): void {
    const now = this.#now();
    for (const [issuer, blobs] of this.#refused)
      for (const [blob, entry] of blobs) putRefused(db, issuer, blob, entry);
    for (const [issuer, models] of this.#parameters)
      for (const [model, names] of models)
        for (const name of names) putParameter(db, issuer, model, name, "parameter-unsupported", now);
    for (const [issuer, marks] of this.#marks)
      for (const [conversation, mark] of marks) putMark(db, issuer, conversation, mark, "kept", now);
    for (const [blob, issuer] of this.#sealers) putSealed(db, blob, issuer, now);
  }
}

function inner<V>(outer: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let found = outer.get(key);
  if (!found) outer.set(key, (found = new Map()));
  return found;
}

function transaction(db: DatabaseSync, work: (db: DatabaseSync) => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work(db);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function putRefused(db: DatabaseSync, issuer: string, blob: string, { at, times, refusal }: Refused): void {
  db.prepare("INSERT OR REPLACE INTO refused (issuer, blob, at, times, refusal) VALUES (?, ?, ?, ?, ?)").run(
    issuer,
    blob,
    at,
    times,
    refusal,
  );
}

function putParameter(
  db: DatabaseSync,
  issuer: string,
  model: string,
  parameter: string,
  refusal: string,
  at: number,
): void {
  db.prepare(
    "INSERT OR REPLACE INTO parameters (issuer, model, parameter, at, refusal) VALUES (?, ?, ?, ?, ?)",
  ).run(issuer, model, parameter, at, refusal);
}

function putMark(
  db: DatabaseSync,
  issuer: string,
  conversation: string,
  mark: ConversationMark,
  refusal: string,
  at: number,
): void {
  db.prepare(
    "INSERT OR REPLACE INTO conversations (issuer, conversation, mark, at, refusal) VALUES (?, ?, ?, ?, ?)",
  ).run(issuer, conversation, JSON.stringify(mark), at, refusal);
}

function putSealed(db: DatabaseSync, blob: string, issuer: string, at: number): void {
  db.prepare("INSERT OR REPLACE INTO sealed (blob, issuer, at) VALUES (?, ?, ?)").run(blob, issuer, at);
}

/** Of all that is held in memory. Sealers aren't: they come with every answer, and are looked up in the file. */
function fingerprint(db: DatabaseSync): string {
  const found = db
    .prepare(
      `SELECT (SELECT count(*) || ' ' || max(at) || ' ' || sum(times) FROM refused) AS refused,
        (SELECT count(*) || ' ' || max(at) FROM parameters) AS parameters,
        (SELECT count(*) || ' ' || max(at) FROM conversations) AS conversations`,
    )
    .get();
  return JSON.stringify(found);
}

const rows = (db: DatabaseSync, table: string, since: number): Record<string, SQLOutputValue>[] =>
  db.prepare(`SELECT * FROM ${table} WHERE at >= ?`).all(since);

const text = (value: SQLOutputValue | undefined): string => (typeof value === "string" ? value : "");

function isMark(value: unknown): value is ConversationMark {
  return isJsonObject(value) && Array.isArray(value["quarantines"]) && typeof value["index"] === "number";
}
