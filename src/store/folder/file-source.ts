import { close, fstatSync, read } from "node:fs";
import { openToRead } from "../../lib/open-file.ts";
import type { ByteSource, LogSource } from "../source.ts";
import { logPath } from "./log-file.ts";

/** A log opened for reading. */
export class FileSource implements ByteSource {
  readonly path: string;
  readonly #fd: number;

  constructor(folder: string) {
    this.path = logPath(folder);
    this.#fd = openToRead(this.path);
  }

  read(target: Uint8Array, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#fd, target, 0, target.length, at, (error, length) =>
        error ? reject(error) : resolve(length),
      );
    });
  }

  /** The log as long as it is now. */
  now(): LogSource {
    return { path: this.path, bytes: this, size: fstatSync(this.#fd).size };
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      close(this.#fd, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Opens the log of a session's folder for as long as `use` takes. */
export async function withSource<T>(folder: string, use: (source: FileSource) => Promise<T>): Promise<T> {
  const source = new FileSource(folder);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}
