import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { Bounded } from "./bounded.ts";
import { SentAgain } from "./sent-again.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** Reasoning without a seal. */
export interface Unsealed extends Span {
  /** Whether the member is gone: where there is no seal Codex writes null (0.169, 2026-11). */
  readonly isCut: boolean;
  /** Whether it has an id of OpenAI's, which looks for it by that. */
  readonly hasId: boolean;
  /** Whether a version wrote it that has OpenAI keep what it answers to an API key, and takes no seals then: up to 0.33 (0.20 and 0.29). */
  readonly isStored: boolean;
}

const mostFound = 10_000;

/** Finds reasoning that has nothing that could be sent but an id, or not even that (up to 0.145): no seal, and no words. */
export class UnsealedReasoning {
  readonly found = new Bounded<Unsealed>(mostFound);
  readonly #sentAgain = new SentAgain();
  #hasIds = false;

  /** Whether the model has answered with some of it in its request, if this version sends ids. */
  get isTaken(): boolean {
    return this.#sentAgain.isTaken;
  }

  see(record: WatchedRecord, line: RolloutLine): void {
    const { kind, payload } = record;
    if (this.#hasIds) this.#sentAgain.see(kind, payload.role);
    if (kind !== "reasoning" || record.seal !== undefined) return;
    const { content, encrypted_content: member } = payload;
    if (Array.isArray(content) && content.length > 0) return;
    const hasId = record.ownId?.startsWith("rs_") === true;
    this.#hasIds ||= hasId;
    const isStored = record.era === "bare";
    this.found.add({ ...spanOf(line), isCut: member === undefined, hasId, isStored });
  }

  /** What a summary replaced is not sent any more. */
  replaced(): void {
    this.found.clear();
    this.#hasIds = false;
    this.#sentAgain.forget();
  }

  rolledBack(from: number): void {
    this.found.keep(({ index }) => index < from);
  }
}
