import type { JsonObject } from "../../../lib/json.ts";
import { isCallKind, isOutputKind, outputKinds } from "../../../session/item.ts";
import type { Examination } from "../examine/examination.ts";
import { callTold, watched } from "../examine/watched-record.ts";
import { answerKind } from "../rollout/payload/answer.ts";
import { readRecord, type RolloutRecord } from "../rollout/record/record.ts";
import type { Span } from "../rollout/bytes/lines.ts";
import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import { spaces } from "./line-bytes.ts";
import { mendedItems } from "./mended-item.ts";
import { lostCall } from "./rebuild-pair.ts";

/** A call and its output are at most so many lines apart where one of them has lost its id. */
const nearby = 16;
/** Where more calls and outputs than these are alone, none is searched for among them. */
const mostAlone = 1_000;

/**
 * Gives items that Codex passes over the form in which it reads them. One of which that isn't left becomes blank: what an event tells of
 * it can be put there.
 */
export class UnreadPlanner {
  readonly #found: Examination;
  readonly #file: EditedFile;
  /** Halves of calls that were given another one. */
  readonly #taken = new Set<string>();
  /** The line of the next item that Codex passes over. */
  #next = Infinity;
  /** The line of the last call to which no output could be given. */
  #left = -Infinity;

  constructor(found: Examination, file: EditedFile) {
    this.#found = found;
    this.#file = file;
  }

  *mended(): Generator<Edit, undefined> {
    const { items: spans } = this.#found.unread;
    for (const [nth, span] of spans.entries()) {
      this.#next = spans[nth + 1]?.index ?? Infinity;
      const record = this.#file.record(span);
      if (record === undefined) continue;
      const items = mendedItems(record, (kind, payload) => this.#standIn(span, kind, payload));
      const bytes = items.length === 0 ? undefined : this.#file.withPayloads(span, record, items);
      if (bytes) yield this.#file.replace(span, "unread-item", "it gets the form that Codex reads", bytes);
      else {
        const [says, lost] = ["what Codex can't read becomes spaces", this.#file.bytes(span)];
        yield this.#file.replace(span, "unread-item", says, spaces(span.bytes), [lost]);
      }
    }
    return undefined;
  }

  /** What takes the place of an item's members that are gone: of an output its call's id, of a call also what its event tells of it. */
  #standIn(span: Span, kind: string, payload: JsonObject): JsonObject {
    if (!isCallKind(kind) && !isOutputKind(kind)) return {};
    const { call_id: own } = payload;
    const call = typeof own === "string" ? own : this.#otherHalf(span, kind, payload);
    return isCallKind(kind)
      ? lostCall({ kind: outputKinds[kind]!, call }, this.#event(span, call))
      : { call_id: call };
  }

  #event({ at }: Span, call: string): RolloutRecord | undefined {
    for (const line of this.#file.near(at, "after")) {
      const record = readRecord(line);
      if (record.readable && callTold(watched(record))?.call === call) return record;
    }
    return undefined;
  }

  /**
   * The id that an item has with its other half, where its own isn't left: that of the only call that such an output can answer, or of the
   * only output that can answer such a call, or the only one before the next such call. Where both have a number, its digits. Where none is
   * found it gets one of its own, so that what it says stays: its other half is put in as one that is gone.
   */
  #otherHalf({ index }: Span, kind: string, { call_id: own }: JsonObject): string {
    const { open, orphans } = this.#found;
    const isCall = isCallKind(kind);
    const isMany = open.count + orphans.count > mostAlone;
    const alone = isMany ? [] : isCall ? orphans.items : [...open];
    const fitting = alone.filter((half) => {
      const [call, output] = isCall ? [kind, half.kind] : [half.kind, kind];
      const distance = isCall ? half.index - index : index - half.index;
      const isNear = distance > 0 && distance <= nearby;
      return isNear && answerKind(call) === output && !this.#taken.has(half.call);
    });
    // Of a call before this one that has none it may be the output.
    const isFirst = isCall && index - this.#left > nearby;
    const [half, ...others] =
      isFirst && fitting.length > 1 ? fitting.filter((each) => each.index < this.#next) : fitting;
    if (half && others.length === 0) {
      this.#taken.add(half.call);
      return half.call;
    }
    if (isCall) this.#left = index;
    return typeof own === "number" ? String(own) : `call_lost_${index + 1}`;
  }
}
