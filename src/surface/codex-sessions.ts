import { basename, join } from "node:path";
import { sessionIdOf } from "../foreign/codex/takeover/import-plan.ts";
import { lastMessages, type SaidMessage } from "../foreign/codex/list/last-messages.ts";
import { type ListedThread, listThreads } from "../foreign/codex/list/list.ts";
import { codexHome, listRollouts } from "../foreign/codex/home/places.ts";
import { holdsWords } from "../foreign/codex/list/search.ts";
import { repositoryOf } from "../lib/repository.ts";
import { quoted } from "../lib/words.ts";
import { isTogether, type Place } from "../session/place.ts";
import type { GoneOn } from "../session/standing.ts";
import { noUsage } from "../session/usage.ts";
import type { ListedSession } from "../store.ts";
import { Takeovers } from "./takeovers.ts";

/** A session in a list: one of Throughline's own, or with `origin` one of Codex's, which resuming takes over. */
export interface Listed extends ListedSession {
  readonly origin?: "codex";
  readonly codex?: Pick<
    ListedThread,
    "path" | "origin" | "cliVersion" | "estimated" | "parent" | "forkedFrom"
  > & { flaws: string[] };
  /** Codex has gone on with what an own one was taken over from. */
  readonly goneOn?: GoneOn;
}

export type CodexSession = Listed & Required<Pick<Listed, "origin" | "codex">>;

