import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { uuidv7Time } from "../../../lib/ids.ts";
import { hasCode, isSystemError, systemWords } from "../../../lib/system.ts";
import { headerOf } from "../rollout/file/file-header.ts";
import { currentOf, lineageOf } from "../rollout/file/lineage.ts";
import { oldDocument, writingOf } from "../rollout/file/layout.ts";
import type { Thread } from "./import-plan.ts";
import { CodexDatabases } from "../home/databases.ts";
import { threadNames } from "../home/names.ts";
import { homeOf, listRollouts, readRolloutName, type RolloutFile } from "../home/places.ts";

/** The shortest beginning of an id that is looked for. */
const shortest = 4;

/**
 * The threads of a home that a person may mean: by id or its beginning, or by the name that they gave it. Each with the file that Codex
 * would go on with. What can't be looked at is told to `onUnreadable`, as by `listRollouts`: what is meant may lie there.
 */
export async function findThreads(
  home: string,
  reference: string,
  onUnreadable?: (path: string, why: string) => void,
): Promise<Thread[]> {
  const wanted = reference.toLowerCase();
  const files = listRollouts(home, onUnreadable);
  const databases = new CodexDatabases(home);
  const [names, known] = [threadNames(home), databases.known()];
  const nameOf = (thread: string): string | undefined => names.get(thread) ?? known.get(thread)?.name;
  const meant = files.filter(
    ({ thread }) => (wanted.length >= shortest && thread.startsWith(wanted)) || nameOf(thread) === reference,
  );
  const threads = Map.groupBy(meant, ({ thread }) => thread);
  const hints = databases.known(threads.keys());
  const found: Thread[] = [];
  for (const [id, own] of threads)
    found.push(await threadOf(currentOf(own, hints.get(id)?.path), files, nameOf(id)));
  return found;
}

/**
 * Whether a rollout of the thread lies where Codex puts it: in the folder of the day on which its id was made, or with the archived ones.
 * A folder that can't be looked at is told to `onUnreadable`, and holds none.
 */
export function hasRollout(
  home: string,
  thread: string,
  onUnreadable: (path: string, why: string) => void,
): boolean {
  const made = uuidv7Time(thread);
  if (made === undefined) return false;
  const day = 86_400_000;
  const folders = [-day, 0, day].map((by) =>
    join(home, "sessions", ...new Date(made + by).toISOString().slice(0, 10).split("-")),
  );
  return [...folders, join(home, "archived_sessions")].some((folder) => {
    try {
      return readdirSync(folder).some((name) => name.includes(thread));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (!hasCode(error, "ENOENT", "ENOTDIR")) onUnreadable(folder, systemWords(error));
      return false;
    }
  });
}

/**
 * The thread of a rollout file, wherever it lies; `undefined` where the path is no file. Where the file's name tells nothing, a name is
 * made of the header's id, in lower case: sessions were made from it so.
 */
export async function threadAt(path: string): Promise<Thread | undefined> {
  const whole = resolve(path);
  const stat = statSync(whole, { throwIfNoEntry: false });
  if (!stat?.isFile()) return undefined;
  const header = await headerOf(whole);
  const named = readRolloutName(whole);
  const thread = named?.thread ?? header?.id.toLowerCase();
  if (thread === undefined) return undefined;
  const file: RolloutFile = {
    thread,
    rollout: named?.rollout ?? thread,
    made: named?.made ?? "",
    form: named?.form ?? "jsonl",
    path: whole,
    bytes: stat.size,
    mtime: stat.mtimeMs,
    archived: false,
  };
  const home = homeOf(whole);
  const others = header?.historyBase && home !== undefined ? listRollouts(home) : [];
  return threadOf(file, others, home === undefined ? undefined : threadNames(home).get(thread));
}

async function threadOf(
  file: RolloutFile,
  files: readonly RolloutFile[],
  name: string | undefined,
): Promise<Thread> {
  const lineage = await lineageOf(file, files);
  const header = await headerOf(file.path);
  // The form decides how the file is read, whatever its name says.
  const form = writingOf(file.path)?.layout === oldDocument ? "json" : file.form;
  return { file: { ...file, form }, lineage, header, ...(name !== undefined && { name }) };
}
