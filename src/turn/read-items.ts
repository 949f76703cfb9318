import type { ItemRecord } from "../session/event.ts";
import type { SessionLog } from "../store.ts";

/** Reads items one after the other, whole; the bytes are valid until `use` returns. */
export async function readItems(
  log: Pick<SessionLog, "bodies">,
  records: readonly ItemRecord[],
  use: (record: ItemRecord, item: Uint8Array) => void,
): Promise<void> {
  let at = 0;
  let parts: Uint8Array[] = [];
  let read = 0;
  for await (const batch of log.bodies(records.map(({ body }) => body))) {
    for (const buffer of batch) {
      const record = records[at]!;
      const { length } = record.body;
      read += buffer.length;
      if (read < length) {
        parts.push(buffer.slice());
        continue;
      }
      use(record, parts.length === 0 ? buffer : joined([...parts, buffer], length));
      parts = [];
      read = 0;
      at++;
    }
  }
  if (at < records.length) throw new Error(`the store gave ${at} of ${records.length} items`);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let filled = 0;
  for (const part of parts) {
    whole.set(part, filled);
    filled += part.length;
  }
  return whole;
}
