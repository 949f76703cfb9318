import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../../lib/sqlite.ts";
import { systemWords } from "../../lib/system.ts";
import type { ConversationMark, HealMemory } from "./heal-memory.ts";
import { isDamage, isOfTheFile, type LedgerFile, openLedgerFile, patienceMs } from "./ledger-file.ts";
import {
  changesByOthers,
  fingerprint,
  inner,
  type Lift,
  nothingKnown,
  putKnown,
  putMark,
  putParameter,
  putRefused,
  putSealed,
  readKnown,
  removeLifted,
  text,
} from "./ledger-rows.ts";

const hour = 3_600_000;
/** A blob that was refused is tried again after so long, since a provider's fault may be over; each refusal doubles it. */
const firstTryMs = 6 * hour;
const lastTryMs = 7 * 24 * hour;
/** What was written longer ago than this is forgotten: when the file is opened, and every day by who keeps it open. */
const keptMs = 90 * 24 * hour;
const forgetMs = 24 * hour;

/** Of how many blobs the sealer is held in memory, and how many conversations of one issuer may be under suspicion. */
const sealersHeld = 8_192;
const suspectsHeld = 1_024;
/** A suspicion that nothing has confirmed in so long is dropped: while there is one, requests to its issuer are looked at. */
const suspectedMs = hour;
/** So long the note of who sealed what waits for others, to be written with them. */
const flushMs = 500;
/** How often it is looked whether another gateway has written to the file. */
const lookMs = 200;
/** A file that can't be written is tried again so often: each try takes its time, and holds up everybody. */
const retryMs = 1_000;

