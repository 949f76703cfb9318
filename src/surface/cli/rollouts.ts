import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "../../failure.ts";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import { printableLine } from "../../lib/printable.ts";
import { listRollouts, readRolloutName } from "../../foreign/codex/places.ts";

/** The rollouts that words on the command line mean: files, folders with rollouts in them (a Codex home too), ids, names. */
export function rolloutsAt(words: readonly string[], folder: string, codexHome: string): string[] {
  return [...new Set(words.flatMap((word) => rolloutsOf(word, folder, codexHome)))];
}

function rolloutsOf(word: string, folder: string, codexHome: string): string[] {
  const path = resolve(folder, word);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return rolloutsIn(path);
  if (stat) return [realpathSync(path)];
  return [findRollout(word, codexHome)];
}

/** Every rollout in a folder and below, whatever it is arranged like. */
function rolloutsIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const found = entries.flatMap((entry) =>
    !entry.isDirectory() && readRolloutName(entry.name) ? [join(entry.parentPath, entry.name)] : [],
  );
  const there = new Set(found);
  return found
    .filter((path) => !path.endsWith(".zst") || !there.has(path.slice(0, -".zst".length)))
    .map((path) => (existsSync(path) ? realpathSync(path) : path))
    .sort();
}

/** The rollout of the thread with this id, unique beginning of one, or name. Throws `session-missing` or `session-ambiguous`. */
export function findRollout(reference: string, codexHome: string): string {
  const all = listRollouts(codexHome);
  const wanted = reference.toLowerCase();
  const byId = wanted.length < 4 ? [] : all.filter(({ thread }) => thread.startsWith(wanted));
  const named =
    byId.length > 0 ? byId : all.filter(({ thread }) => nameOf(codexHome).get(thread) === reference);
  const threads = [...new Set(named.map(({ thread }) => thread))];
  if (threads.length > 1) {
    throw new Failure(
      "session-ambiguous",
      `"${printableLine(reference)}" matches ${threads.length} Codex sessions: ${threads.slice(0, 5).join(", ")}. Give more of the id.`,
      { reference, matches: threads },
    );
  }
  // Of a reverted thread the newest segment is the one that is resumed.
  const newest = named.sort((a, b) => (a.made < b.made ? -1 : 1)).at(-1);
  if (newest) return realpathSync(newest.path);
  throw new Failure(
    "session-missing",
    `Nothing is called "${printableLine(reference)}": no file, and none of ${all.length} sessions under ${codexHome}. See what there is: throughline doctor`,
    { reference, nearest: [] },
  );
}

/** Names that people gave, by thread; the last row of a thread counts. */
function nameOf(codexHome: string): Map<string, string> {
  const names = new Map<string, string>();
  const index = join(codexHome, "session_index.jsonl");
  if (!existsSync(index)) return names;
  for (const line of readFileSync(index, "utf8").split("\n")) {
    const row = parseJson(line);
    if (isJsonObject(row) && typeof row["id"] === "string" && typeof row["thread_name"] === "string")
      names.set(row["id"].toLowerCase(), row["thread_name"]);
  }
  return names;
}
