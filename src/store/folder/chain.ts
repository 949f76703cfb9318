import { readRest } from "../scan.ts";
import { readFully } from "../source.ts";
import { newline } from "../line.ts";
import { successorWatch } from "../chain.ts";
import { type FileSource, withSource } from "./file-source.ts";

/** After a rotation a log gets only leases and names, which are short: its end tells the successor. */
const tailBytes = 2 ** 16;
/** Enough for the first line of a log that a rotation wrote. */
const headBytes = 2 ** 16;

/** The session that this folder's log names as its successor. */
export async function successorOf(folder: string): Promise<string | undefined> {
  return withSource(folder, async (source) => {
    const log = source.now();
    const from = await lineBegin(source, Math.max(0, log.size - tailBytes), log.size);
    const { visitor, successor } = successorWatch();
    await readRest(log, from, visitor);
    return successor();
  });
}

/** The session that this folder's session continues by rotation. */
export async function predecessorOf(folder: string): Promise<string | undefined> {
  return withSource(folder, async (source) => {
    const log = source.now();
    let parent: string | undefined;
    await readRest({ ...log, size: Math.min(log.size, headBytes) }, 0, {
      record: ({ event }) => {
        if (event.type === "session-created" && event.rotated) ({ parent } = event);
      },
    });
    return parent;
  });
}

async function lineBegin(source: FileSource, from: number, size: number): Promise<number> {
  if (from === 0) return 0;
  const block = Buffer.alloc(size - from);
  await readFully(source, block, from);
  const at = block.indexOf(newline);
  return at < 0 ? size : from + at + 1;
}
