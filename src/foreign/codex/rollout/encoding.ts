/** Encodings that rollouts are found in: Codex writes UTF-8, other programs may have written them anew. */
export type Encoding = "utf-8" | "utf-16le" | "utf-16be";

const [openBrace, openBracket] = [0x7b, 0x5b];

/**
 * What a file is written in, by its first bytes. Windows PowerShell writes UTF-16 where nothing else is said, with a mark at its
 * beginning.
 */
export function encodingOf([first, second]: Buffer): Encoding {
  const isOpening = (byte: number | undefined): boolean => byte === openBrace || byte === openBracket;
  if ((first === 0xff && second === 0xfe) || (isOpening(first) && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && isOpening(second)) ? "utf-16be" : "utf-8";
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
