import { join } from "node:path";
import { ifPossible } from "../../../lib/system.ts";
import { isJsonObject, parseJson } from "../../../lib/json.ts";
import { readText } from "../../../lib/open-file.ts";

/**
 * The names that people gave their threads, by thread id: `session_index.jsonl`, to which each naming appends a row, so that the last row
 * of an id counts (0.98 to 0.169). Rows without a rollout and rollouts without a row are both usual. Lines that can't be read, and names
 * of nothing but spaces, are passed over, as in Codex.
 */
export function threadNames(home: string): Map<string, string> {
  const names = new Map<string, string>();
  const index = ifPossible(() => readText(join(home, "session_index.jsonl")));
  for (const line of index?.split("\n") ?? []) {
    const row = parseJson(line);
    if (!isJsonObject(row)) continue;
    const { id, thread_name: name } = row;
    if (typeof id !== "string" || typeof name !== "string" || name.trim() === "") continue;
    names.set(id.toLowerCase(), name.trim());
  }
  return names;
}
