import { JsonStream, type TextFlaw } from "../../../lib/json-stream.ts";
import type { ReadAt } from "../../../lib/file-bytes.ts";
import type { Span } from "../rollout/bytes/lines.ts";

/** A place in a long line for which Codex refuses the line. */
export interface LineFlaw {
  readonly is: TextFlaw;
  readonly at: number;
  readonly bytes: number;
}

/** What a long line holds. `flaws`: the first ones, of a line that would be an object without them. */
export interface LongLine {
  readonly isObject: boolean;
  readonly isBlank: boolean;
  readonly flaws: readonly LineFlaw[];
  readonly count: number;
}

const piece = 2 ** 20;
const mostFlaws = 10_000;

/** Checks a line piece by piece: it may have gigabytes. */
export function lookThrough({ at, bytes }: Pick<Span, "at" | "bytes">, read: ReadAt): LongLine {
  const flaws: LineFlaw[] = [];
  let count = 0;
  const stream = new JsonStream((is, offset, length) => {
    if (count++ < mostFlaws) flaws.push({ is, at: at + offset, bytes: length });
  });
  for (let done = 0; done < bytes && !stream.isBroken;) {
    const asked = Math.min(piece, bytes - done);
    const part = read(at + done, asked);
    if (part.length === 0) break;
    // Fewer bytes than asked for: the file has become shorter meanwhile.
    done += stream.take(part, part.length < asked || asked === bytes - done);
  }
  return { isObject: stream.isWhole, isBlank: stream.isBlank, flaws, count };
}

/** Why Codex passes the line over; `undefined` where it takes it, and "blank" where there is nothing in it. */
export function flawOf(line: LongLine): "blank" | "json" | "utf8" | "surrogate" | undefined {
  if (line.isBlank) return "blank";
  if (!line.isObject) return "json";
  const [first] = line.flaws;
  return first === undefined ? undefined : first.is === "control" ? "json" : first.is;
}
