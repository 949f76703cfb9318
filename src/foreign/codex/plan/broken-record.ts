import { isAt } from "../../../lib/bytes.ts";
import type { Span } from "../rollout/bytes/lines.ts";
import { isSpace } from "../rollout/bytes/white-space.ts";
import type { EditedFile } from "./edited-file.ts";
import { salvage } from "./salvage.ts";

/** No record of more pieces, bytes or possible ends is looked for. */
const [mostPieces, mostBytes, mostEnds] = [1_000, 2 ** 24, 16];
/** Between two pieces stand their line ends: where separators stood side by side, those of empty lines, too. */
const mostBetween = 64;

/**
 * The record that a bad line begins and those behind it end: programs that read a file by lines as Unicode has them break records at U+2028
 * or U+0085 in a text (Python's `splitlines`), and editors wrap them. Each line end becomes a space, so that the record is as long as the
 * lines were. `undefined` where they make none. No line is looked at for two records: each ends where the next begins, and a piece of a text
 * doesn't begin as one, its quotes being escaped.
 */
export function brokenRecord(
  lines: readonly Span[],
  from: number,
  file: EditedFile,
): { readonly span: Span; readonly bytes: Buffer } | undefined {
  const first = lines[from]!;
  if (!beginsRecord(first, file)) return undefined;
  let [end, ends] = [first.at + first.bytes, 0];
  for (let nth = from + 1; nth < Math.min(lines.length, from + mostPieces); nth++) {
    const piece = lines[nth]!;
    const next = piece.at + piece.bytes;
    if (piece.at - end > mostBetween || next - first.at > mostBytes || ends === mostEnds) return undefined;
    if (beginsRecord(piece, file)) return undefined;
    end = next;
    if (lastOf(piece, file) !== closeBrace) continue;
    ends++;
    const span = { ...first, bytes: end - first.at };
    const { bytes, lost } = salvage(file.bytes(span));
    if (lost.length === 0) return { span, bytes };
  }
  return undefined;
}

const closeBrace = 0x7d;
const objectMark = Buffer.from('{"');

const beginsRecord = ({ at }: Span, file: EditedFile): boolean =>
  isAt(file.read(at, objectMark.length), 0, objectMark);

/** The last byte of a line that is no space. */
function lastOf({ at, bytes }: Span, file: EditedFile): number | undefined {
  const length = Math.min(bytes, 256);
  return file.read(at + bytes - length, length).findLast((byte) => !isSpace(byte));
}
