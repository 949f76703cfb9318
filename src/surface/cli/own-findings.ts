import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../../lib/words.ts";
import { isFailure } from "../../failure.ts";
import { uuidv7Time } from "../../lib/ids.ts";
import type { Severity } from "../../foreign/codex/findings/finding-entry.ts";
import type { Damage, ListedSession, SessionStore } from "../../store.ts";

/** Something wrong with one of Throughline's own sessions. The rest of the session is kept and used. */
export interface OwnFinding {
  kind:
    | "unreadable"
    | "log-damaged"
    | "torn-tail-kept"
    | "orphan-successor"
    | "unnamed-successor"
    | "follow-up-unreadable"
    | "dead-letter"
    | "in-use";
  severity: Severity;
  title: string;
  /** The next command to try, where there is one. */
  command?: string;
}

/** One of Throughline's own sessions, by its id, with what is wrong with it. */
export interface OwnSession {
  session: string;
  findings: OwnFinding[];
}

/** Which own sessions are examined, and who is told how far that is. */
export interface OwnLook {
  /** The sessions to examine; absent: all. */
  ids?: ReadonlySet<string>;
  onSession(read: number, total: number): void;
  signal: AbortSignal;
}

/** Examines sessions of the store by reading their logs whole. Changes nothing. */
export async function ownFindings(
  store: SessionStore,
  home: string,
  { ids, onSession, signal }: OwnLook,
): Promise<OwnSession[]> {
  const sessions = (await store.everything()).filter(({ id }) => ids === undefined || ids.has(id));
  const found: OwnSession[] = [];
  for (const [nth, session] of sessions.entries()) {
    signal.throwIfAborted();
    onSession(nth, sessions.length);
    const findings = await findingsOf(store, home, session);
    if (findings.length > 0) found.push({ session: session.id, findings });
  }
  return found;
}

async function findingsOf(store: SessionStore, home: string, session: ListedSession): Promise<OwnFinding[]> {
  const { id, holder } = session;
  const found: OwnFinding[] = [];
  try {
    let records = 0;
    const { damage } = await store.read(id, { record: () => void records++ });
    const isMissing = ({ kind }: Damage): boolean => kind === "missing";
    const [missing, unusable] = [damage.filter(isMissing), damage.filter((each) => !isMissing(each))];
    const lost = unusable.filter(
      ({ kind }) => kind === "unreadable" || kind === "altered" || kind === "nul-block" || kind === "parted",
    );
    const told = lost[0] ?? unusable[0];
    // The list may not know yet of a log that has kept its length.
    const trouble = records === 0 ? (session.trouble ?? told?.why) : undefined;
    if (trouble !== undefined)
      found.push({
        kind: "unreadable",
        severity: "broken",
        title: trouble,
        command: `throughline show ${id}`,
      });
    else if (told)
      found.push({
        kind: "log-damaged",
        severity: lost.length > 0 ? "loss" : "note",
        title: `${counted(unusable.length, "place")} of its log can't be used and are passed over: ${told.why} (bytes ${told.from} to ${told.to})`,
        command: `throughline show ${id}`,
      });
    const more = missing.length > 1 ? `, and in ${counted(missing.length - 1, "more place")}` : "";
    if (missing.length > 0)
      found.push({
        kind: "log-damaged",
        severity: "loss",
        title: `${missing[0]!.why} (by an editor, a merge or a tool that syncs, say)${more}; what is left is used. A copy of the session that has them can take its place`,
        command: `throughline show ${id}`,
      });
    const [unreadable, dead] = [await store.unreadable(id), await store.buried(id)];
    found.push(...followUpFindings(id, unreadable.length, dead.length));
    const unnamed = await unnamedSuccessor(store, session);
    if (unnamed) found.push(unnamedFinding(unnamed, session));
  } catch (error) {
    if (!isFailure(error)) throw error;
    if (error.class === "session-missing") return [];
    found.push({ kind: "unreadable", severity: "broken", title: error.message });
  }
  if (isTornKept(home, id))
    found.push({
      kind: "torn-tail-kept",
      severity: "note",
      title: "a torn last line was set aside into log.torn; nothing that was acknowledged is in it",
    });
  if (holder)
    found.push({
      kind: "in-use",
      severity: "note",
      title: `pid ${holder.pid} on ${holder.host} works in it: ${holder.doing}`,
    });
  return found;
}

