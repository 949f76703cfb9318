import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import type { ConversationMark } from "./heal-memory.ts";

interface Refused {
  at: number;
  times: number;
  refusal: string;
}

/** What a ledger holds in memory, each by its issuer: refused blobs, parameters by model, marks by conversation. */
export interface Known {
  readonly refused: Map<string, Map<string, Refused>>;
  readonly parameters: Map<string, Map<string, Set<string>>>;
  readonly marks: Map<string, Map<string, ConversationMark>>;
}

export const nothingKnown = (): Known => ({ refused: new Map(), parameters: new Map(), marks: new Map() });

/**
 * Adds what was written since `since` (milliseconds since 1970). When it throws, for a damaged file, what comes before the damage has been
 * added.
 */
export function readKnown(db: DatabaseSync, since: number, { refused, parameters, marks }: Known): void {
  for (const { issuer, blob, at, times, refusal } of rows(db, "refused", since))
    inner(refused, text(issuer)).set(text(blob), {
      at: Number(at),
      times: Number(times),
      refusal: text(refusal),
    });
  for (const { issuer, model, parameter } of rows(db, "parameters", since)) {
    const ofIssuer = inner(parameters, text(issuer));
    ofIssuer.set(text(model), (ofIssuer.get(text(model)) ?? new Set()).add(text(parameter)));
  }
  for (const { issuer, conversation, mark } of rows(db, "conversations", since)) {
    const value = parseJson(text(mark));
    if (isMark(value)) inner(marks, text(issuer)).set(text(conversation), value);
  }
}

/** Writes all of it over what is there. */
export function putKnown(db: DatabaseSync, { refused, parameters, marks }: Known, now: number): void {
  for (const [issuer, blobs] of refused)
    for (const [blob, entry] of blobs) putRefused(db, issuer, blob, entry);
  for (const [issuer, models] of parameters)
    for (const [model, names] of models)
      for (const parameter of names)
        putParameter(db, { issuer, model, parameter, refusal: "parameter-unsupported", at: now });
  for (const [issuer, conversations] of marks)
    for (const [conversation, mark] of conversations)
      putMark(db, { issuer, conversation, mark, refusal: "kept", at: now });
}

/** The inner map of this key, which is made when there is none. */
export function inner<V>(outer: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let found = outer.get(key);
  if (!found) outer.set(key, (found = new Map()));
  return found;
}

/** Writes a refusal. Where the file knows of more of them than who couldn't read it, its number stays. */
export function putRefused(
  db: DatabaseSync,
  issuer: string,
  blob: string,
  { at, times, refusal }: Refused,
): void {
  const sql = `INSERT INTO refused (issuer, blob, at, times, refusal) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (issuer, blob) DO UPDATE SET refusal = excluded.refusal, times = max(times, excluded.times),
      at = CASE WHEN excluded.times > times THEN excluded.at ELSE max(at, excluded.at) END`;
  db.prepare(sql).run(issuer, blob, at, times, refusal);
}

/** A blob that was accepted again at a time, in milliseconds since 1970. */
export interface Lift {
  readonly issuer: string;
  readonly blob: string;
  readonly at: number;
}

/** Removes the entries of blobs that were accepted again, but for those that a gateway has refused once more since. */
export function removeLifted(db: DatabaseSync, lifts: readonly Lift[]): void {
  const statement = db.prepare("DELETE FROM refused WHERE issuer = ? AND blob = ? AND at <= ?");
  for (const { issuer, blob, at } of lifts) statement.run(issuer, blob, at);
}

/** A parameter that an issuer refuses for a model. `refusal`: its class and code, in words; `at` in milliseconds since 1970. */
export interface RefusedParameter {
  readonly issuer: string;
  readonly model: string;
  readonly parameter: string;
  readonly refusal: string;
  readonly at: number;
}

export function putParameter(
  db: DatabaseSync,
  { issuer, model, parameter, refusal, at }: RefusedParameter,
): void {
  db.prepare(
    "INSERT OR REPLACE INTO parameters (issuer, model, parameter, at, refusal) VALUES (?, ?, ?, ?, ?)",
  ).run(issuer, model, parameter, at, refusal);
}

/** A conversation's mark, with what the refusal was after which it was made (`RefusedParameter`); `at` in milliseconds since 1970. */
export interface MarkedConversation {
  readonly issuer: string;
  readonly conversation: string;
  readonly mark: ConversationMark;
  readonly refusal: string;
  readonly at: number;
}

export function putMark(
  db: DatabaseSync,
  { issuer, conversation, mark, refusal, at }: MarkedConversation,
): void {
  db.prepare(
    "INSERT OR REPLACE INTO conversations (issuer, conversation, mark, at, refusal) VALUES (?, ?, ?, ?, ?)",
  ).run(issuer, conversation, JSON.stringify(mark), at, refusal);
}

export function putSealed(db: DatabaseSync, blob: string, issuer: string, at: number): void {
  db.prepare("INSERT OR REPLACE INTO sealed (blob, issuer, at) VALUES (?, ?, ?)").run(blob, issuer, at);
}

/** A number that is another one when somebody else has written to the file since; it means nothing for another connection. */
export const changesByOthers = (db: DatabaseSync): number =>
  Number(db.prepare("PRAGMA data_version").get()?.["data_version"]);

/**
 * A text that is another one when what is held in memory has changed in the file. Who sealed what isn't held there: it comes with every
 * answer, and is looked up in the file.
 */
export function fingerprint(db: DatabaseSync): string {
  const found = db
    .prepare(
      `SELECT (SELECT count(*) || ' ' || max(at) || ' ' || sum(times) FROM refused) AS refused,
        (SELECT count(*) || ' ' || max(at) FROM parameters) AS parameters,
        (SELECT count(*) || ' ' || max(at) FROM conversations) AS conversations`,
    )
    .get();
  return JSON.stringify(found);
}

const rows = (db: DatabaseSync, table: string, since: number): Iterable<Record<string, SQLOutputValue>> =>
  db.prepare(`SELECT * FROM ${table} WHERE at >= ?`).iterate(since);

export const text = (value: SQLOutputValue | undefined): string => (typeof value === "string" ? value : "");

function isMark(value: unknown): value is ConversationMark {
  return isJsonObject(value) && Array.isArray(value["quarantines"]) && typeof value["index"] === "number";
}
