import { crc32 } from "node:zlib";
import type { Imported } from "../../../session/imported.ts";
import type { RolloutFile } from "../home/places.ts";
import type { RolloutLine } from "../rollout/bytes/lines.ts";
import { readRecord } from "../rollout/record/record.ts";

/** How far a rollout was taken over. */
export class TakenPlace {
  readonly #file: RolloutFile;
  #bytes: number;
  #line: number;
  #check: number;

  constructor(file: RolloutFile, { bytes = 0, line = 0, check = 0 }: Partial<Imported> = {}) {
    this.#file = file;
    this.#bytes = bytes;
    this.#line = line;
    this.#check = check;
  }

  /** Bytes of the file that were taken over. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts lines as taken over. One without an ending, still being written or torn off, may be completed later. */
  reached(lines: readonly RolloutLine[]): void {
    const line = lines.findLast((each) => each.ending !== "" || (each.whole && readRecord(each).readable));
    if (!line) return;
    const { form, bytes } = this.#file;
    // An old document is taken over whole, and its lines are only made of it.
    this.#bytes = form === "json" ? bytes : line.offset + line.length + line.ending.length;
    this.#line = line.offset;
    this.#check = crc32(line.bytes);
  }

  imported(): Omit<Imported, "turn" | "open"> {
    const { thread, path, rollout } = this.#file;
    return {
      format: "codex",
      id: thread,
      path,
      rollout,
      bytes: this.#bytes,
      line: this.#line,
      check: this.#check,
    };
  }
}
