const scratch = Buffer.allocUnsafeSlow(2 ** 13);
const longest = Math.floor((scratch.length * 4) / 3);
const others = /[^A-Za-z0-9+/_-]/;

/** Whether a text is nothing but characters of base64 or base64url, without padding. */
export function isBase64(text: string): boolean {
  const { length } = text;
  // Node's decoder is five times as fast as the expression. It skips characters outside of base64, and then gives fewer bytes; the last
  // character of 4n + 1 gives none in any case. Of characters beyond ASCII it sees only the lower eight bits (Node 24).
  if (length % 4 === 1 || length > longest) return !others.test(text);
  return (
    Buffer.byteLength(text) === length && scratch.write(text, "base64url") === Math.floor((length * 3) / 4)
  );
}

const digits = new Map(
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((letter, at) => [
    letter.charCodeAt(0),
    at,
  ]),
)
  .set(0x2d, 62)
  .set(0x5f, 63);

/**
 * The big-endian number that characters `start` to `end` of base64 or base64url encode; `NaN` where one is missing or no such character.
 */
export function base64Number(text: Pick<string, "charCodeAt">, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 64 + (digits.get(text.charCodeAt(at)) ?? Number.NaN);
  return value;
}
