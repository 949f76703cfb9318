import type { BodyRef } from "./event.ts";

/** Reads items' bytes from a store: for each ref one buffer or more, in the order asked for; each batch holds what one read brought. */
export type Bodies = (refs: readonly BodyRef[]) => AsyncIterable<readonly Uint8Array[]>;

/**
 * The records' items whole, in their order, from what a store's `bodies` gives in pieces. The bytes are valid until the next item is asked
 * for.
 */
export async function* itemsOf<R extends { readonly body: BodyRef }>(
  records: readonly R[],
  bodies: Bodies,
): AsyncGenerator<{ record: R; item: Uint8Array }> {
  let at = 0;
  let begun: { item: Uint8Array; filled: number } | undefined;
  for await (const batch of bodies(records.map(({ body }) => body))) {
    for (const bytes of batch) {
      const record = records[at]!;
      if (!begun && bytes.length === record.body.length) {
        at++;
        yield { record, item: bytes };
        continue;
      }
      begun ??= { item: new Uint8Array(record.body.length), filled: 0 };
      begun.item.set(bytes, begun.filled);
      begun.filled += bytes.length;
      if (begun.filled < begun.item.length) continue;
      const { item } = begun;
      begun = undefined;
      at++;
      yield { record, item };
    }
  }
  if (at < records.length) throw new Error(`the store gave ${at} of ${records.length} items`);
}
