import { isoTime } from "../../../lib/date.ts";
import { isJsonObject, members, parseJson } from "../../../lib/json.ts";
import { brokenRecord } from "./broken-record.ts";
import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import type { BadLine, Examination } from "../examine/examination.ts";
import { longestExamined } from "../examine/examine.ts";
import { isHeaderType } from "../examine/examiner.ts";
import { kindOfBad } from "../findings/judge.ts";
import { isWholeHeader } from "../rollout/record/whole-header.ts";
import { linesIn, partOf, type Span } from "../rollout/bytes/lines.ts";
import type { PlanOptions } from "./plan-options.ts";
import { headSources } from "./head-sources.ts";
import { rebuildHead } from "./rebuild-head.ts";
import { madeAt, readRolloutName } from "../home/places.ts";
import { readRecord, type RolloutRecord, timeOf } from "../rollout/record/record.ts";
import { itemHead } from "../rollout/record/item-head.ts";
import { salvage, type Salvaged, salvageTail } from "./salvage.ts";
import { salvageLongLine, saysOfFlaw } from "./salvage-long-line.ts";
import { isSpace } from "../rollout/bytes/white-space.ts";
import { ended, padded, spaces } from "./line-bytes.ts";

const newline = 0x0a;

/** Mends the first line, lines that can't be read, timestamps and the end of the file. */
export class LinesPlanner {
  readonly #found: Examination;
  readonly #options: PlanOptions;
  readonly #file: EditedFile;
  /** Whether `head` (called first) replaces the first line. */
  #isHeadMade = false;
  /** What `head` found to be kept of it, for `badLines` to take once: two of tens of megabytes are too many. */
  #first: Salvaged | undefined;

  constructor(found: Examination, options: PlanOptions, file: EditedFile) {
    this.#found = found;
    this.#options = options;
    this.#file = file;
  }

  head(): Edit[] {
    const edits = this.#head();
    this.#isHeadMade = this.#found.head === "broken" && edits.length > 0;
    return edits;
  }