/** What a ledger is given: a voice and the time. */
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
  #known = nothingKnown();
  /** By issuer, how many blobs were accepted again since it refused one. */
  readonly #lifted = new Map<string, number>();
  /** Since when a conversation is suspected, by issuer and conversation. */
  readonly #suspects = new Map<string, Map<string, number>>();
  /** Who sealed a blob, by its hash: the newest of them, the others are in the file. */
  readonly #sealers = new Map<string, string>();
  /** Those of them that aren't written yet. */
  readonly #pending = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #file: LedgerFile | undefined;
  /** Whether it was told that the file can't be opened or written. */
  #isTroubled = false;
  /** Whether the file could not be opened or written: then it is opened anew, and all that is held in memory written. */
  #isBehind = false;
  /** Blobs that were accepted again, whose entries the file may still have. */
  #lifts: Lift[] = [];
  /** Whether what lies there was found to be damaged: then it is put aside with the next write. */
  #isDamaged = false;
  /** When the file was last written, or was to be (`performance.now()`). */
  #triedAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #forgotAt: number;
  /** The file's `fingerprint` when it was last read. */
  #seen = "";
  /** The file's `changesByOthers` when it was last looked at. */
  #changes: number | undefined;

  /** Without a path nothing is kept beyond this object. */
  constructor(path: string | undefined, { log, now }: LedgerOptions) {
    this.#path = path;
    this.#log = log;
    this.#now = now;
    this.#forgotAt = now();
    if (path === undefined) return;
    const isRead = this.#guarded(() => readKnown(this.#opened(path, {}), now() - keptMs, this.#known));
    if (this.#file) this.#guarded(() => this.#forgetOld());
    if (this.#isDamaged) this.#write(() => undefined);
    else if (!isRead) this.#fallBehind();
  }

  knows(issuer: string): boolean {
    this.#look();
    return this.#known.refused.has(issuer) || this.knowsMore(issuer);
  }

  knowsMore(issuer: string): boolean {
    return this.#known.parameters.has(issuer) || this.#known.marks.has(issuer);
  }

  seal(issuer: string, blob: string): "refused" | "due" | undefined {
    const entry = this.#known.refused.get(issuer)?.get(blob);
    if (!entry) return undefined;
    // A clock that was ahead is set right: what was refused "next year" is not refused until then.
    const age = Math.abs(this.#now() - entry.at);
    return age < Math.min(lastTryMs, firstTryMs * 2 ** (entry.times - 1)) ? "refused" : "due";
  }

  refuse(issuer: string, blobs: readonly string[], refusal: string): void {
    const at = this.#now();
    const ofIssuer = inner(this.#known.refused, issuer);
    this.#lifted.delete(issuer);
    for (const blob of blobs)
      ofIssuer.set(blob, { at, times: (ofIssuer.get(blob)?.times ?? 0) + 1, refusal });
    this.#learn((db) => {
      for (const blob of blobs) putRefused(db, issuer, blob, ofIssuer.get(blob)!);
    });
  }

  lift(issuer: string, blobs: readonly string[]): void {
    if (blobs.length === 0) return;
    this.#lifted.set(issuer, this.lifted(issuer) + blobs.length);
    const ofIssuer = this.#known.refused.get(issuer);
    for (const blob of blobs) ofIssuer?.delete(blob);
    if (ofIssuer?.size === 0) this.#known.refused.delete(issuer);
    if (this.#path === undefined) return;
    const now = this.#now();
    this.#lifts.push(...blobs.map((blob) => ({ issuer, blob, at: now })));
    this.#learn((db) => removeLifted(db, this.#lifts));
  }

  lifted(issuer: string): number {
    return this.#lifted.get(issuer) ?? 0;
  }

  parameters(issuer: string, model: string): readonly string[] {
    return [...(this.#known.parameters.get(issuer)?.get(model) ?? [])];
  }

  refuseParameter(issuer: string, model: string, parameter: string, refusal: string): void {
    const at = this.#now();
    const ofIssuer = inner(this.#known.parameters, issuer);
    const ofModel = ofIssuer.get(model) ?? new Set();
    ofIssuer.set(model, ofModel.add(parameter));
    this.#learn((db) => putParameter(db, { issuer, model, parameter, refusal, at }));
  }

  conversation(issuer: string, conversation: string): ConversationMark | undefined {
    return this.#known.marks.get(issuer)?.get(conversation);
  }

  mark(issuer: string, conversation: string, mark: ConversationMark, refusal: string): void {
    const at = this.#now();
    inner(this.#known.marks, issuer).set(conversation, mark);
    this.#learn((db) => putMark(db, { issuer, conversation, mark, refusal, at }));
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
    if (this.#pending.size > 0) this.#flushIn(flushMs);
  }

  #flushIn(ms: number): void {
    this.#timer ??= setTimeout(() => this.#flush(), ms).unref();
  }

  #flush(isLast = false): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0 && !this.#isBehind) return;
    const pending = [...this.#pending];
    this.#pending.clear();
    const now = this.#now();
    this.#write((db) => {
      for (const [blob, issuer] of pending) putSealed(db, blob, issuer, now);
    }, isLast);
  }

  close(): void {
    this.#flush(true);
    clearTimeout(this.#timer);
    this.#guarded(() => this.#file?.db.close());
    this.#file = undefined;
  }

  #opened(path: string, options: { isDamaged?: boolean; waitMs?: number }): DatabaseSync {
    const aside = (moved: string): void =>
      this.#log(`the ledger ${path} could not be used and lies in ${moved} now; a new one was begun`);
    this.#file = openLedgerFile(path, aside, options);
    this.#changes = undefined;
    this.#isDamaged = false;
    return this.#file.db;
  }

  /** Writes what changes the file's `fingerprint`: the next change by somebody else is not to be taken for none. */
  #learn(work: (db: DatabaseSync) => void): void {
    this.#seen = "";
    this.#write(work);
  }

  #write(work: (db: DatabaseSync) => void, isLast = false): void {
    const path = this.#path;
    if (path === undefined) return;
    if (this.#isBehind && !isLast && performance.now() - this.#triedAt < retryMs)
      return this.#flushIn(retryMs);
    const attempt = (): boolean =>
      this.#guarded(() => {
        // Another gateway may have put it aside by now.
        const file = this.#file;
        const isStill = file?.isStill() === true;
        if (isStill && !this.#isBehind && !this.#isDamaged)
          return inTransaction(file.db, () => work(file.db));
        file?.db.close();
        this.#file = undefined;
        // One that somebody has locked for good would hold up everybody at each try.
        const waitMs = this.#isBehind && !isLast ? 0 : patienceMs;
        const db = this.#opened(path, { isDamaged: isStill && this.#isDamaged, waitMs });
        inTransaction(db, () => this.#writeAll(db));
        if (waitMs === 0) db.exec(`PRAGMA busy_timeout = ${patienceMs}`);
      });
    const isDone = attempt() || (this.#isDamaged && attempt());
    this.#triedAt = performance.now();
    if (!isDone) return this.#fallBehind();
    this.#isBehind = false;
    this.#isTroubled = false;
    this.#lifts = [];
    if (Math.abs(this.#now() - this.#forgotAt) >= forgetMs) this.#guarded(() => this.#forgetOld());
  }

  /** Has the file opened and written soon, whether or not there is more to write: what others have put there is read then, too. */
  #fallBehind(): void {
    this.#isBehind = true;
    this.#flushIn(retryMs);
  }

  /** Whether it went well. What is wrong with the file is told once, until it can be written again. */
  #guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!isOfTheFile(error)) throw error;
      if (isDamage(error)) this.#isDamaged = true;
      else if (!this.#isTroubled) {
        this.#isTroubled = true;
        const what = this.#file ? "written" : "opened";
        this.#log(
          `the ledger ${this.#path} can't be ${what}; healing goes on from memory: ${systemWords(error)}`,
        );
      }
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
      // What this gateway wrote is in memory: reading all of it again after each refusal would hold up every answer under way.
      const changes = changesByOthers(file.db);
      if (changes === this.#changes) return;
      const seen = fingerprint(file.db);
      this.#changes = changes;
      if (seen === this.#seen) return;
      const known = nothingKnown();
      readKnown(file.db, this.#now() - keptMs, known);
      this.#known = known;
      this.#seen = seen;
    });
  }

  #forgetOld(): void {
    this.#forgotAt = this.#now();
    for (const table of ["refused", "parameters", "conversations", "sealed"])
      this.#file?.db.prepare(`DELETE FROM ${table} WHERE at < ?`).run(this.#forgotAt - keptMs);
    // The next look reads what is left.
    this.#seen = "";
    this.#changes = undefined;
  }

  #writeAll(db: DatabaseSync): void {
    const now = this.#now();
    removeLifted(db, this.#lifts);
    putKnown(db, this.#known, now);
    for (const [blob, issuer] of this.#sealers) putSealed(db, blob, issuer, now);
  }
}
