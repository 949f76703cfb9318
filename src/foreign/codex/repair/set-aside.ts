import { closeSync, openSync } from "node:fs";
import { appendAll } from "../../../lib/write.ts";

const newline = Buffer.from("\n");

/** The file for bytes that a repair can keep in no record, one piece a line; it is made with the first piece. */
export class SetAside {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  add(piece: Buffer): void {
    this.#fd ??= openSync(this.#path, "a", 0o600);
    for (const bytes of [piece, newline]) appendAll(this.#fd, bytes);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
