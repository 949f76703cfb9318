import { existsSync, statSync } from "node:fs";
import { bytesAt } from "../lib/file-bytes.ts";
import { isUuid } from "../lib/ids.ts";
import { objectOf, parseJson } from "../lib/json.ts";
import { printableLine } from "../lib/printable.ts";
import { quoted } from "../lib/words.ts";

/** Whether something that was given is the path of a file. */
export const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** How long a first line may be that only names the session. */
const longestFirst = 4096;

/** What a file is that was given in place of a session of ours or Codex's, and what to do; `undefined` where none has that path. */
export function givenFileWords(path: string): string | undefined {
  if (!isFile(path)) return undefined;
  return (
    printedWords(path) ??
    `${printableLine(path)} is no rollout of Codex's. Where a session was exported into it for another machine: throughline import ${quoted(path)}`
  );
}

/** Of which session `exec --json` printed a file, Codex's as well as the own: what it prints first names it. */
export function printedWords(path: string): string | undefined {
  if (!isFile(path)) return undefined;
  const [first = ""] = bytesAt(path, 0, longestFirst).toString("utf8").split("\n", 1);
  const { type, thread_id: thread } = objectOf(parseJson(first));
  if (type !== "thread.started" || typeof thread !== "string" || !isUuid(thread)) return undefined;
  return `${printableLine(path)} is what \`exec --json\` printed of the session ${thread}, and not the session. Where the session is, go on with it: throughline resume ${thread} "…"`;
}