function followUpFindings(id: string, unreadable: number, dead: number): OwnFinding[] {
  const found: OwnFinding[] = [];
  const command = `throughline queue list ${id}`;
  if (unreadable > 0)
    found.push({
      kind: "follow-up-unreadable",
      severity: "loss",
      title: `${counted(unreadable, "follow-up")} can't be read and will not be delivered; the files are kept`,
      command,
    });
  if (dead > 0)
    found.push({
      kind: "dead-letter",
      severity: "note",
      title: `${counted(dead, "follow-up")} could not be delivered`,
      command,
    });
  return found;
}

/** What a successor is that its predecessor's log doesn't name. */
export type Unnamed =
  /** A rotation that was cut off has left it: it is nothing but a copy. */
  | "orphan"
  /** It was worked in, and its predecessor has not been since it was made: that one's log is an older copy now, which named it once. */
  | "forgotten"
  /** Both were worked in. */
  | "parted";

/** What the session is that goes on from one whose log doesn't name it; `undefined` where it is none such. */
export async function unnamedSuccessor(
  store: SessionStore,
  { id, parent, rotated }: ListedSession,
): Promise<Unnamed | undefined> {
  if (!rotated || parent === undefined) return undefined;
  const made = uuidv7Time(id) ?? 0;
  let isNamed = false;
  let isWorkedIn = false;
  try {
    await store.read(parent, {
      record: ({ event }) => {
        // A successor whose rotation was undone was named once.
        if (event.type === "session-rotated" && event.successor === id) isNamed = true;
        else if (event.type === "session-rotated" || (event.type === "item-added" && event.at > made))
          isWorkedIn = true;
      },
    });
  } catch (error) {
    // Where the predecessor can't be read, this session may be all that is left of it.
    if (isFailure(error)) return undefined;
    throw error;
  }
  if (isNamed) return undefined;
  if (!(await hasWorked(store, id))) return "orphan";
  return isWorkedIn ? "parted" : "forgotten";
}

function unnamedFinding(unnamed: Unnamed, { id, parent }: ListedSession): OwnFinding {
  const older = `it goes on from ${parent}, whose log doesn't say so (an older copy of it was put back, say)`;
  switch (unnamed) {
    case "orphan":
      return {
        kind: "orphan-successor",
        severity: "note",
        title: `a rotation that was cut off has left it; no log names it, and ${parent} goes on without it`,
        command: `throughline repair ${id} --write`,
      };
    case "forgotten":
      return {
        kind: "unnamed-successor",
        severity: "loss",
        title: `${older}: lists leave it out, until that log says it again`,
        command: `throughline repair ${id} --write`,
      };
    case "parted":
      return {
        kind: "unnamed-successor",
        severity: "loss",
        title: `${older}, and both were worked in since: lists leave this one out, and would show a fork of it`,
        command: `throughline fork ${id}`,
      };
  }
}

/** Whether anything was said or done in a successor since it was made. Then its predecessor's log did name it once. */
async function hasWorked(store: SessionStore, id: string): Promise<boolean> {
  let isCarried = false;
  let worked = false;
  const { damage } = await store.read(id, {
    record: ({ event }) => {
      if (event.type === "history-carried") isCarried = true;
      else if (isCarried && event.type === "item-added") worked = true;
    },
  });
  return worked || damage.length > 0;
}

/** `<home>/sessions/<yyyy-mm>/<id>/log.torn` (architecture.md). */
function isTornKept(home: string, id: string): boolean {
  const sessions = join(home, "sessions");
  return (
    existsSync(sessions) &&
    readdirSync(sessions).some((month) => existsSync(join(sessions, month, id, "log.torn")))
  );
}
