const newline = Buffer.from("\n");

/** The digits of a line's ordinal. */
export const ordinalDigits = /(?<="ordinal":)\d+/u;

/** A run of spaces, which every version of Codex passes over. */
export function spaces(length: number): Buffer {
  return Buffer.alloc(length, " ");
}

/** Bytes with spaces after them up to a length; longer ones as they are. */
export function padded(bytes: Buffer, length: number): Buffer {
  if (bytes.length >= length) return bytes;
  const whole = spaces(length);
  bytes.copy(whole);
  return whole;
}

/** A line with its end. */
export function ended(line: Buffer): Buffer {
  return Buffer.concat([line, newline]);
}
