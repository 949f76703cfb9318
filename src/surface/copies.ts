import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isSystemError, systemWords } from "../lib/system.ts";
import { allRepairs, isStillNeeded, RepairFolder, unbegunRepairs } from "../foreign/codex/repair/journal.ts";
import { isFailure } from "../failure.ts";
import { removeWhole } from "../lib/remove.ts";
import { quoted } from "../lib/words.ts";
import type { Imported } from "../session/imported.ts";
import type { SessionStore } from "../store.ts";
import { historyOf } from "../store/fold.ts";

/** A file that holds what was said in a session that was taken over from Codex, besides the session itself. */
export interface Copy {
  /** The session's id. */
  of: string;
  path: string;
  /** "backup": what a repair of its rollout kept, under the home. "rollout": Codex's own file, which is never touched. */
  kind: "backup" | "rollout";
  /** A repair that is under way, or was cut off, needs it. */
  isNeeded?: true;
}

/** The existing copies of these sessions. A session whose log can't be read has none that are known. */
export async function copiesOf(
  store: SessionStore,
  home: string,
  sessions: readonly string[],
): Promise<Copy[]> {
  const [repairs, unbegun] = [allRepairs(home), unbegunRepairs(home)];
  const found: Copy[] = [];
  for (const of of sessions) {
    const source = await sourceOf(store, of);
    if (!source) continue;
    for (const repair of repairs) {
      const { path, thread } = repair.journal;
      if (path !== source.path && thread !== source.id && thread !== source.rollout) continue;
      found.push(backup(of, repair.folder));
    }
    for (const { folder, thread } of unbegun)
      if (thread === source.id || thread === source.rollout) found.push(backup(of, folder));
    if (existsSync(source.path)) found.push({ of, path: source.path, kind: "rollout" });
  }
  return found;
}

function backup(of: string, folder: RepairFolder): Copy {
  return {
    of,
    path: folder.path,
    kind: "backup",
    ...(isStillNeeded(folder, Date.now()) && { isNeeded: true }),
  };
}

/** Removes the backups among the copies. Returns what could not be removed, one line each. */
export function removeBackups(copies: readonly Copy[]): string[] {
  return copies.filter(isRemoved).flatMap(({ path }) => {
    // Asked anew: the copies may have been looked for before a person was asked whether they may go.
    if (!existsSync(path) || !isStillNeeded(new RepairFolder(path), Date.now())) return removed(path);
    const next = `rm -r ${quoted(path)}`;
    return [
      `${path} isn't removed: a repair that was begun meanwhile needs it. Once that is done, remove it with: ${next}`,
    ];
  });
}

/**
 * Removes the caches of lists of Codex's sessions, which hold first prompts; the next list reads the rollouts anew. Done whenever sessions
 * are deleted or scrubbed: one that was taken over from Codex, or exported to it, may have words in those caches, even if Codex's own file is
 * gone. Returns what could not be removed, one line each.
 */
export function forgetLists(home: string): string[] {
  const cache = join(home, "cache");
  if (!existsSync(cache)) return [];
  return readdirSync(cache).flatMap((name) => (name.startsWith("codex-") ? removed(join(cache, name)) : []));
}

function removed(path: string): string[] {
  try {
    removeWhole(path);
    return [];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [`${path} can't be removed: ${systemWords(error)}`];
  }
}

/** Whether deleting with `--with-relatives` deletes this copy. */
export const isRemoved = ({ kind, isNeeded }: Copy): boolean => kind === "backup" && !isNeeded;

/** Words for why a copy is not deleted. */
export function copyWords({ of, kind, isNeeded }: Copy): string {
  if (kind === "rollout") return `Codex's own session, from which ${of} was taken over; Codex deletes it`;
  if (isNeeded)
    return `a repair of the rollout of session ${of} that is under way, or was cut off, needs it: throughline doctor`;
  return `the backup of a repair of the rollout of session ${of}; take it along with --with-relatives`;
}

async function sourceOf(store: SessionStore, id: string): Promise<Imported | undefined> {
  try {
    return (await historyOf(store, id)).imported;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}
