import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isSystemError } from "../../lib/system.ts";
import { allRepairs, isUnfinished, unbegunRepairs } from "../../foreign/codex/repair/journal.ts";
import { isFailure } from "../../failure.ts";
import { removeWhole } from "../../lib/remove.ts";
import { systemWords } from "../../lib/words.ts";
import type { Imported } from "../../session/imported.ts";
import type { SessionStore } from "../../store.ts";
import { folding } from "../../turn/journal.ts";

/** What holds the words of a session that was taken over from Codex, beside the session itself. */
export interface Copy {
  /** The session. */
  of: string;
  path: string;
  /** "backup": what a repair of its rollout kept, under the home. "rollout": Codex's own file, which is never touched. */
  kind: "backup" | "rollout";
  /** A repair that was cut off needs it. */
  isNeeded?: true;
}

/** The copies of these sessions that there are. A log that can't be read names none. */
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
      const needed = isUnfinished(repair) ? { isNeeded: true as const } : {};
      found.push({ of, path: repair.folder.path, kind: "backup", ...needed });
    }
    for (const { folder, thread } of unbegun)
      if (thread === source.id || thread === source.rollout)
        found.push({ of, path: folder.path, kind: "backup" });
    if (existsSync(source.path)) found.push({ of, path: source.path, kind: "rollout" });
  }
  return found;
}

/** Removes the backups among them. Returns what could not be removed, one line each. */
export function removeBackups(copies: readonly Copy[]): string[] {
  return copies.filter(isRemoved).flatMap(({ path }) => removed(path));
}

/**
 * Removes what lists remember of Codex's sessions, with their first prompts; they read it again. Whatever is deleted or scrubbed, a session
 * that was taken over or written down for Codex has left some of its words there, also when Codex's own file is gone since.
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

/** Whether a removal that takes relatives along takes this one. */
export const isRemoved = ({ kind, isNeeded }: Copy): boolean => kind === "backup" && !isNeeded;

/** Why a copy stays. */
export function copyWords({ of, kind, isNeeded }: Copy): string {
  if (kind === "rollout") return `Codex's own session, from which ${of} was taken over; Codex deletes it`;
  if (isNeeded)
    return `a repair of the rollout of session ${of} that was cut off needs it: throughline doctor`;
  return `the backup of a repair of the rollout of session ${of}; take it along with --with-relatives`;
}

async function sourceOf(store: SessionStore, id: string): Promise<Imported | undefined> {
  try {
    const fold = folding();
    await store.read(id, fold.visitor, { from: "window" });
    return fold.history().imported;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}
