import { z } from "zod";

/** What the log says of another tool's session that was taken over into this one, as far as it was read. */
export const takenSource = z.object({
  format: z.literal("codex"),
  /** Its id in the other tool. */
  id: z.string(),
  /** Absolute path of the file that was read last, and that file's own id where a session has several. */
  path: z.string(),
  rollout: z.string(),
  /** Bytes of that file (of what it unpacks to) that were taken over. */
  bytes: z.number(),
  /** The last line of them: its offset, and the CRC-32 of its bytes without its ending. Another one there means another file. */
  line: z.number(),
  check: z.number(),
  /** The number of the last turn that was taken over, and whether its end has still to come. */
  turn: z.number(),
  open: z.literal(true).optional(),
  /** That file was damaged, and was read as its repair would leave it. */
  mended: z.literal(true).optional(),
});

/** The same with the time of the line (milliseconds since 1970), which checkpoints of before 2026-11-23 don't have. */
export const imported = takenSource.extend({ at: z.number().optional() });

/** How far another tool's session was taken over. */
export type Imported = z.infer<typeof imported>;
