import { closeSync, write } from "node:fs";
import { crashPoint } from "../../lib/fault.ts";
import type { Append } from "../../store.ts";
import { Draft, type DraftOptions } from "../draft.ts";
import { crashHalfWritten, openPrivate, syncData } from "./files.ts";

/** Bytes that are written between two syncs. */
const syncBytes = 2 ** 24;

/**
 * Makes a file of a log that nobody can see yet, from its first line on; it is durable when this resolves, to the number that the log's next
 * event gets. Rejects with what `events` throws and what the system says, `EEXIST` where something stands at the path.
 */
export async function writeDraft(
  path: string,
  events: AsyncIterable<readonly Append[]> | Iterable<readonly Append[]>,
  options: Omit<DraftOptions, "write">,
): Promise<number> {
  const file = new DraftFile(path);
  try {
    const draft = new Draft({ ...options, write: file.write });
    await draft.writeAll(events);
    await file.settled();
    return draft.nextSeq;
  } finally {
    await file.close();
  }
}

/**
 * System and disk get what is written while more is made, one group after the other, so that a session of hundreds of megabytes is not made
 * in the time of the disk and then that of the processor.
 */
class DraftFile {
  readonly #fd: number;
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  /** Bytes since the last sync began. */
  #unsynced = 0;
  #failure: unknown;

  constructor(path: string) {
    this.#fd = openPrivate(path, "wx");
  }

  /** Resolves when what was given before is written; the bytes are used until then. */
  readonly write = async (bytes: Buffer): Promise<void> => {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
    this.#writing = this.#writeAside(bytes).catch((error: unknown) => {
      this.#failure ??= error;
    });
  };

  /** Resolves when all is durable; rejects with what the system said. */
  async settled(): Promise<void> {
    await this.#idle();
    if (this.#failure !== undefined) throw this.#failure;
    await syncData(this.#fd);
  }

  /** Not before nothing is under way any more: the file's number may be given to another. */
  async close(): Promise<void> {
    await this.#idle();
    closeSync(this.#fd);
  }

  async #idle(): Promise<void> {
    await this.#writing;
    await this.#syncing;
  }

  async #writeAside(bytes: Buffer): Promise<void> {
    crashHalfWritten(this.#fd, bytes);
    for (let wrote = 0; wrote < bytes.length;) wrote += await this.#writeSome(bytes, wrote);
    crashPoint("append-not-synced");
    this.#unsynced += bytes.length;
    if (this.#unsynced < syncBytes || this.#syncing) return;
    this.#unsynced = 0;
    this.#syncing = syncData(this.#fd)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => (this.#syncing = undefined));
  }

  #writeSome(bytes: Buffer, from: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#fd, bytes, from, (error, wrote) => (error ? reject(error) : resolve(wrote)));
    });
  }
}
