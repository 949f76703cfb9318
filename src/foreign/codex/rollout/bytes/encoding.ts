/** Encodings that rollouts are found in: Codex writes UTF-8, other programs may have written them anew. */
export type Encoding = "utf-8" | "utf-16le" | "utf-16be";

const [openBrace, openBracket] = [0x7b, 0x5b];
/** How records begin in UTF-16. */
const opening = Buffer.from('{"', "utf16le");
/** So much is looked through where the first bytes tell nothing. */
const enough = 2 ** 16;

/**
 * What a file is written in, by its first bytes. Windows PowerShell writes UTF-16 where nothing else is said, with a mark at its
 * beginning. Where these are overwritten, the first record behind them tells.
 */
export function encodingOf(bytes: Buffer): Encoding {
  const [first, second] = bytes;
  const isOpening = (byte: number | undefined): boolean => byte === openBrace || byte === openBracket;
  if ((first === 0xff && second === 0xfe) || (isOpening(first) && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && isOpening(second))) return "utf-16be";
  if (isOpening(first)) return "utf-8";
  const at = bytes.subarray(0, enough).indexOf(opening);
  // Their high bytes come first where they stand at odd places.
  return at < 0 ? "utf-8" : at % 2 === 0 ? "utf-16le" : "utf-16be";
}

/** A piece of text in that encoding. */
export function encoded(text: string, encoding: Encoding): Buffer {
  if (encoding === "utf-8") return Buffer.from(text);
  const bytes = Buffer.from(text, "utf16le");
  return encoding === "utf-16be" ? bytes.swap16() : bytes;
}

/** A text of that encoding in UTF-8; what is in UTF-8 already stays as it is, with the mark that it may begin with. */
export function inUtf8(bytes: Buffer, encoding: Encoding): Buffer {
  return encoding === "utf-8" ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
}
