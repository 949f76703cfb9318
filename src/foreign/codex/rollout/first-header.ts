import { headOf } from "./compressed.ts";
import { readHeader, type RolloutHeader } from "./header.ts";
import { linesIn } from "./lines.ts";
import { readRecord } from "./record.ts";

const longestHeader = 2 ** 20;

/**
 * The header that a rollout begins with; `undefined` where its first line is none, or has more than 1 MB. Unlike `headerOf` it looks at that
 * line alone, and waits for nothing. Throws what the file system says of a file that can't be read.
 */
export function firstHeader(path: string): RolloutHeader | undefined {
  const [line] = linesIn(headOf(path, Buffer.alloc(longestHeader)));
  const record = line && readRecord(line);
  return record?.readable ? readHeader(record.payload) : undefined;
}