/** Which of Codex's sessions are listed, and who is told how far that is. */
export interface CodexQuery {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Throughline's home, where the cache of scanned rollouts lies. */
  readonly home: string;
  /** The own sessions in the list, and the ids of all others, so that a Codex session that was taken over isn't listed twice. */
  readonly own: readonly ListedSession[];
  readonly hidden: ReadonlySet<string>;
  /** Only sessions that belong here; absent: all. */
  readonly here?: Place;
  /** Puts `--home` into commands (`inHome`). */
  tell(words: string): string;
  readonly onRead?: (read: number, total: number) => void;
  /** Aborting it stops the reading; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** The sessions that were found. `troubles`: what could not be looked at, one line each. */
export interface CodexSessions {
  /** The own ones too; newest activity first. */
  readonly sessions: Listed[];
  /** How many belong to other workspaces. */
  readonly elsewhere: number;
  readonly troubles: readonly string[];
}

/** The Codex sessions of this user in the shape of listed sessions, among the own ones. */
export async function codexSessions({
  environment,
  home,
  own,
  hidden,
  here,
  tell,
  onRead,
  signal,
}: CodexQuery): Promise<CodexSessions> {
  const [theirs, cache] = [codexHome(environment), join(home, "cache")];
  const { threads, troubles } = await listThreads(theirs, {
    cache,
    ...(onRead && { onRead }),
    ...(signal && { signal }),
  });
  const places = new Map<string, Place>();
  const placeOf = (path: string): Place => {
    const known = places.get(path);
    if (known) return known;
    const repository = path === "" ? undefined : repositoryOf(path);
    const place = { path, ...(repository && { gitRoot: repository.root, gitCommon: repository.common }) };
    places.set(path, place);
    return place;
  };
  const taken = new Takeovers(own, { home: theirs, cache });
  const sessions = new Map<string, Listed>(own.map((session) => [session.id, session]));
  const isEmpty = own.length + hidden.size === 0;
  let elsewhere = 0;
  for (const thread of threads) {
    const id = isEmpty ? thread.id : sessionIdOf(thread.id, thread.created);
    const before = sessions.get(id);
    if (before) {
      const goneOn = taken.goneOn(before, thread);
      if (goneOn) {
        const updated = Math.max(before.updated, Math.floor(thread.updated));
        sessions.set(id, { ...before, updated, goneOn: { ...goneOn, next: tell(goneOn.next) } });
      }
      continue;
    }
    if (hidden.has(id)) continue;
    // Repositories are looked for only where a place decides what is listed.
    const place = here ? placeOf(thread.cwd ?? "") : { path: thread.cwd ?? "" };
    if (here && !isTogether(place, here)) elsewhere++;
    else sessions.set(thread.id, sessionOf(thread, place));
  }
  return { sessions: [...sessions.values()].sort((a, b) => b.updated - a.updated), elsewhere, troubles };
}

/** Ids of the sessions that have every word in their name, title, messages or calls. */
export async function searchCodex(
  text: string,
  sessions: readonly CodexSession[],
  environment: CodexQuery["environment"],
): Promise<Set<string>> {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const files = sessions.length > 0 ? listRollouts(codexHome(environment)) : [];
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = new Set<string>();
  for (const { id, name = "", codex } of sessions) {
    const left = words.filter((word) => !name.toLowerCase().includes(word.toLowerCase()));
    const file = byPath.get(codex.path);
    if (left.length === 0 || (file && (await holdsWords(file, files, left)))) found.add(id);
  }
  return found;
}

/** The last `most` messages of a Codex session, oldest first. */
export function lastOfCodex({ codex }: CodexSession, most: number): Promise<SaidMessage[]> {
  return lastMessages(codex.path, most);
}

export function isCodexSession(session: Listed): session is CodexSession {
  return session.origin !== undefined;
}

function sessionOf(thread: ListedThread, place: Place): CodexSession {
  const { id, name, title, model = "", effort, created, updated, messages, bytes, archived, flaws } = thread;
  const { path, origin, cliVersion, estimated, parent, forkedFrom, branch, commit } = thread;
  const serious = flaws.filter((flaw) => flaw !== "open-turn");
  const isOpen = flaws.includes("open-turn");
  return {
    id,
    ...(name !== undefined && { name }),
    ...(title !== undefined && { title }),
    workspace: {
      ...place,
      ...(branch !== undefined && { gitBranch: branch }),
      ...(commit !== undefined && { gitCommit: commit }),
    },
    settings: {
      provider: thread.provider ?? "openai",
      model,
      ...(effort !== undefined && { effort }),
      instructionsHash: "",
      approval: "ask",
    },
    created,
    // Where it comes from the file's time of change, it has fractions of a millisecond.
    updated: Math.floor(updated),
    ...standing(isOpen, thread.failure),
    turns: 0,
    steps: 0,
    messages,
    repairs: 0,
    usage: noUsage,
    ...(archived && { archived }),
    bytes,
    ...(serious.length > 0 && {
      trouble: `${serious.map((flaw) => words[flaw]).join(", ")}; throughline doctor ${basename(path).includes(id) ? id : quoted(path)}`,
    }),
    origin: "codex",
    codex: {
      path,
      origin,
      ...(cliVersion !== undefined && { cliVersion }),
      ...(estimated && { estimated }),
      ...(parent !== undefined && { parent }),
      ...(forkedFrom !== undefined && { forkedFrom }),
      flaws: [...flaws],
    },
  };
}

/** How the last turn stands, as the session says that it becomes. */
function standing(
  isOpen: boolean,
  failure: ListedThread["failure"],
): Pick<ListedSession, "status" | "reason" | "until"> {
  if (isOpen) return { status: "interrupted", reason: "the turn was not ended" };
  if (!failure) return { status: "idle" };
  const { kind, class: reason, until } = failure;
  return { status: kind, reason, ...(until !== undefined && { until }) };
}

const words: Readonly<Record<ListedThread["flaws"][number], string>> = {
  empty: "empty",
  "git-lfs": "a git-lfs pointer in its place",
  "no-header": "no header on its first line",
  "other-layout": "written anew by another program",
  bom: "a byte order mark before its header",
  "nul-tail": "NUL bytes at its end",
  "torn-tail": "its last line is torn",
  "no-ordinal": "its last record has no ordinal",
  "open-turn": "its last turn was not ended",
  unreadable: "it can't be read",
  "two-files": "two files of one id",
  "base-missing": "what it continues is missing",
};
