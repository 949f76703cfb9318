import { isJsonObject, type JsonObject, parseJson } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import type { Edit } from "./edit.ts";
import { ended, padded } from "./line-bytes.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { type ReadAt, readerOf } from "../../../lib/file-bytes.ts";
import { linesIn, type RolloutLine, type Span } from "../rollout/bytes/lines.ts";
import { readRecord, type RolloutRecord } from "../rollout/record/record.ts";
import { isBlank, isSpace } from "../rollout/bytes/white-space.ts";

/** A line of a file: its place, and its first bytes. */
export interface LineHead extends Span {
  /** Bytes of its ending: 2 for CRLF, 0 at the end of a file that doesn't end with a newline. */
  readonly ending: number;
  /** Bytes of white space at its beginning. */
  readonly indent: number;
  /** The first bytes after that; empty for a blank line. */
  readonly head: Buffer;
}

const chunk = 2 ** 22;
const headBytes = 512;
const nearBytes = 2 ** 18;
const nearLines = 16;
const prompt = /"type":"message"[^{]{0,120}"role":"user"/u;
const [newline, carriageReturn] = [0x0a, 0x0d];

/** An open file that edits are planned for: reads what stands in it, and makes edits of its places. */
export class EditedFile {
  readonly #read: ReadAt;
  readonly #size: number;

  /** `size`: bytes of the file that count; what is after them isn't read. */
  constructor(fd: number, size: number) {
    this.#read = readerOf(fd);
    this.#size = size;
  }

  /** The record that stands there; `undefined` when it can't be read as one. */
  record(span: Span): RolloutRecord | undefined {
    const record = readRecord({ bytes: this.bytes(span), whole: true });
    return record.readable ? record : undefined;
  }

  bytes({ at, bytes }: Span): Buffer {
    return this.read(at, bytes);
  }

  read(at: number, bytes: number): Buffer {
    return this.#read(at, Math.max(0, Math.min(bytes, this.#size - at)));
  }

  /** Every line in order, however long; only its head is held. */
  *lines(): Generator<LineHead, undefined> {
    let [index, start, indent, last] = [0, 0, 0, 0];
    let head = Buffer.alloc(0);
    for (let offset = 0; offset < this.#size;) {
      const bytes = this.read(offset, chunk);
      if (bytes.length === 0) break;
      for (let from = 0; from < bytes.length;) {
        const found = bytes.indexOf(newline, from);
        const end = found < 0 ? bytes.length : found;
        const piece = bytes.subarray(from, end);
        let spaces = 0;
        if (head.length === 0) while (isSpace(piece[spaces])) spaces++;
        indent += spaces;
        if (head.length < headBytes)
          head = Buffer.concat([head, piece.subarray(spaces, spaces + headBytes - head.length)]);
        last = piece.at(-1) ?? last;
        from = end + 1;
        if (found < 0 && offset + bytes.length < this.#size) continue;
        const ending = found < 0 ? 0 : last === carriageReturn ? 2 : 1;
        const length = offset + end - start - Math.max(0, ending - 1);
        yield { index: index++, at: start, bytes: length, ending, indent, head };
        start = offset + end + 1;
        head = Buffer.alloc(0);
        [indent, last] = [0, 0];
      }
      offset += bytes.length;
    }
    return undefined;
  }

  /**
   * The lines after (or before) the one that begins at `at`, nearest first, within its turn: none beyond a prompt. "after" includes the
   * line itself.
   */
  *near(at: number, where: "before" | "after"): Generator<RolloutLine, undefined> {
    const from = where === "after" ? at : Math.max(0, at - nearBytes);
    const lines = linesIn(this.read(from, where === "after" ? nearBytes : at - from), from);
    // The outermost line may be cut off.
    if (where === "before" && from > 0) lines.shift();
    if (where === "after" && lines.at(-1)?.ending === "" && lines.length > 1) lines.pop();
    for (const line of (where === "before" ? lines.toReversed() : lines).slice(0, nearLines)) {
      if (prompt.test(line.bytes.toString("latin1", 0, headBytes))) return undefined;
      yield line;
    }
    return undefined;
  }

  /** The line once with each of these payloads, at least as long as it was; `undefined` where it is no JSON as it stands. */
  withPayloads(line: Span, { era }: RolloutRecord, payloads: readonly JsonObject[]): Buffer | undefined {
    const value = parseJson(this.bytes(line).toString("utf8"));
    if (!isJsonObject(value)) return undefined;
    const lines = payloads.map((payload) => writeJson(era === "bare" ? payload : { ...value, payload }));
    return padded(Buffer.from(lines.join("\n")), line.bytes);
  }

  /** Replaces the line with as many spaces, which every version of Codex passes over. */
  blank({ at, bytes, index }: Span, kind: FindingKind, says: string): Edit {
    return { at, length: bytes, bytes: "blank", kind, line: index + 1, says };
  }

  /** Puts a line in the place of a blank one or one that says nothing to Codex, or, where the hole has no bytes, between two lines. */
  putLine(hole: Span, kind: FindingKind, says: string, line: JsonObject): Edit {
    const bytes = Buffer.from(writeJson(line));
    if (hole.bytes === 0) return this.insert(hole, kind, says, ended(bytes));
    const had = this.bytes(hole);
    return this.replace(hole, kind, says, padded(bytes, hole.bytes), isBlank(had) ? [] : [had]);
  }

  /** Puts bytes in where a span begins. */
  insert(place: Span, kind: FindingKind, says: string, bytes: Buffer): Edit {
    return this.replace({ ...place, bytes: 0 }, kind, says, bytes);
  }

  /** Puts other bytes in the place of a span. `lost`: those of its own that end up in no record. */
  replace(
    { at, bytes: length, index }: Span,
    kind: FindingKind,
    says: string,
    bytes: Buffer,
    lost: readonly Buffer[] = [],
  ): Edit {
    return { at, length, bytes, kind, line: index + 1, says, ...(lost.length > 0 && { lost }) };
  }
}