  #head(): Edit[] {
    const { head, first, header, ofCodex } = this.#found;
    // Without a record it may be anybody's file. If bad lines can be salvaged, they are records when the next pass comes here.
    if (first === undefined || !ofCodex) return [];
    if (head === "broken") return this.#brokenHead(first);
    if (head === "byte-order-mark" && header !== undefined)
      return [this.#file.blank(partOf(first, 0, 3), "byte-order-mark", "the mark becomes three spaces")];
    if (head !== "missing" && head !== "byte-order-mark") return [];
    const made = this.#rebuilt({ broken: undefined, own: undefined });
    return made
      ? [this.#file.insert(first, "header-missing", "the first line is put back", ended(made))]
      : [];
  }

  #brokenHead(first: Span): Edit[] {
    const isLong = first.bytes > longestExamined;
    const line = this.#file.read(first.at, Math.min(first.bytes, longestExamined));
    const kept = isLong ? undefined : salvage(line);
    this.#first = kept;
    const rest = kept && trimmed(kept.bytes);
    const header = rest && headerIn(rest);
    // If it can be salvaged whole, it is a bad line like any other.
    if (header?.type === "session_meta" && isWholeHeader(header, this.#found.ordinals.next !== undefined))
      return [];
    const made = this.#rebuilt({ broken: line, own: header?.payload });
    if (made === undefined) return [];
    // Of a line of hundreds of megabytes the beginning was enough to make a new header, which goes before it.
    if (!kept || !rest)
      return [this.#file.insert(first, "header-broken", "the first line is put back", ended(made))];
    // A header that lacks what a resume needs, or names no id, is rebuilt rather than kept after the new one.
    const isNothingKept = header !== undefined || rest.length === 0;
    const whole = padded(isNothingKept ? made : Buffer.concat([ended(made), rest]), first.bytes);
    const bytes = this.#found.tail?.at === first.at ? ended(whole) : whole;
    const lost = header ? [line] : kept.lost;
    return [this.#file.replace(first, "header-broken", "the first line is made anew", bytes, lost)];
  }

  #rebuilt(left: Parameters<typeof headSources>[3]): Buffer | undefined {
    return rebuildHead(headSources(this.#found, this.#options, this.#file, left));
  }

  /** Keeps of each line that is no record what can be kept (`salvage`). */
  *badLines(): Generator<Edit, undefined> {
    const { bad, tail, first, reasoning } = this.#found;
    let last: number | undefined;
    let joined = 0;
    for (const [nth, line] of bad.items.entries()) {
      if (line.at < joined) {
        last = line.index;
        continue;
      }
      // What stands before it can't be read either, and may have been the reasoning that its item's id names.
      const isAlone = reasoning.unreasoned.hasReasoning && line.index - 1 === last;
      last = line.index;
      if (line.at === tail?.at && tail.is !== "whole") continue;
      if (line.at === first?.at && this.#isHeadMade) continue;
      if (line.bytes > longestExamined) {
        yield* salvageLongLine(line, this.#file, kindOfBad[line.why], false);
        continue;
      }
      const record = brokenRecord(bad.items, nth, this.#file);
      if (record) {
        joined = record.span.at + record.span.bytes;
        if (isAlone) blankId(record.bytes);
        yield this.#file.replace(record.span, kindOfBad[line.why], "its lines become one", record.bytes);
        continue;
      }
      const known = line.at === first?.at ? this.#first : undefined;
      this.#first = undefined;
      const { bytes, lost } = known ?? salvage(this.#file.bytes(line));
      if (isAlone) blankId(bytes);
      const says = lost.length === 0 ? sayings[line.why] : "what can't be read becomes spaces";
      yield this.#file.replace(line, kindOfBad[line.why], says, bytes, lost);
    }
    return undefined;
  }

  /** Gives each record without a timestamp that Codex reads its own one: of the number that stands there, of its payload, or the last one. */
  *times(): Generator<Edit, undefined> {
    const { untimed, header } = this.#found;
    const name = readRolloutName(this.#options.path);
    let last = header?.created ?? (name && madeAt(name)) ?? 0;
    for (const line of untimed.items) {
      const bytes = this.#file.bytes(line);
      const read = parseJson(bytes.toString("latin1"));
      const open = bytes.indexOf("{");
      const [stamp, another] = members(bytes.subarray(open)).filter(({ key }) => key === "timestamp");
      if (!isJsonObject(read) || another) continue;
      const { timestamp: had, payload } = read;
      const told = isJsonObject(payload) ? timeOf(payload["timestamp"]) : undefined;
      last = (typeof had === "number" ? timeOfNumber(had) : told) ?? last;
      const time = JSON.stringify(isoTime(last));
      const [from, length] = stamp ? [stamp.valueStart, stamp.end - stamp.valueStart] : [1, 0];
      const text = stamp ? time : `"timestamp":${time},`;
      const place = partOf(line, open + from, length);
      yield this.#file.replace(place, "untimed-record", "its timestamp is put in", Buffer.from(text));
    }
    return undefined;
  }

  /** Ends the last line, or makes spaces of what was torn off. */
  tail(): Iterable<Edit> {
    const { tail, bytes: size, first } = this.#found;
    if (tail === undefined || (first?.at === tail.at && this.#isHeadMade)) return [];
    if (tail.is === "whole") {
      return [
        this.#file.insert(
          { ...tail, at: size },
          "no-final-newline",
          "the last line is ended",
          Buffer.from("\n"),
        ),
      ];
    }
    if (tail.bytes > longestExamined)
      return salvageLongLine(tail, this.#file, tail.is === "nul" ? "nul-tail" : "torn-tail", true);
    if (tail.is === "nul") {
      const bytes = ended(spaces(tail.bytes - 1));
      return [this.#file.replace(tail, "nul-tail", "the NULs become spaces and a line end", bytes)];
    }
    const { bytes, lost } = salvageTail(this.#file.bytes(tail));
    const isRoom = bytes.at(-1) === 0x20;
    if (isRoom) bytes[bytes.length - 1] = newline;
    const whole = isRoom ? bytes : ended(bytes);
    return [this.#file.replace(tail, "torn-tail", "the torn line becomes spaces", whole, lost)];
  }
}

/** Makes spaces of the id of the first item in a line, if that is the model's. */
function blankId(line: Buffer): void {
  const open = Math.max(0, line.indexOf("{"));
  const head = itemHead(line.subarray(open));
  if (head?.isModels && head.id) line.fill(" ", open + head.id.at, open + head.id.at + head.id.bytes);
}

const sayings: Readonly<Record<BadLine["why"], string>> = { ...saysOfFlaw, json: "the record in it is kept" };

/** Milliseconds since 1970 of a number that is seconds, or milliseconds; `undefined` for one that is neither. */
function timeOfNumber(value: number): number | undefined {
  const at = Math.round(value < 1e11 ? value * 1_000 : value);
  return at > 0 && at < 1e14 ? at : undefined;
}

function headerIn(bytes: Buffer): RolloutRecord | undefined {
  const [line] = linesIn(bytes);
  const record = line && readRecord(line);
  return record?.readable && isHeaderType(record.type) ? record : undefined;
}

/** What stands between spaces. Not as a string: a line may have tens of megabytes. */
function trimmed(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => !isSpace(byte));
  return bytes.subarray(start, bytes.findLastIndex((byte) => !isSpace(byte)) + 1);
}
