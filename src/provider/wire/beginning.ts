import { beginningBytes, looksLikeStream } from "../../lib/event-stream.ts";
import type { Silence } from "./pulse.ts";

/** What an answer with a good status is: events, one JSON value, or a page that somebody put in its place. */
export type AnswerKind = "stream" | "whole" | "page";

/**
 * What an answer is by its first bytes, and only then by its type: relays in PHP call all that they send HTML, those in Go a text, and others
 * keep the type of the answer that was asked for, or of the one that they were given.
 */
export function answerKind(type: string, start: Buffer): AnswerKind {
  if (looksLikeStream(start)) return "stream";
  if (/^(?:\xEF\xBB\xBF)?\s*\{/u.test(start.toString("latin1")) || /\bjson\b/iu.test(type)) return "whole";
  return /\bhtml\b/iu.test(type) ? "page" : "stream";
}

/** The first bytes of an answer: as many as show what it is, or fewer when there are no more. */
export async function* beginning(
  pieces: AsyncIterator<Buffer | Silence>,
): AsyncGenerator<Silence, Buffer<ArrayBuffer>> {
  let start = Buffer.alloc(0);
  while (start.length < beginningBytes) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    if (Buffer.isBuffer(value)) start = Buffer.concat([start, value]);
    else yield value;
  }
  return start;
}

/** All of it again: what was taken as the beginning, and the rest. */
export async function* begunWith<Piece>(
  start: Buffer,
  rest: AsyncIterable<Piece>,
): AsyncGenerator<Buffer | Piece> {
  if (start.length > 0) yield start;
  yield* rest;
}
