import { headOf } from "../bytes/compressed.ts";
import { glance } from "../record/glance.ts";
import { headerOfRecord, type RolloutHeader } from "../record/header.ts";
import { linesIn, type RolloutLine } from "../bytes/lines.ts";
import { linesOf } from "./lines-of.ts";
import { readRecord } from "../record/record.ts";

const longestHeader = 2 ** 20;
/** So many lines may stand before it: what others wrote there, or what is left of a damaged one. */
const mostBefore = 15;

/**
 * The header that a rollout begins with; `undefined` where its first line is none, or has more than 1 MB. Unlike `headerOf` it looks at that
 * line alone, as Codex does, and waits for nothing. Throws what the file system says of a file that can't be read.
 */
export function firstHeader(path: string): RolloutHeader | undefined {
  const [line] = linesIn(headOf(path, Buffer.alloc(longestHeader)));
  return line && headerIn(line);
}

/** The header among the first lines of a rollout, however it is written; `undefined` where none of them is one. Throws as `firstHeader`. */
export async function headerOf(path: string): Promise<RolloutHeader | undefined> {
  for await (const lines of linesOf(path)) {
    for (const line of lines.slice(0, mostBefore + 1)) {
      const header = headerIn(line);
      if (header) return header;
    }
    if (lines.length > 0) return undefined;
  }
  return undefined;
}

function headerIn(line: RolloutLine): RolloutHeader | undefined {
  const glanced = glance(line.bytes);
  if (glanced && glanced.type !== "session_meta") return undefined;
  return headerOfRecord(readRecord(line));
}
