import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { glance } from "./glance.ts";
import { linesIn } from "./lines.ts";
import { isOfCodex } from "./of-codex.ts";
import { readRecord } from "./record.ts";
import { ValuesInLines } from "./values-in-lines.ts";
import { isBlank, isSpace } from "./white-space.ts";

/** How records stand in a file that a program has written anew, so that no line of it is one: Codex refuses such a file. */
export type Layout = "UTF-16" | "one record over many lines" | "one JSON list";

/** How a file is to be read so that every record has a line of its own. */
export interface Writing {
  readonly layout: Layout;
  readonly encoding: "utf-8" | "utf-16le" | "utf-16be";
  /** In UTF-16, but with a line for each record. */
  readonly isInLines: boolean;
}

const enough = 2 ** 9;
const headBytes = 2 ** 20;
const [newline, openBrace, openBracket, closeBracket] = [0x0a, 0x7b, 0x5b, 0x5d];

/** Of a rollout that has no lines as Codex writes them; `undefined` where it has, or where it holds no record at all. Reads its head. */
export function writingOf(path: string): Writing | undefined {
  const fd = openSync(path, "r");
  try {
    const first = Buffer.allocUnsafe(enough);
    if (glance(first.subarray(0, readSync(fd, first, 0, enough, 0)))) return undefined;
    const head = Buffer.allocUnsafe(Math.min(fstatSync(fd).size, headBytes));
    return writingIn(head.subarray(0, readSync(fd, head, 0, head.length, 0)));
  } finally {
    closeSync(fd);
  }
}

/** As `writingOf`, of a file's head. */
function writingIn(bytes: Buffer): Writing | undefined {
  const encoding = encodingOf(bytes);
  const text = encoding === "utf-8" ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
  const lines = linesIn(text).filter((line) => !isBlank(line.bytes));
  const isInLines = lines[0] !== undefined && isRecord(lines[0].bytes);
  if (isInLines) return encoding === "utf-8" ? undefined : { layout: "UTF-16", encoding, isInLines };
  const values = new ValuesInLines().take(text);
  if (!isRecord(values.subarray(0, values.indexOf(newline)))) return undefined;
  if (encoding !== "utf-8") return { layout: "UTF-16", encoding, isInLines };
  // A file that has lines, and no first one that can be read, has others that can be; a list of one value a line ends with one.
  const isList = text[begin(text)] === openBracket;
  const last = lines.findLastIndex(({ bytes: line }) => line[begin(line)] !== closeBracket);
  if (lines.slice(0, isList ? last : undefined).some((line) => isRecord(line.bytes))) return undefined;
  return { layout: isList ? "one JSON list" : "one record over many lines", encoding, isInLines };
}

/** The bytes of such a file with every record on a line of its own, as Codex wrote them; what is torn stays behind them, for the repairs of lines. */
export function relaid(written: Buffer): Buffer {
  const { encoding = "utf-8", isInLines = false } = writingIn(written.subarray(0, headBytes)) ?? {};
  const text = encoding === "utf-8" ? written : Buffer.from(new TextDecoder(encoding).decode(written));
  return isInLines ? text : new ValuesInLines().take(text);
}

/** Of the first byte that is no white space and no byte order mark. */
function begin(bytes: Buffer): number {
  let at = bytes[0] === 0xef ? 3 : 0;
  while (isSpace(bytes[at]) || bytes[at] === newline) at++;
  return at;
}

function isRecord(line: Buffer): boolean {
  const read = readRecord({ bytes: line, whole: true });
  return read.readable && isOfCodex(read);
}

/** Windows PowerShell writes UTF-16 where nothing else is said, with a mark at its beginning. */
function encodingOf([first, second]: Buffer): Writing["encoding"] {
  const isOpening = (byte: number | undefined): boolean => byte === openBrace || byte === openBracket;
  if ((first === 0xff && second === 0xfe) || (isOpening(first) && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && isOpening(second)) ? "utf-16be" : "utf-8";
}
