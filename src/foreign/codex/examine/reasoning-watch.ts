import { isCallKind, isOutputKind } from "../../../session/item.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { Bounded } from "./bounded.ts";
import { UnreasonedItems } from "./unreasoned-items.ts";
import { UnsealedReasoning } from "./unsealed-reasoning.ts";
import { itemOf, type WatchedRecord } from "./watched-record.ts";

/** Reasoning that would be sent without the item it led to. */
export interface LoneReasoning extends Span {
  /** Whether a record is missing right after it: then it is damage, and not a turn that was cut off. */
  isDamage: boolean;
}

const mostFound = 10_000;

/** Finds reasoning that a provider may refuse: on its own, in plain text or without a seal; and items whose reasoning may be gone. */
export class ReasoningWatch {
  /** Reasoning with words in plain text, with or without a seal beside them. */
  readonly plain = new Bounded<Span>(mostFound);
  readonly unsealed = new UnsealedReasoning();
  readonly unreasoned = new UnreasonedItems();
  /** Offset of the first item of the model's that has an id. */
  firstId: number | undefined;
  readonly #lone = new Bounded<LoneReasoning>(mostFound);
  /** The last reasoning, as long as nothing has followed it. */
  #last: LoneReasoning | undefined;

  /** Reasoning without what it led to, that at the end of the file included. */
  get lone(): readonly LoneReasoning[] {
    return this.#last ? [...this.#lone.items, this.#last] : this.#lone.items;
  }

  /** Notes a place where a record was. */
  hole(): void {
    if (this.#last) this.#last.isDamage = true;
  }

  /** Notes lines that are gone or can't be read. */
  missing(lines: number): void {
    this.unreasoned.missing(lines);
  }

  item(record: WatchedRecord, line: RolloutLine): void {
    this.unsealed.see(record, line);
    if (record.kind === "reasoning") this.#reasoning(record, line);
    else this.#other(record, line);
  }

  event(record: WatchedRecord): void {
    if (!this.unreasoned.hasReasoning && itemOf(record)?.type === "Reasoning") this.unreasoned.told();
  }

  rolledBack(from: number): void {
    this.#lone.keep(({ index }) => index < from);
    this.plain.keep(({ index }) => index < from);
    this.unsealed.rolledBack(from);
    this.unreasoned.rolledBack(from);
    this.#last = undefined;
  }

  #reasoning(record: WatchedRecord, line: RolloutLine): void {
    const { content } = record.payload;
    // Several reasoning items of one response stand together. After damage the first one's item stood between them.
    if (this.#last?.isDamage) this.#lone.add(this.#last);
    this.#last = { ...spanOf(line), isDamage: false };
    if (Array.isArray(content) && content.length > 0) this.plain.add(spanOf(line));
    // Codex drops an id that is no text with its item, and a repair drops it alone.
    this.unreasoned.reasoning(record.isText("id") || (record.payload.id ?? null) === null);
  }

  #other(record: WatchedRecord, line: RolloutLine): void {
    const { kind, payload } = record;
    const isAnswer = kind === "message" && payload.role === "assistant";
    const isModels = isAnswer || isCallKind(kind);
    if (this.firstId === undefined && isModels && typeof payload.id === "string") this.firstId = line.offset;
    this.unreasoned.item(isModels, line);
    const last = this.#last;
    this.#last = undefined;
    // An output had a call before it, and a call that is gone will be put in.
    const isFollowed = isAnswer || isOutputKind(kind) || kind.endsWith("_call");
    if (last && !isFollowed) this.#lone.add(last);
  }

  /** What a summary replaced is not sent any more. */
  replaced(): void {
    this.#lone.clear();
    this.plain.clear();
    this.unsealed.replaced();
    this.unreasoned.replaced();
    this.#last = undefined;
  }
}
