import { isAscii } from "node:buffer";
import { eachMarked, isEdge } from "./marked-lines.ts";
import { headBytes, type Opened, type Parts, pieceRoom } from "./scan-parts.ts";
import { eachRewritten } from "./scan-rewritten.ts";

const pieceBytes = 2 ** 18;
/** So far a list looks into a rollout from its beginning, and back from its tail. */
const farthest = 2 ** 26;
/** A head without what is left out of it has so many bytes at most: a prompt, or the tools in a header, can be megabytes of text. */
const longHeadBytes = 2 ** 24;
/** Each head that is looked at is so many times as long as the one before. */
const growth = 4;
/** The inside of a string is left out from so many bytes on, where it is like an image's. */
const longRun = 2 ** 12;
/** So much of its beginning stays, which may be a text's, and so much of its end, before which a torn line may end. */
const [runHead, runEnd] = [2 ** 11, 16];
const [newline, quote, backslash] = [0x0a, 0x22, 0x5c];

let longHead: Buffer | undefined;

/**
 * Longer and longer heads of a rollout, without the inside of images: the first prompt may stand behind its own. The tail stays valid, and
 * each head until the next one is asked for.
 */
export function* longerHeads(rollout: Opened, { tail }: Parts): Generator<Parts> {
  const room = (longHead ??= Buffer.allocUnsafeSlow(longHeadBytes));
  const end = rollout.size - (tail?.length ?? 0);
  const until = Math.min(farthest, end);
  let filled = 0;
  let lineEnd = 0;
  let enough = headBytes + 1;
  for (let at = 0; at < until && filled < room.length;) {
    const piece = pieceRoom.subarray(0, Math.min(pieceBytes, until - at, room.length - filled));
    const bytes = piece.subarray(0, rollout.read(at, piece));
    if (bytes.length === 0) break;
    filled += copiedShort(bytes, room.subarray(filled));
    const last = bytes.lastIndexOf(newline);
    if (last >= 0) lineEnd = at + last + 1;
    at += bytes.length;
    const isLast = filled >= room.length || at >= until || bytes.length < piece.length;
    if (!isLast && filled < enough) continue;
    enough = filled * growth;
    const head = room.subarray(0, room.subarray(0, filled).lastIndexOf(newline) + 1 || filled);
    yield { head, headEnd: lineEnd, ...(tail && { tail }), between: Math.max(0, end - lineEnd) };
  }
}

/** Copies bytes without the inside of long runs in which no string ends. Returns how many were copied. */
function copiedShort(bytes: Buffer, room: Buffer): number {
  let copied = 0;
  for (let at = 0, next = 0; at < bytes.length; at = next) {
    const quoteAt = bytes.indexOf(quote, at);
    const end = quoteAt < 0 ? bytes.length : quoteAt;
    const isRun = end - at >= longRun && isPlain(bytes.subarray(at, at + longRun));
    next = isRun ? end : Math.min(bytes.length, Math.max(end, at + longRun));
    if (isRun) copied += bytes.copy(room, copied, at, at + runHead);
    copied += bytes.copy(room, copied, isRun ? end - runEnd : at, next);
  }
  return copied;
}

/** Whether so much of a string is like an image's, and can be cut anywhere. */
const isPlain = (bytes: Buffer): boolean => !bytes.includes(backslash) && isAscii(bytes);

/** Enough of a line to tell by what it is; of one that has to be parsed more. */
const [beginBytes, parsedBytes] = [2 ** 9, 2 ** 16];

/** What the tail doesn't tell of how the last turn began: what it was given, and that it began. */
interface Wanted {
  readonly settings: boolean;
  readonly edge: boolean;
  /** The lines have to be parsed. */
  readonly isRewritten: boolean;
}

/** The parts with what lies before the tail, as far back as it tells that. */
export function withLastTurn(rollout: Opened, parts: Parts, wanted: Wanted): Parts {
  // A head may be no more than the beginning of a line.
  const headEnd = Math.max(1, parts.headEnd);
  const [each, beyond] = wanted.isRewritten ? [eachRewritten, parsedBytes] : [eachMarked, beginBytes];
  const found: { settings?: number | undefined; edge?: number | undefined } = {};
  const end = parts.headEnd + parts.between;
  let to = end;
  let messages = 0;
  for (let isLast = false; to > Math.max(headEnd, end - farthest) && !isLast;) {
    // A turn is begun just before it is given anything.
    isLast = !wanted.settings || found.settings !== undefined;
    const from = Math.max(headEnd, to - pieceBytes);
    // With the newline before it.
    const piece = pieceRoom.subarray(0, Math.min(to - from + 1 + beyond, rollout.size - from + 1));
    if (rollout.read(from - 1, piece) < piece.length) break;
    const here: typeof found = {};
    const first = piece.indexOf(newline) + 1;
    if (first > 0)
      each(piece, first, to - from + 1, ({ mark, start, at }) => {
        if (mark === "settings") here.settings = from - 1 + start;
        else if (isEdge(mark)) here.edge = from - 1 + start;
        else if (mark === "message" && isSaid(piece, at)) messages++;
      });
    if (wanted.settings) found.settings ??= here.settings;
    if (wanted.edge) found.edge ??= here.edge;
    isLast ||=
      wanted.settings === (found.settings !== undefined) && wanted.edge === (found.edge !== undefined);
    to = from;
  }
  const places = [found.edge, found.settings].filter((at) => at !== undefined);
  const lines = Buffer.concat(places.map((at) => lineAt(rollout, at)));
  return { ...parts, begun: { lines, messages }, between: to - headEnd };
}

const saidMark = /"role": ?"(?:user|assistant)"/u;

/** Whether a message is the person's or the model's, as far as its beginning tells. */
const isSaid = (bytes: Buffer, at: number): boolean => saidMark.test(bytes.toString("latin1", at, at + 200));

/** The line at an offset; nothing of one that there is no room for. */
function lineAt({ read }: Opened, at: number): Buffer {
  const lineIn = (room: Buffer): Buffer => {
    const bytes = room.subarray(0, read(at, room));
    return bytes.subarray(0, bytes.indexOf(newline) + 1);
  };
  const usual = lineIn(pieceRoom.subarray(0, parsedBytes));
  return Buffer.from(usual.length > 0 ? usual : lineIn(pieceRoom));
}
