import { isJsonObject } from "../../../lib/json.ts";
import type { RolloutLine } from "../rollout/lines.ts";
import { spanOf } from "../rollout/span.ts";
import { textIn } from "../rollout/text-in.ts";
import type { Hole } from "./hole.ts";

const most = 8;
const ownTexts: ReadonlySet<unknown> = new Set(["input_text", "output_text"]);

/**
 * Lines with words that are no messages by their types, as far as anybody here knows. One whose words an event tells, and no message, is a
 * message in whose types or role letters were altered; others may be a newer version's.
 */
export class MisnamedMessages {
  #seen: { readonly words: string; readonly hole: Hole }[] = [];

  see(content: unknown, line: RolloutLine, ordinal: number | undefined): void {
    const words = textIn(content);
    if (words === "") return;
    this.#seen.push({ words, hole: { ...spanOf(line), ...(ordinal !== undefined && { ordinal }) } });
    if (this.#seen.length > most) this.#seen.shift();
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

/** Whether the words of a message's parts are in parts of kinds that Codex writes. */
export function isWellNamed(content: unknown): boolean {
  return (
    !Array.isArray(content) ||
    content.every((part) => !isJsonObject(part) || ownTexts.has(part["type"]) || part["text"] === undefined)
  );
}
