import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../../lib/words.ts";
import { isFailure } from "../../failure.ts";
import type { Severity } from "../../foreign/codex/findings/catalogue.ts";
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

export interface OwnSession {
  session: string;
  findings: OwnFinding[];
}

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
      ({ kind }) => kind === "unreadable" || kind === "altered" || kind === "nul-block",
    );
    if (records === 0 && session.trouble !== undefined)
      found.push({
        kind: "unreadable",
        severity: "broken",
        title: session.trouble,
        command: `throughline show ${id}`,
      });
    else if (unusable.length > 0)
      found.push({
        kind: "log-damaged",
        severity: lost.length > 0 ? "loss" : "note",
        title: `${counted(unusable.length, "place")} of its log can't be used and are passed over: ${unusable[0]!.why} (bytes ${unusable[0]!.from} to ${unusable[0]!.to})`,
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
    if (await isUnnamed(store, session)) {
      found.push(
        (await hasWorked(store, id))
          ? {
              kind: "unnamed-successor",
              severity: "loss",
              title: `it goes on from ${session.parent}, whose log doesn't say so (an older copy of it was put back, say): lists leave it out`,
              command: `throughline resume ${id}`,
            }
          : {
              kind: "orphan-successor",
              severity: "note",
              title: `a rotation that was cut off has left it; no log names it, and ${session.parent} goes on without it`,
              command: `throughline repair ${id} --write`,
            },
      );
    }
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

/** Whether the session was left by a rotation that was cut off before its predecessor's log named it, and is nothing but a copy. */
export const isOrphan = async (store: SessionStore, session: ListedSession): Promise<boolean> =>
  (await isUnnamed(store, session)) && !(await hasWorked(store, session.id));

/** Whether anything was said or done in a successor since it was made. Then its predecessor's log did name it once, and is an older copy now. */
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

/** Whether the session goes on from one whose log never named it. A successor whose rotation was undone was named once. */
async function isUnnamed(store: SessionStore, { id, parent, rotated }: ListedSession): Promise<boolean> {
  if (!rotated || parent === undefined) return false;
  let isNamed = false;
  try {
    await store.read(parent, {
      record: ({ event }) => {
        if (event.type === "session-rotated" && event.successor === id) isNamed = true;
      },
    });
  } catch (error) {
    // Where the predecessor can't be read, this session may be all that is left of it.
    if (isFailure(error)) return false;
    throw error;
  }
  return !isNamed;
}

/** `<home>/sessions/<yyyy-mm>/<id>/log.torn` (architecture.md). */
function isTornKept(home: string, id: string): boolean {
  const sessions = join(home, "sessions");
  return (
    existsSync(sessions) &&
    readdirSync(sessions).some((month) => existsSync(join(sessions, month, id, "log.torn")))
  );
}
