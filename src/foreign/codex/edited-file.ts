import { readSync } from "node:fs";
import type { Edit } from "./edit.ts";
import type { FindingKind } from "./findings.ts";
import type { Span } from "./span.ts";
import { readRecord, type RolloutRecord } from "./record.ts";

/** An open file that edits are planned for: what stands in it, and the edits by their places. */
export class EditedFile {
  readonly #fd: number;
  readonly #size: number;

  /** `size`: as far as it is read. */
  constructor(fd: number, size: number) {
    this.#fd = fd;
    this.#size = size;
  }

  record(span: Span): RolloutRecord | undefined {
    const record = readRecord({ bytes: this.bytes(span), whole: true });
    return record.readable ? record : undefined;
  }

  bytes({ at, bytes }: Span): Buffer {
    return this.read(at, bytes);
  }

  read(at: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(bytes, this.#size - at)));
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, buffer.length, at));
  }

  blank({ at, bytes, index }: Span, kind: FindingKind, says: string): Edit {
    return { at, length: bytes, bytes: "blank", kind, line: index + 1, says };
  }

  insert(place: Span, kind: FindingKind, says: string, bytes: Buffer): Edit {
    return this.edit(place, kind, says, bytes, 0);
  }

  edit(
    { at, index }: Span,
    kind: FindingKind,
    says: string,
    bytes: Buffer,
    length: number,
    lost: readonly Buffer[] = [],
  ): Edit {
    return { at, length, bytes, kind, line: index + 1, says, ...(lost.length > 0 && { lost }) };
  }
}
