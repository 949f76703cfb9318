import { isJsonObject } from "../../../lib/json.ts";
import { type RolloutLine, spanOf } from "../rollout/bytes/lines.ts";
import { textIn } from "../rollout/payload/text-in.ts";
import { addLast } from "./bounded.ts";
import type { Hole } from "./holes-watch.ts";
import type { WatchedRecord } from "./watched-record.ts";

const most = 8;
const ownRoles = ["user", "assistant"];
const ownTexts = ["input_text", "output_text"];

/**
 * Messages in whose types or role a letter was altered, for which Codex passes them over. One counts if an event tells its words, and no
 * other message.
 */
export class MisnamedMessages {
  #seen: { readonly words: string; readonly hole: Hole }[] = [];

  see({ payload, ordinal }: WatchedRecord, line: RolloutLine): void {
    const words = textIn(payload.content);
    if (words === "") return;
    const hole: Hole = { ...spanOf(line), ...(ordinal !== undefined && { ordinal }) };
    addLast(this.#seen, { words, hole }, most);
  }

  /** Takes the line with these words out of those that were seen; `undefined` where there is none. */
  take(text: string): Hole | undefined {
    const at = this.#seen.findLastIndex(({ words }) => words === text);
    return at < 0 ? undefined : this.#seen.splice(at, 1)[0]!.hole;
  }

  forget(): void {
    this.#seen = [];
  }
}

/**
 * Whether a record looks like a message with an altered letter. Other types and roles that nobody here knows are none of it: a newer
 * version may write them, with an event that tells the same words.
 */
export function isMisnamed({
  type,
  kind,
  payload,
}: Pick<WatchedRecord, "type" | "kind" | "payload">): boolean {
  if (type !== "response_item") return isAltered(type, ["response_item"]);
  if (kind !== "message") return isAltered(kind, ["message"]);
  const { role, content } = payload;
  const hasAltered = (part: unknown): boolean => isJsonObject(part) && isAltered(part["type"], ownTexts);
  return isAltered(role, ownRoles) || (Array.isArray(content) && content.some(hasAltered));
}

/** Whether one letter is another one than in a word. */
export function isAltered(text: unknown, words: readonly string[]): boolean {
  if (typeof text !== "string") return false;
  return words.some((word) => {
    if (word.length !== text.length || word === text) return false;
    const at = [...word].findIndex((letter, nth) => letter !== text[nth]);
    return word.slice(at + 1) === text.slice(at + 1);
  });
}
