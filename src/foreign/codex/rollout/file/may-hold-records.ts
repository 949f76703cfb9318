import { headOf, isCompressed, wholeOf } from "../bytes/compressed.ts";
import { type Encoding, encodingOf } from "../bytes/encoding.ts";
import { piecesOf } from "../../../../lib/file-bytes.ts";
import { longestLine } from "../bytes/lines.ts";
import { recordTypes } from "../record/of-codex.ts";
import { bareKinds } from "../record/record.ts";

/** So much of a compressed rollout is looked at first. */
const packedHead = 2 ** 16;
const piece = 2 ** 22;
/** A file of fewer bytes is read in no time, whatever it holds. */
const small = 2 ** 22;

/** Type names in records, and roles in messages of another API, of which old documents may be full (`responsesItems`). */
const named = new RegExp(
  `"(?:type|record_type)"\\s*:\\s*"(?:${[...recordTypes, ...bareKinds].join("|")})"|"role"\\s*:\\s*"`,
  "u",
);
/** The end of a piece that may hold the beginning of a name. */
const longestName = 128;

/**
 * Whether a file may hold a record of Codex's, by words that every one has in it, wherever they stand. To parse millions of lines, or one
 * of 50 MB, only to see that nothing in them is one takes minutes, and ten times the file's size in memory.
 */
export function mayHoldRecords(path: string): boolean {
  let seen = 0;
  let kept = "";
  let encoding: Encoding = "utf-8";
  for (const bytes of isCompressed(path) ? unpackedPieces(path) : piecesOf(path)) {
    if (seen === 0) encoding = encodingOf(bytes);
    seen += bytes.length;
    // All that is looked for is ASCII.
    const text =
      kept + (encoding === "utf-8" ? bytes.toString("latin1") : new TextDecoder(encoding).decode(bytes));
    if (named.test(text)) return true;
    kept = text.slice(-longestName);
  }
  return seen <= small;
}

function* unpackedPieces(path: string): Generator<Buffer> {
  yield headOf(path, Buffer.allocUnsafe(packedHead));
  const whole = wholeOf(path, longestLine);
  if (whole) for (let at = 0; at < whole.length; at += piece) yield whole.subarray(at, at + piece);
}
