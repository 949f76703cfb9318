import { isJsonObject } from "../../../lib/json.ts";
import { type SkimmedText, skimmedText } from "../../../lib/skimmed-text.ts";
import { isTakenId } from "../../../replay/item-id.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { Bounded } from "./bounded.ts";
import { SentAgain } from "./sent-again.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** A line with an item whose id OpenAI refuses for its form. */
export interface InvalidId extends Span {
  /** Its bytes as Latin-1 (`idText`). */
  readonly id: string;
  /** Whether 0.146 to 0.169 send it: ids without a prefix and `_`, such as UUIDs, they leave out. */
  readonly isSent: boolean;
}

const mostFound = 10_000;
const sent = /^[^_]+_./su;

/**
 * Finds items whose ids OpenAI refuses, in the history that counts: those that Codex's own reviews got (`review_rollout_user`, 0.142 to
 * 0.144) and those that relays and other providers gave (openai/codex #27928, #34283, #40039, read 2026-11).
 */
export class InvalidIds {
  readonly found = new Bounded<InvalidId>(mostFound);
  readonly #sentAgain = new SentAgain();

  /** Whether the model has answered with one of them in its request, if this version sends ids. */
  get isTaken(): boolean {
    return this.#sentAgain.isTaken;
  }

  item(record: WatchedRecord, line: RolloutLine): void {
    const { kind, payload } = record;
    if (this.found.count > 0) this.#sentAgain.see(kind, payload.role);
    this.#look(kind, record.ownId, line);
  }

  rolledBack(from: number): void {
    this.found.keep(({ index }) => index < from);
  }

  /** What a summary replaced is not sent any more; what it keeps is. */
  replaced(items: unknown, line: RolloutLine): void {
    this.found.clear();
    this.#sentAgain.forget();
    if (!Array.isArray(items)) return;
    for (const item of items)
      if (isJsonObject(item) && typeof item["type"] === "string")
        this.#look(item["type"], skimmedText(item["id"]), line);
  }

  #look(kind: string, text: SkimmedText | undefined, line: RolloutLine): void {
    if (text === undefined || text.length === 0 || isTakenId(kind, text)) return;
    const id = text.slice(0);
    this.found.add({ ...spanOf(line), id, isSent: sent.test(id) });
  }
}
