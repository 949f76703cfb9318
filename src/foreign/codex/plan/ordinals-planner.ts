import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import { longestExamined } from "../examine/examine.ts";
import { glance, glancedTime } from "../rollout/record/glance.ts";
import { NumberRows } from "../examine/number-rows.ts";
import { partOf, type Span, startsOf } from "../rollout/bytes/lines.ts";
import { ordinalDigits } from "./line-bytes.ts";
import type { PlanOptions } from "./plan-options.ts";

const mostLines = 500_000;
const mostMoved = 10_000;
const [index, at, bytes, time] = [0, 1, 2, 3];
const kind = "ordinal-regressed";
const longestHead = 512;
/** What an ordinal stands behind, and one that is no number. */
const beforeOrdinal = /^(\s*\{(?:"timestamp":"[^"\\]*",)?)(?:"ordinal":(?:"[^"\\]*"|null|true|false),)?/u;

/** Puts the ordinals of a paginated rollout right. Call `restored` first, and `renumbered` for what that has left. */
export class OrdinalsPlanner {
  readonly #found: Examination;
  readonly #options: Pick<PlanOptions, "pin">;
  readonly #file: EditedFile;
  readonly #rows = new NumberRows(4);
  #ordinals = new Float64Array(0);

  constructor(found: Examination, options: Pick<PlanOptions, "pin">, file: EditedFile) {
    this.#found = found;
    this.#options = options;
    this.#file = file;
  }

  /**
   * Puts records into the order of their ordinals, where no ordinal is there twice. If the times follow the ordinals, lines are moved back
   * to their places; if the times follow the lines, only the ordinals were exchanged. Nothing after the last of these lines moves. Nothing
   * is done where too much would have to move.
   */
  *restored(): Generator<Edit, undefined> {
    const { header, ordinals } = this.#found;
    if (header?.isPaginated !== true || ordinals.regressed === 0 || !this.#read()) return undefined;
    const byOrdinal = Uint32Array.from(this.#ordinals.keys()).sort(
      (a, b) => this.#ordinals[a]! - this.#ordinals[b]!,
    );
    const hasTwice = byOrdinal.some(
      (row, nth) => nth > 0 && this.#ordinals[row] === this.#ordinals[byOrdinal[nth - 1]!],
    );
    if (hasTwice) return undefined;
    const isMoved = this.#stepsBack(byOrdinal) <= this.#stepsBack(byOrdinal.toSorted());
    yield* isMoved ? this.#moves(byOrdinal) : this.#exchanges(byOrdinal);
    return undefined;
  }

  /**
   * Numbers the records anew from the first wrong or missing ordinal, but none before the pin: an older Codex has given ordinals again, or
   * none.
   */
  *renumbered(): Generator<Edit, undefined> {
    const { ordinals, header, doubled } = this.#found;
    const isWrong = ordinals.missing.count + ordinals.regressed + ordinals.unnumbered > 0;
    if (header?.isPaginated !== true || !isWrong || doubled.count > 0) return undefined;
    for (const { had, ordinal, ...line } of ordinals.wanted(header.historyBase?.endOrdinal ?? 0)) {
      if (had === ordinal || line.at < (this.#options.pin?.offset ?? 0)) continue;
      const edit = had === undefined ? undefined : this.#changed(line, had, ordinal);
      if (edit) {
        yield edit;
        continue;
      }
      const head = beforeOrdinal.exec(this.#head(line));
      if (!head) continue;
      const [{ length: end }, start] = head as unknown as [string, string];
      const isMissing = had === undefined && ordinals.missing.count > 0;
      const text = Buffer.from(`"ordinal":${ordinal},`);
      const says = `ordinal ${ordinal} is put in`;
      const place = partOf(line, start.length, end - start.length);
      yield this.#file.replace(place, isMissing ? "missing-ordinal" : kind, says, text);
    }
    return undefined;
  }

  /** Gives a line another ordinal than the one it had; `undefined` where that isn't found in it. */
  #changed(line: Span, had: number, ordinal: number): Edit | undefined {
    // After a timestamp that is no time the ordinal stands further back.
    const found =
      ordinalDigits.exec(this.#head(line)) ?? ordinalDigits.exec(this.#file.bytes(line).toString("latin1"));
    if (!found) return undefined;
    const place = partOf(line, found.index, found[0].length);
    return this.#file.replace(place, kind, `ordinal ${had} becomes ${ordinal}`, Buffer.from(String(ordinal)));
  }

  #head({ at: start, bytes: length }: Span): string {
    return this.#file.read(start, Math.min(length, longestHead)).toString("latin1");
  }

  /** Reads each record's ordinal, place and time; `false` when there are too many. */
  #read(): boolean {
    const rows = this.#rows;
    const found: number[] = [];
    const copies = startsOf(this.#found.doubled.spans);
    for (const line of this.#file.lines()) {
      const glanced = copies.has(line.at) ? undefined : glance(line.head);
      if (glanced?.ordinal === undefined) continue;
      if (found.length === mostLines) return false;
      found.push(glanced.ordinal);
      rows.put(
        rows.add(),
        line.index,
        line.at,
        line.bytes + line.ending,
        glancedTime(line.head, glanced) ?? 0,
      );
    }
    this.#ordinals = Float64Array.from(found);
    return true;
  }

  /** How often the timestamps go back when lines are read in this order. */
  #stepsBack(order: Uint32Array): number {
    let steps = 0;
    for (let nth = 1; nth < order.length; nth++)
      if (this.#rows.get(order[nth]!, time) < this.#rows.get(order[nth - 1]!, time)) steps++;
    return steps;
  }

  /** Moves as few lines as possible: those outside of a longest increasing run of ordinals. */
  *#moves(byOrdinal: Uint32Array): Generator<Edit, undefined> {
    const rows = this.#rows;
    const stays = longestRise(this.#ordinals);
    const moved = byOrdinal.filter((row) => stays[row] === 0);
    const isLong = moved.some((row) => rows.get(row, bytes) > longestExamined);
    if (isLong || moved.length > mostMoved) return undefined;
    let nth = byOrdinal.length - 1;
    const places = new Map<number, number>();
    for (let place = this.#found.bytes; nth >= 0; nth--) {
      const row = byOrdinal[nth]!;
      if (stays[row] === 1) place = rows.get(row, at);
      else places.set(row, place);
    }
    for (const row of moved) {
      const line = this.#line(row);
      const own = this.#file.bytes(line);
      yield this.#file.replace(line, kind, "the line goes to its place", Buffer.alloc(0));
      const place = { index: line.index, at: places.get(row)!, bytes: 0 };
      yield this.#file.insert(place, kind, "the line that stood elsewhere", own);
    }
    return undefined;
  }

  /** Leaves the lines where they are, and gives each the ordinal of its place. */
  *#exchanges(byOrdinal: Uint32Array): Generator<Edit, undefined> {
    for (const [row, from] of byOrdinal.entries()) {
      const [had, ordinal] = [this.#ordinals[row]!, this.#ordinals[from]!];
      if (had === ordinal) continue;
      const edit = this.#changed(this.#line(row), had, ordinal);
      if (edit) yield edit;
    }
    return undefined;
  }

  #line(row: number): Span {
    const rows = this.#rows;
    return { index: rows.get(row, index), at: rows.get(row, at), bytes: rows.get(row, bytes) };
  }
}

/** Marks with 1 the members of a longest increasing subsequence. */
function longestRise(numbers: Float64Array): Uint8Array {
  /** For each length, the position of the smallest number that ends an increasing subsequence of that length. */
  const ends = new Int32Array(numbers.length + 1);
  const before = new Int32Array(numbers.length).fill(-1);
  let longest = 0;
  for (let place = 0; place < numbers.length; place++) {
    let [low, high] = [1, longest + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[ends[middle]!]! < numbers[place]!) low = middle + 1;
      else high = middle;
    }
    if (low > 1) before[place] = ends[low - 1]!;
    ends[low] = place;
    longest = Math.max(longest, low);
  }
  const belongs = new Uint8Array(numbers.length);
  for (let place = longest === 0 ? -1 : ends[longest]!; place >= 0; place = before[place]!)
    belongs[place] = 1;
  return belongs;
}
