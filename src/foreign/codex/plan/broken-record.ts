import { isAt } from "../../../lib/bytes.ts";
import type { Span } from "../rollout/bytes/lines.ts";
import { isSpace } from "../rollout/bytes/white-space.ts";
import { recordMark } from "../rollout/record/glance.ts";
import type { EditedFile } from "./edited-file.ts";
import { salvage } from "./salvage.ts";

/** No record of more pieces, bytes or possible ends is looked for. */
const [mostPieces, mostBytes, mostEnds] = [1_000, 2 ** 24, 16];
/** Between two pieces stand their line ends: where separators stood side by side, those of empty lines, too. */
const mostBetween = 64;

/**
 * The record that a bad line is together with those behind it: programs that read a file by lines as Unicode has them break records at
 * U+2028 or U+0085 in a text (Python's `splitlines`), and editors wrap them. Each line end becomes a space, so that the record is as long
 * as the lines were. `undefined` where they make none.
 */
export function brokenRecord(
  lines: readonly Span[],
  from: number,
  file: EditedFile,
): { readonly span: Span; readonly bytes: Buffer } | undefined {
  const first = lines[from]!;
  const head = file.read(first.at, Math.min(first.bytes, 256));
  if (head[head.findIndex((byte) => !isSpace(byte))] !== openBrace) return undefined;
  let [end, ends] = [first.at + first.bytes, 0];
  for (const piece of lines.slice(from + 1, from + mostPieces)) {
    const next = piece.at + piece.bytes;
    if (piece.at - end > mostBetween || next - first.at > mostBytes || ends === mostEnds) return undefined;
    if (isAt(file.read(piece.at, recordMark.length), 0, recordMark)) return undefined;
    end = next;
    if (lastOf(piece, file) !== closeBrace) continue;
    ends++;
    const span = { ...first, bytes: end - first.at };
    const { bytes, lost } = salvage(file.bytes(span));
    if (lost.length === 0) return { span, bytes };
  }
  return undefined;
}

const [openBrace, closeBrace] = [0x7b, 0x7d];

/** The last byte of a line that is no space. */
function lastOf({ at, bytes }: Span, file: EditedFile): number | undefined {
  const length = Math.min(bytes, 256);
  return file.read(at + bytes - length, length).findLast((byte) => !isSpace(byte));
}
