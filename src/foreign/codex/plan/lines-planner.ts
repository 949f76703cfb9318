import { isoTime } from "../../../lib/date.ts";
import { isJsonObject, type JsonObject, members, parseJson, stringOf } from "../../../lib/json.ts";
import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import type { BadLine, Examination } from "../examine/examination.ts";
import { longestExamined } from "../examine/examine.ts";
import { kindOfBad } from "../findings/judge.ts";
import { fittingMembers, isCopiedHeader, isWholeHeader } from "../rollout/whole-header.ts";
import { linesIn } from "../rollout/lines.ts";
import type { PlanOptions } from "./plan-options.ts";
import { longLine, saysOfFlaw } from "./long-line.ts";
import { rebuildHead } from "./rebuild-head.ts";
import { rebuiltLine } from "./rebuilt-line.ts";
import { lostEvent } from "./rebuild-event.ts";
import { madeAt, readRolloutName } from "../home/places.ts";
import { toldMessage } from "../rollout/told-message.ts";
import { readRecord, type RolloutRecord, timeOf } from "../rollout/record.ts";
import { glance } from "../rollout/glance.ts";
import { itemHead } from "../rollout/item-head.ts";
import { startsOf } from "../rollout/span.ts";
import { folderTold, tellsFolder } from "../rollout/told-folder.ts";
import { salvage, type Salvaged, salvageTail } from "./salvage.ts";
import { isBlank, isSpace } from "../rollout/white-space.ts";
import { ended, ordinalDigits, padded, spaces } from "./line-bytes.ts";

const longestHead = 512;
const newline = 0x0a;

