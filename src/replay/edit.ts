/** A change to an item's bytes: what lies between `from` and `to` is replaced. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** The bytes with the edits carried out. */
export function applied(item: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { from, to, bytes } of edits) {
    parts.push(item.subarray(at, from), bytes);
    at = to;
  }
  parts.push(item.subarray(at));
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    whole.set(part, filled);
    filled += part.length;
  }
  return whole;
}
