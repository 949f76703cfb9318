import { closeSync, openSync, writeSync } from "node:fs";

const newline = Buffer.from("\n");

/** The file with what a repair can keep in no record, a piece a line; it is made with the first of them. */
export class SetAside {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  add(piece: Buffer): void {
    this.#fd ??= openSync(this.#path, "a", 0o600);
    for (const bytes of [piece, newline])
      for (let written = 0; written < bytes.length;) written += writeSync(this.#fd, bytes, written);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
