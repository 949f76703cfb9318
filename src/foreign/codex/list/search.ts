import { isSystemError } from "../../../lib/system.ts";
import { glance } from "../rollout/record/glance.ts";
import { lineageOf, linesUntil } from "../rollout/file/lineage.ts";
import type { RolloutLine } from "../rollout/bytes/lines.ts";
import type { RolloutFile } from "../home/places.ts";

/** Lines in which nobody said or did anything: system prompts, snapshots, settings, counts. */
const silent: ReadonlySet<string> = new Set([
  "session_meta",
  "world_state",
  "turn_context",
  "token_usage_record",
]);

/**
 * Whether every word is somewhere in what was said and done in a thread, whatever their case: `file` is the one that Codex goes on with,
 * `files` are those that it may continue. Stops as soon as that is known. A file that can't be read, or is gone by now, holds none: one of
 * them must not end the search of all others.
 */
export async function holdsWords(
  file: RolloutFile,
  files: readonly RolloutFile[],
  words: readonly string[],
): Promise<boolean> {
  // The words as they stand in JSON strings.
  const wanted = new Set(words.map((word) => JSON.stringify(word.toLowerCase()).slice(1, -1)));
  try {
    const { segments } = await lineageOf(file, files);
    for (const { file: each, until } of segments)
      for await (const lines of linesUntil(each.path, until)) if (holdRest(lines, wanted)) return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
  return false;
}

/** Takes out of `wanted` the words that are in these lines. Whether none is left. */
function holdRest(lines: readonly RolloutLine[], wanted: Set<string>): boolean {
  for (const { bytes } of lines) {
    if (silent.has(glance(bytes)?.type ?? "")) continue;
    const text = bytes.toString("utf8").toLowerCase();
    for (const word of wanted) if (text.includes(word)) wanted.delete(word);
    if (wanted.size === 0) return true;
  }
  return false;
}
