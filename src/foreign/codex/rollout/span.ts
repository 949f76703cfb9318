import type { RolloutLine } from "./lines.ts";

/** A span of the file: a line without its ending. */
export interface Span {
  readonly index: number;
  readonly at: number;
  readonly bytes: number;
}

/** A call without output, or an output without call. */
export interface Unpaired extends Span {
  readonly call: string;
  /** The item's type: function_call, custom_tool_call_output, … */
  readonly kind: string;
  readonly name?: string;
  /** The event that tells the same call's command and output, where there is one (0.117 to 0.128, 0.148 and later). */
  event?: Span;
}

/** Where a line stands, without its bytes. */
export function spanOf({ index, offset, length }: RolloutLine): Span {
  return { index, at: offset, bytes: length };
}

/** A part of a line, from an offset in it. */
export function partOf({ index, at }: Pick<Span, "index" | "at">, from: number, bytes: number): Span {
  return { index, at: at + from, bytes };
}

/** Where spans begin. */
export const startsOf = (...lists: readonly (readonly Span[])[]): Set<number> =>
  new Set(lists.flatMap((spans) => spans.map(({ at }) => at)));
