import { describeSeal } from "../../../session/seal.ts";
import type { Edit } from "./edit.ts";
import type { EditedFile, LineHead } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { linesIn, partOf, type Span, startsOf } from "../rollout/bytes/lines.ts";
import type { SealedBlob } from "../examine/sealed-blobs.ts";
import type { InvalidId } from "../examine/invalid-ids.ts";
import { glance } from "../rollout/record/glance.ts";
import { injectedMessage } from "../rollout/payload/injected.ts";
import {
  damagingReasoning,
  isDependentIdRefused,
  isInjectedRefused,
  isPlainReasoningRefused,
  refusedIds,
  unsealedReasoning,
} from "../findings/refused.ts";
import { idPlaces } from "./id-places.ts";
import { keptBeside } from "./kept-beside.ts";
import { memberIn, payloadIn } from "./line-places.ts";
import { itemHead, type ItemHead } from "../rollout/record/item-head.ts";
import type { PlanOptions } from "./plan-options.ts";
import { padded } from "./line-bytes.ts";
import { withoutSeals } from "./seal-within.ts";
import { chosenSeals } from "../findings/seal-choice.ts";

const chunk = 2 ** 25;
const mostLines = 1_000_000;
const mostDistances = 8;

/**
 * Takes out what a provider refuses, line by line and without moving a byte: copies, dead seals, reasoning on its own, ids that refer to
 * what is gone or have a form that is refused.
 */
export class RefusedPlanner {
  readonly #found: Examination;
  readonly #options: PlanOptions;
  readonly #file: EditedFile;

  constructor(found: Examination, options: PlanOptions, file: EditedFile) {
    this.#found = found;
    this.#options = options;
    this.#file = file;
  }

