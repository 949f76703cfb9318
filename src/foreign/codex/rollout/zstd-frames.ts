/** How frames begin (RFC 8878, little-endian): those with content, and those that are skipped, whose last four bits are free. */
const frameMagic = 0xfd2fb528;
const skippedMagic = 0x184d2a50;
/** The longest head of a frame with content. */
const longestHead = 18;
/** Bytes of what a frame's descriptor says that its head has, by two of its bits. */
const dictionaryBytes = [0, 1, 2, 4];
const sizeBytes = [0, 2, 4, 8];
/** The type of a block that is one byte, repeated. */
const repeated = 1;

/** Bytes at an offset, fewer where they end before. */
type ReadAt = (at: number, length: number) => Buffer;

/**
 * Whether Zstandard data of `size` bytes ends within a frame. Node 24.0 to 24.18, and 25, unpack a file that was cut off as if it were whole;
 * 24.20 fails (measured 2026-11-22). Only heads of frames and blocks are read. What is damaged in another way fails in all of them, and
 * isn't looked for here.
 */
export function endsWithinFrame(read: ReadAt, size: number): boolean {
  for (let at = 0; at < size;) {
    const end = frameEnd(read, at, size);
    if (end === undefined) return false;
    if (end > size) return true;
    at = end;
  }
  return false;
}

/** The offset behind the frame at `at`, beyond `size` where it is cut off; `undefined` where there is no frame. */
function frameEnd(read: ReadAt, at: number, size: number): number | undefined {
  const head = read(at, longestHead);
  if (head.length < 5) return size + 1;
  const magic = head.readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === skippedMagic)
    return head.length < 8 ? size + 1 : at + 8 + head.readUInt32LE(4);
  if (magic !== frameMagic) return undefined;
  const descriptor = head[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const contentSize = sizeBytes[descriptor >> 6]! || (isSingle ? 1 : 0);
  let block = at + 5 + (isSingle ? 0 : 1) + dictionaryBytes[descriptor & 3]! + contentSize;
  for (let isLast = false; !isLast;) {
    const bytes = read(block, 3);
    if (bytes.length < 3) return size + 1;
    const said = bytes.readUIntLE(0, 3);
    isLast = (said & 1) === 1;
    block += 3 + (((said >> 1) & 3) === repeated ? 1 : said >> 3);
  }
  return block + (hasChecksum ? 4 : 0);
}
