import { isJsonObject } from "../../../lib/json.ts";
import type { RolloutLine } from "../rollout/lines.ts";
import { type Span, spanOf } from "../rollout/span.ts";
import { Bounded } from "./bounded.ts";
import type { WatchedRecord } from "./watched-record.ts";

const mostFound = 10_000;
const ownTexts: ReadonlySet<string> = new Set(["input_text", "output_text"]);
/** What other APIs call parts. */
const foreignKinds: ReadonlySet<string> = new Set(["text", "refusal"]);

/**
 * Finds messages that Codex passes over as it does lines that are no records, because a member has a form in which it never writes it
 * (0.130, 0.146, 0.169). Parts of unknown kinds are none of it: a newer version may write them.
 */
export class UnreadMessages {
  readonly found = new Bounded<Span>(mostFound);

  see({ id, role, content }: WatchedRecord["payload"], line: RolloutLine): void {
    const isRead =
      typeof role === "string" &&
      (typeof id === "string" || (id ?? null) === null) &&
      Array.isArray(content) &&
      content.every(isReadPart);
    if (!isRead) this.found.add(spanOf(line));
  }

  rolledBack(from: number): void {
    this.found.keep(this.found.items.filter(({ index }) => index < from));
  }

  /** What a summary replaced is not sent any more. */
  forget(): void {
    this.found.keep([]);
  }
}

function isReadPart(part: unknown): boolean {
  if (!isJsonObject(part) || typeof part["type"] !== "string") return false;
  const { type, text } = part;
  return ownTexts.has(type) ? typeof text === "string" : !foreignKinds.has(type);
}
