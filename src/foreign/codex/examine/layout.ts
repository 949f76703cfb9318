import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isOfCodex } from "./of-codex.ts";
import { readRecord } from "../rollout/record.ts";
import { isSpace } from "../rollout/white-space.ts";
import { watched } from "./watched-record.ts";

/** How records stand in a file that a program has written anew, so that no line of it is one: Codex refuses such a file. */
export type Layout = "UTF-16" | "one record over many lines" | "one JSON list";

const headBytes = 2 ** 20;
/** Longer files aren't put into lines again: all of it is in memory then. */
const longest = 2 ** 28;
const [quote, backslash, comma, newline, openBrace, openBracket] = [0x22, 0x5c, 0x2c, 0x0a, 0x7b, 0x5b];
const [closeBrace, closeBracket] = [0x7d, 0x5d];

/** Of a file that no line of is a record; `undefined` where it holds none at all. */
export function layoutOf(path: string): Layout | undefined {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    if (size > longest) return undefined;
    const head = Buffer.allocUnsafe(Math.min(size, headBytes));
    const bytes = head.subarray(0, readSync(fd, head, 0, head.length, 0));
    const text = asUtf8(bytes);
    const first = inLines(text);
    if (!isRecord(first.subarray(0, first.indexOf(newline)))) return undefined;
    if (text !== bytes) return "UTF-16";
    return bytes[begin(bytes)] === openBracket ? "one JSON list" : "one record over many lines";
  } finally {
    closeSync(fd);
  }
}

/** The bytes of such a file with every record on a line of its own, as Codex wrote them; what is torn stays behind them, for the repairs of lines. */
export function relaid(written: Buffer): Buffer {
  const text = asUtf8(written);
  const firstLine = text.subarray(0, text.indexOf(newline));
  return text !== written && isRecord(firstLine) ? text : inLines(text);
}

function isRecord(line: Buffer): boolean {
  const read = readRecord({ bytes: line, whole: true });
  return read.readable && isOfCodex(watched(read));
}

/** Windows PowerShell writes UTF-16 where nothing else is said, with a mark at its beginning. The same buffer where it is something else. */
function asUtf8(bytes: Buffer): Buffer {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || (first === openBrace && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second === openBrace);
  if (!isLittle && !isBig) return bytes;
  const even = bytes.subarray(0, bytes.length - (bytes.length % 2));
  const text = (isBig ? Buffer.from(even).swap16() : even).toString("utf16le");
  return Buffer.from(text.startsWith("\uFEFF") ? text.slice(1) : text);
}

function begin(bytes: Buffer): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (isSpace(bytes[at]) || bytes[at] === newline) at++;
  return at;
}

/** The values of a text, one a line, without the spaces and line breaks between their parts; a list of them gives its own. */
function inLines(text: Buffer): Buffer {
  const lines = Buffer.allocUnsafe(2 * text.length + 1);
  let [length, depth, isString] = [0, 0, false];
  for (let at = begin(text); at < text.length; at++) {
    const byte = text[at]!;
    if (isString) {
      lines[length++] = byte;
      if (byte === backslash && at + 1 < text.length) lines[length++] = text[++at]!;
      isString = byte !== quote;
      continue;
    }
    const isBetween = depth === 0 && (byte === comma || byte === openBracket || byte === closeBracket);
    const isInLine = length > 0 && lines[length - 1] !== newline;
    if (isSpace(byte) || byte === newline || isBetween) {
      if (depth === 0 && isInLine) lines[length++] = newline;
      continue;
    }
    if (depth === 0 && byte === openBrace && isInLine) lines[length++] = newline;
    lines[length++] = byte;
    if (byte === quote && depth > 0) isString = true;
    else if (byte === openBrace || byte === openBracket) depth++;
    else if (depth > 0 && (byte === closeBrace || byte === closeBracket) && --depth === 0)
      lines[length++] = newline;
  }
  return lines.subarray(0, length);
}
