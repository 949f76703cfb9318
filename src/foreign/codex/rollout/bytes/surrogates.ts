const backslash = 0x5c;

/**
 * Offsets of `\uXXXX` escapes that are half of a surrogate pair without its other half. JSON.parse takes them; Codex (serde_json) refuses
 * the whole line.
 */
export function loneSurrogates(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf("\\u"); at >= 0;) {
    const unit = unitAt(bytes, at);
    let next = at + 2;
    if (unit !== undefined && unit >= 0xd800 && unit <= 0xdfff) {
      const low = unit < 0xdc00 ? unitAt(bytes, at + 6) : undefined;
      if (low !== undefined && low >= 0xdc00 && low <= 0xdfff) next = at + 12;
      else found.push(at);
    }
    at = bytes.indexOf("\\u", next);
  }
  return found;
}

/** The code unit of the `\u` escape at this offset; `undefined` where none begins (the backslash may itself be escaped). */
function unitAt(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] !== backslash || bytes[at + 1] !== 0x75) return undefined;
  let slashes = 0;
  while (bytes[at - 1 - slashes] === backslash) slashes++;
  const digits = bytes.toString("latin1", at + 2, at + 6);
  return slashes % 2 === 0 && /^[0-9a-fA-F]{4}$/u.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
