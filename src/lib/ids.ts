import { randomBytes } from "node:crypto";

/** A UUID version 7 (RFC 9562): sorts by creation time, so that the folders of a month sort too. `now` is in milliseconds. */
export function uuidv7(now: number, random: Uint8Array = randomBytes(10)): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(now / 2 ** 32));
  view.setUint32(2, now % 2 ** 32);
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Whether a text is a UUID in lower case, as sessions have them. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u.test(text);

/** The creation time in milliseconds that a UUID version 7 holds, or `undefined` for another kind of id. */
export function uuidv7Time(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * Makes ids that rise strictly, also within a millisecond and when the clock is set back: the 12 bits behind the time count up from a
 * random start (RFC 9562, method 1).
 */
export function risingIds(now: () => number): () => string {
  let last = 0;
  let count = 0;
  return () => {
    const time = now();
    if (time > last) {
      last = time;
      count = randomBytes(1)[0]!;
    } else if (++count > 0xfff) {
      last++;
      count = 0;
    }
    const random = randomBytes(10);
    random[0] = count >> 8;
    random[1] = count & 0xff;
    return uuidv7(last, random);
  };
}
