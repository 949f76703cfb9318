import type { StreamPoint } from "./fault.ts";
import type { StreamEvent } from "./wire.ts";

/** A part of a text, as one delta carries it, and the points that the stream passes with it. */
export interface Piece {
  readonly text: string;
  readonly points: readonly StreamPoint[];
}

/**
 * A text in pieces of `size` characters, of which the middle one passes `point`; a text that would be one piece is cut in two, so that
 * there is a middle.
 */
export function* pieces(text: string, size: number, point: StreamPoint): Generator<Piece> {
  const characters = Array.from(text);
  const length = Math.max(1, Math.min(size, Math.ceil(characters.length / 2)));
  const count = Math.ceil(characters.length / length);
  const middle = Math.floor((count - 1) / 2);
  for (let at = 0; at < count; at++)
    yield {
      text: characters.slice(at * length, (at + 1) * length).join(""),
      points: at === middle ? [point] : [],
    };
}

/** The events that carry a text in pieces: `event` makes each from its piece. */
export function* deltas(
  text: string,
  size: number,
  point: StreamPoint,
  event: (piece: string) => StreamEvent,
): Generator<StreamEvent> {
  for (const { text: piece, points } of pieces(text, size, point))
    yield { ...event(piece), points, delta: true };
}
