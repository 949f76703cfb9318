import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import { longestExamined } from "../examine/examine.ts";
import { glance, glancedTime } from "../rollout/glance.ts";
import { NumberRows } from "../examine/number-rows.ts";
import { startsOf } from "../rollout/span.ts";
import { ordinalDigits } from "./line-bytes.ts";

const mostLines = 500_000;
const mostMoved = 10_000;
const [index, at, bytes, indent, time] = [0, 1, 2, 3, 4];
const kind = "ordinal-regressed";

/**
 * Puts records into the order of their ordinals, where no ordinal is there twice. (Ordinals that an older Codex gave again are handled
 * elsewhere.) If the times follow the ordinals, lines are moved back to their places; if the times follow the lines, only the ordinals
 * were exchanged. Nothing after the last of these lines moves. Where too much would have to move, the lines are numbered anew
 * (`LinesPlanner.ordinals`).
 */
export class OrderPlanner {
  readonly #found: Examination;
  readonly #file: EditedFile;
  readonly #rows = new NumberRows(5);
  #ordinals = new Float64Array(0);

  constructor(found: Examination, file: EditedFile) {
    this.#found = found;
    this.#file = file;
  }

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
        line.indent,
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
      const line = { index: rows.get(row, index), at: rows.get(row, at), bytes: rows.get(row, bytes) };
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
      const line = {
        index: this.#rows.get(row, index),
        at: this.#rows.get(row, at) + this.#rows.get(row, indent),
        bytes: 512,
      };
      const found = ordinalDigits.exec(this.#file.bytes(line).toString("latin1"));
      if (!found) continue;
      const place = { index: line.index, at: line.at + found.index, bytes: found[0].length };
      const text = Buffer.from(String(ordinal));
      yield this.#file.replace(place, kind, `ordinal ${had} becomes ${ordinal}`, text);
    }
    return undefined;
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
