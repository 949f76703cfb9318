/** Bytes of a log, wherever they are kept. */
export interface ByteSource {
  /** Reads up to `target.length` bytes from `at` on; 0 means that there are no more. */
  read(target: Uint8Array, at: number): Promise<number>;
}

/** The bytes of one log. */
export interface LogSource {
  /** For messages. */
  readonly path: string;
  readonly bytes: ByteSource;
  /** Length of the log when the reading began; what is appended meanwhile is left for the next reading. */
  readonly size: number;
}

/** Fills as much of `target` as there is. */
export async function readFully(source: ByteSource, target: Buffer, at: number): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const read = await source.read(filled === 0 ? target : target.subarray(filled), at + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}
