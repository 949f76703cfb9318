/** Whether the byte is JSON white space within a line. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

/** Whether a line holds nothing: every version passes it over. */
export function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (!isSpace(byte)) return false;
  return true;
}

/** Whether a line begins as an object does. */
export function startsWithBrace(bytes: Buffer): boolean {
  let at = 0;
  while (isSpace(bytes[at])) at++;
  return bytes[at] === 0x7b;
}
