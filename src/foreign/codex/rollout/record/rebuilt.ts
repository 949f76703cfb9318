import type { RolloutLine } from "../bytes/lines.ts";

/** Marks every line that a repair has made: Codex ignores members that it doesn't know. */
export const rebuiltMark = { rebuilt_by: "throughline repair" } as const;

const mark = Buffer.from(JSON.stringify(rebuiltMark).slice(1, -1));

/** Whether a repair has made the line. */
export function isRebuilt({ bytes }: Pick<RolloutLine, "bytes">): boolean {
  return bytes.includes(mark);
}