/** Mends the first line, lines that can't be read, timestamps, the end of the file, lost messages and events, and ordinals. */
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
    if (head === "byte-order-mark" && header !== undefined)
      return [
        this.#file.replace(
          { ...first, bytes: 3 },
          "byte-order-mark",
          "the mark becomes three spaces",
          spaces(3),
        ),
      ];
    if (head !== "broken" && head !== "missing" && head !== "byte-order-mark") return [];
    const isBad = head === "broken";
    // For a line of hundreds of megabytes the head is enough to make a new header, which goes before it.
    const isLong = first.bytes > longestExamined;
    const line = isBad ? this.#file.read(first.at, Math.min(first.bytes, longestExamined)) : undefined;
    const kept = isLong ? undefined : line && salvage(line);
    this.#first = kept;
    // If it can be salvaged whole, it is a bad line like any other.
    const isNothing = kept !== undefined && isBlank(kept.bytes);
    const keptHeader = kept && !isNothing ? headerIn(kept.bytes) : undefined;
    if (keptHeader && isWholeHeader(keptHeader)) return [];
    const made = this.#rebuilt(line, keptHeader?.payload);
    if (made === undefined) return [];
    if (!isBad || !kept) {
      const kind = isBad ? "header-broken" : "header-missing";
      return [this.#file.insert(first, kind, "the first line is put back", ended(made))];
    }
    // A header that lacks what a resume needs, or names no id, is rebuilt rather than kept after the new one.
    const isNothingKept = keptHeader !== undefined || isNothing;
    const own = isNothingKept ? made : Buffer.concat([ended(made), trimmed(kept.bytes)]);
    const whole = padded(own, first.bytes);
    const bytes = this.#found.tail?.at === first.at ? ended(whole) : whole;
    const lost = keptHeader && line ? [line] : kept.lost;
    return [this.#file.replace(first, "header-broken", "the first line is made anew", bytes, lost)];
  }

  /** Keeps of each line that is no record what can be kept (`salvage`). */
  *badLines(): Generator<Edit, undefined> {
    const { bad, tail, first, reasoning } = this.#found;
    let last: number | undefined;
    for (const line of bad.items) {
      // What stands before it can't be read either, and may have been the reasoning that its item's id names.
      const isAlone = reasoning.unreasoned.hasReasoning && line.index - 1 === last;
      last = line.index;
      if (line.at === tail?.at && tail.is !== "whole") continue;
      if (line.at === first?.at && this.#isHeadMade) continue;
      if (line.bytes > longestExamined) {
        yield* longLine(line, this.#file, kindOfBad[line.why], false);
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
      const place = { index: line.index, at: line.at + open + from, bytes: length };
      const text = stamp ? time : `"timestamp":${time},`;
      yield this.#file.replace(place, "untimed-record", "its timestamp is put in", Buffer.from(text));
    }
    return undefined;
  }

  /** Ends the last line, or makes spaces of what was torn off. */
  tail(): Iterable<Edit> {
    const { tail, bytes: size, first } = this.#found;
    if (tail === undefined || (first?.at === tail.at && this.#isHeadMade)) return [];
    if (tail.is === "whole") {
      const end = { index: tail.index, at: size, bytes: 0 };
      return [this.#file.insert(end, "no-final-newline", "the last line is ended", Buffer.from("\n"))];
    }
    if (tail.bytes > longestExamined)
      return longLine(tail, this.#file, tail.is === "nul" ? "nul-tail" : "torn-tail", true);
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

  /** Puts in messages that only their events tell any more. */
  *messages(): Generator<Edit, undefined> {
    const copies = startsOf(this.#found.doubled.spans);
    for (const { role, event, hole } of this.#found.lostMessages) {
      // A copied event goes anyway; its original tells the message.
      if (copies.has(event.at)) continue;
      const told = this.#file.record(event);
      const payload = told && toldMessage(role, told.payload);
      if (told === undefined || payload === undefined) continue;
      const line = rebuiltLine(told, payload, hole.ordinal);
      const says = `the ${role === "user" ? "prompt" : "answer"} is put in, as its event tells it`;
      yield this.#file.putLine(hole, "lost-message", says, line);
    }
    return undefined;
  }

  /** Puts in events that Codex shows messages by, where only the message is there. */
  *events(): Generator<Edit, undefined> {
    const { untold, header } = this.#found;
    for (const { role, record, hole } of untold) {
      const own = this.#file.record(record);
      const payload = own && header ? lostEvent(role, own, header.id) : undefined;
      const { ordinal } = hole;
      if (own === undefined || payload === undefined || ordinal === undefined) continue;
      const says = `the event is put in that tells the ${role === "user" ? "prompt" : "answer"}`;
      yield this.#file.putLine(hole, "lost-event", says, rebuiltLine(own, payload, ordinal, "event_msg"));
    }
    return undefined;
  }

  /** Numbers the records anew from the first wrong or missing ordinal, but none before the pin. */
  *ordinals(): Generator<Edit, undefined> {
    const { ordinals, header, doubled } = this.#found;
    const isWrong = ordinals.missing.count > 0 || ordinals.regressed > 0;
    if (header?.isPaginated !== true || !isWrong || doubled.count > 0) return undefined;
    for (const { had, ordinal, ...span } of ordinals.wanted()) {
      if (had === ordinal || span.at < (this.#options.pin?.offset ?? 0)) continue;
      const head = this.#file.read(span.at, Math.min(span.bytes, longestHead)).toString("latin1");
      const isMissing = had === undefined && ordinals.missing.count > 0;
      const kind = isMissing ? "missing-ordinal" : "ordinal-regressed";
      // After a timestamp that is no time the ordinal stands further back.
      const found =
        had === undefined
          ? undefined
          : (ordinalDigits.exec(head) ?? ordinalDigits.exec(this.#file.bytes(span).toString("latin1")));
      const [at, length, text] = found
        ? [found.index, found[0].length, String(ordinal)]
        : [/^\s*\{(?:"timestamp":"[^"\\]*",)?/u.exec(head)?.[0].length ?? -1, 0, `"ordinal":${ordinal},`];
      if (at < 0) continue;
      const says = found ? `ordinal ${had} becomes ${ordinal}` : `ordinal ${ordinal} is put in`;
      const place = { index: span.index, at: span.at + at, bytes: length };
      yield this.#file.replace(place, kind, says, Buffer.from(text));
    }
    return undefined;
  }

  /** The first line made anew (`rebuildHead`); `broken` is what is left of it, `own` its payload where that can be read. */
  #rebuilt(broken: Buffer | undefined, own: JsonObject | undefined): Buffer | undefined {
    const { laterHeaders, ordinals, first } = this.#found;
    // Only a copy of this thread's own header will do: the second line of a fork is its parent's.
    const named = readRolloutName(this.#options.path)?.thread;
    const copy = laterHeaders
      .map((span) => this.#file.record(span)?.payload)
      .find((payload) => named === undefined || stringOf(payload?.["id"]).toLowerCase() === named);
    const next = first ? first.at + (broken ? first.bytes : 0) : 0;
    const records = linesIn(this.#file.read(next, 2 ** 20))
      .map(readRecord)
      .filter((record) => record.readable);
    const timestamp = records.find(({ at }) => at !== undefined)?.at;
    const firstOrdinal = records.find(({ ordinal }) => ordinal !== undefined)?.ordinal;
    const copied = records.find((record) => record.type === "session_meta" && isCopiedHeader(record, named));
    return rebuildHead({
      path: this.#options.path,
      broken,
      own: own && fittingMembers(own),
      copy: copy && fittingMembers(copy),
      row: this.#options.row,
      provider: this.#options.provider,
      base: this.#options.base,
      folder: this.#folder(),
      firstTimestamp: timestamp === undefined ? undefined : new Date(timestamp).toISOString(),
      isBare:
        records.find(({ type, kind }) => type === "response_item" && kind !== undefined)?.era === "bare",
      isPaginated: ordinals.next !== undefined,
      firstOrdinal,
      parent: copied && { header: copied.payload, ownFrom: this.#ownFrom(named) },
    });
  }

  /** The ordinal of the first line that names this thread: what it took along from its parent's names none. */
  #ownFrom(thread: string | undefined): number | undefined {
    const named = `"thread_id":"${thread}"`;
    for (const line of this.#file.lines()) {
      if (line.bytes > longestExamined || !line.head.includes(named)) continue;
      const record = this.#file.record(line);
      if (record?.type === "event_msg" && record.payload["thread_id"] === thread) return record.ordinal;
    }
    return undefined;
  }

  /** The working folder that the lines name first. */
  #folder(): string | undefined {
    for (const line of this.#file.lines()) {
      const glanced = line.bytes > longestExamined ? undefined : glance(line.head);
      if (glanced === undefined || !tellsFolder(glanced)) continue;
      const record = this.#file.record(line);
      const folder = record && folderTold(record);
      if (folder !== undefined) return folder;
    }
    return undefined;
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
  const [line] = linesIn(trimmed(bytes));
  const record = line && readRecord(line);
  return record?.readable && record.type === "session_meta" ? record : undefined;
}

/** What stands between spaces. Not as a string: a line may have tens of megabytes. */
function trimmed(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => !isSpace(byte));
  return bytes.subarray(start, bytes.findLastIndex((byte) => !isSpace(byte)) + 1);
}