  /** Makes spaces of copies, of later headers and of dead seals; each line is dealt with once. */
  *blanked(): Generator<Edit, undefined> {
    const { doubled, header, headersAgain } = this.#found;
    const places = new Set<number>();
    const isFresh = ({ at }: Span): boolean => {
      const isIt = !places.has(at);
      places.add(at);
      return isIt;
    };
    const copies = [doubled.spans, this.#copiedEvents(doubled.distances)];
    for (const spans of copies)
      for (const span of spans)
        if (isFresh(span)) yield this.#file.blank(span, "doubled-record", "the copy becomes spaces");
    for (const span of header?.isPaginated === true ? headersAgain.items : [])
      if (isFresh(span)) yield this.#file.blank(span, "header-again", "it becomes spaces");
    const chosen = chosenSeals(this.#found, this.#options.seals, this.#options.now);
    // Seals for which the whole line goes come first: nothing has to be opened in that line then.
    for (const blob of chosen) {
      const { in: where } = blob;
      if (where !== "within" && isFresh(blob)) yield this.#taken(blob, where);
    }
    for (const span of this.#unsealed())
      if (isFresh(span))
        yield this.#file.blank(span, "unsealed-reasoning", "reasoning without its seal becomes spaces");
    const within = Map.groupBy(chosen, ({ at }) => at);
    for (const blobs of within.values()) if (isFresh(blobs[0]!)) yield* this.#opened(blobs);
    return undefined;
  }

  /**
   * Makes spaces of the line that a seal stands in; of a compaction, only of what is sealed, where the messages kept beside it would be
   * lost.
   */
  #taken(blob: SealedBlob, where: keyof typeof taken): Edit {
    const kept = where === "compaction" ? keptBeside(blob, this.#file, this.#found) : undefined;
    const { says, gone } = kept ? summaryAlone : taken[where];
    const edit = kept
      ? this.#file.replace({ ...blob, at: kept.at, bytes: kept.bytes.length }, kindOf(blob), says, kept.bytes)
      : this.#file.blank(blob, kindOf(blob), says);
    return { ...edit, ...(gone !== undefined && { gone }) };
  }

  /** Removes some seals of a line that stays; other seals in it stay too. */
  *#opened(blobs: readonly SealedBlob[]): Generator<Edit, undefined> {
    const [blob] = blobs as [SealedBlob];
    const tails = new Set(blobs.map(({ tail }) => tail));
    const isCut = blobs.some(({ malformed }) => malformed);
    // An altered blob may hold bytes beyond ASCII, and then its end depends on how they are read.
    const isMeant = (seal: string): boolean => {
      const { tail, shape } = describeSeal(seal);
      return tails.has(tail) || (isCut && shape === "malformed");
    };
    for (const { at, bytes } of withoutSeals(this.#file.bytes(blob), isMeant)) {
      const place = partOf(blob, at, bytes.length);
      yield this.#file.replace(place, kindOf(blob), "what is sealed in it becomes words", bytes);
    }
    return undefined;
  }

  /**
   * In a session without ordinals: events that stand there twice, byte for byte, as far after the first as the copied items do. Left
   * alone, a copy would show a turn twice. The examination doesn't look for these: Codex writes identical lines too, and comparing each
   * takes time.
   */
  *#copiedEvents(distances: ReadonlySet<number>): Generator<LineHead, undefined> {
    if (distances.size === 0 || distances.size > mostDistances) return undefined;
    const lines: { at: number; bytes: number }[] = [];
    for (const line of this.#file.lines()) {
      const { at, bytes, index } = line;
      lines.push({ at, bytes });
      const type = glance(line.head)?.type;
      if (type === undefined || type === "response_item" || lines.length > mostLines) continue;
      for (const distance of distances) {
        const first = lines[index - distance];
        if (first?.bytes !== bytes || bytes > chunk) continue;
        if (!this.#file.bytes(line).equals(this.#file.read(first.at, first.bytes))) continue;
        yield line;
        break;
      }
    }
    return undefined;
  }

  /**
   * An item's id ties it to the reasoning before it. Ids go from items after reasoning that is taken out and, where a provider has
   * refused an item for such an id, from every item. Versions before 0.146 send none.
   */
  ids(): Iterable<Edit> {
    const { now, seals } = this.#options;
    const isAll = this.#isAsked("dependent-id") ? seals.which === "none" : isDependentIdRefused(this.#found);
    if (isAll) return this.#ids();
    const dead = chosenSeals(this.#found, seals, now).filter((blob) => blob.in === "reasoning");
    const gone = startsOf(dead, this.#unsealed());
    return gone.size === 0 ? [] : this.#ids(gone);
  }

  /** Takes the ids out of the model's items: of all, or of those that follow the reasoning at these offsets. */
  *#ids(after?: ReadonlySet<number>): Generator<Edit, undefined> {
    let isAfter = after === undefined;
    let passed = 0;
    for (let at = 0; at < this.#found.bytes;) {
      const lines = linesIn(this.#file.read(at, chunk), at);
      if (lines.length > 1 && lines.at(-1)?.ending === "") lines.pop();
      for (const { bytes, offset, index } of lines) {
        const head = itemHead(bytes);
        if (head?.isModels === false) isAfter = after === undefined || after.has(offset);
        if (head?.isModels && isAfter) yield* this.#withoutId(head, { index: passed + index, at: offset });
      }
      passed += lines.length;
      const last = lines.at(-1);
      if (last === undefined) break;
      at = last.offset + last.length + last.ending.length;
    }
    return undefined;
  }

  /** Takes out the ids of items whose reasoning may have been in a line that can't be read. */
  *unreasonedIds(): Generator<Edit, undefined> {
    for (const span of this.#found.reasoning.unreasoned.items)
      yield* this.#withoutId(itemHead(this.#file.bytes(span)), span);
    return undefined;
  }

  *#withoutId(head: ItemHead | undefined, line: Pick<Span, "index" | "at">): Iterable<Edit> {
    if (!head?.id) return;
    const place = partOf(line, head.id.at, head.id.bytes);
    const says = "the id, which names reasoning that isn't sent, becomes spaces";
    yield this.#file.blank(place, "dependent-id", says);
  }

  /** Takes the plain words out of reasoning: they stay in the backup, and the seal beside them stays in the line. */
  *plainReasoning(): Generator<Edit, undefined> {
    if (!isPlainReasoningRefused(this.#found) && !this.#isAsked("plain-reasoning")) return undefined;
    for (const span of this.#found.reasoning.plain.items) {
      const line = this.#file.bytes(span);
      const content = memberIn(line, payloadIn(line), "content");
      if (!content) continue;
      const place = partOf(span, content.at, content.length);
      const nothing = padded(Buffer.from("null"), content.length);
      yield this.#file.replace(place, "plain-reasoning", "reasoning in plain text becomes spaces", nothing);
    }
    return undefined;
  }

  /**
   * A prompt that came as an output without a call becomes a message of the user's, which every provider takes and which is the shorter of
   * the two.
   */
  *injected(): Generator<Edit, undefined> {
    const { injected } = this.#found;
    if (!isInjectedRefused(this.#found) && !this.#isAsked("injected-output")) return undefined;
    for (const span of injected.found.items) {
      const record = this.#file.record(span);
      const bytes = record && this.#file.withPayloads(span, record, [injectedMessage(record.payload)]);
      if (bytes)
        yield this.#file.replace(span, "injected-output", "it becomes a message of the user's", bytes);
    }
    return undefined;
  }

  /** Takes out ids that OpenAI refuses for their form: Codex sends items without one, too. */
  *invalidIds(): Generator<Edit, undefined> {
    const isAsked = this.#isAsked("invalid-id");
    const { items, isRefused } = isAsked
      ? { items: this.#found.invalidIds.found.items, isRefused: true }
      : refusedIds(this.#found);
    if (!isRefused) return undefined;
    for (const found of Map.groupBy(items, ({ at }) => at).values()) {
      const [line] = found as [InvalidId, ...InvalidId[]];
      const ids = new Set(found.map(({ id }) => id));
      for (const { at, length } of idPlaces(this.#file.bytes(line), ids)) {
        const says = "the id, which OpenAI refuses, becomes spaces";
        yield this.#file.blank(partOf(line, at, length), "invalid-id", says);
      }
    }
    return undefined;
  }

  /** Makes spaces of reasoning whose answer is gone, where it does harm. */
  loneReasoning(): Edit[] {
    const lone = this.#isAsked("lone-reasoning")
      ? this.#found.reasoning.lone
      : damagingReasoning(this.#found);
    return lone.map((span) =>
      this.#file.blank(span, "lone-reasoning", "reasoning whose answer is gone becomes spaces"),
    );
  }

  #unsealed(): readonly Span[] {
    if (!this.#isAsked("unsealed-reasoning")) return unsealedReasoning(this.#found);
    const { items } = this.#found.reasoning.unsealed.found;
    // Refused seals are asked for beside it where an item was looked for by its id: what has none wasn't.
    return this.#isAsked("seal-refused") ? items.filter(({ hasId }) => hasId) : items;
  }

  /** Whether just this damage is to be mended: then it is, also where the session's last turn wasn't refused for it. */
  #isAsked(kind: FindingKind): boolean {
    return this.#options.only?.has(kind) === true;
  }
}

interface TakenWords {
  readonly says: string;
  /** `Edit.gone` */
  readonly gone?: string;
}

/** What is said of sealed content that is taken out with its line, by where it is. */
const taken: Readonly<Record<Exclude<SealedBlob["in"], "within">, TakenWords>> = {
  reasoning: { says: "sealed reasoning becomes spaces" },
  message: { says: "sealed message becomes spaces", gone: "sealed message" },
  compaction: {
    says: "the sealed summary becomes spaces: the history before it counts again",
    gone: "sealed summary, in whose place the history before it counts again",
  },
};
const summaryAlone: TakenWords = {
  says: "the sealed summary becomes spaces; the messages kept beside it stay, as the history before it is not in the file",
  gone: "sealed summary with all that it told, as the history before it is not in the file",
};

function kindOf({ malformed }: SealedBlob): FindingKind {
  return malformed ? "seal-malformed" : "seal-refused";
}
