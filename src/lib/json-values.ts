const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

/** Splits JSON values separated by commas, which come in pieces that are cut anywhere; no more than one value is held. */
export async function* jsonValues(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let depth = 0;
  let isString = false;
  let isEscaped = false;
  for await (const piece of pieces) {
    let start = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]!;
      if (isString) {
        isString = isEscaped || byte !== quote;
        isEscaped = !isEscaped && byte === backslash;
      } else if (byte === quote) isString = true;
      else if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) depth--;
      else if (byte === comma && depth === 0) {
        yield Buffer.concat([...held, piece.subarray(start, at)]);
        held = [];
        start = at + 1;
      }
    }
    if (start < piece.length) held.push(piece.subarray(start));
  }
  if (held.length > 0) yield Buffer.concat(held);
}
