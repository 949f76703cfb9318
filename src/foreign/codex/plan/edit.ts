import type { FindingKind } from "../findings/catalogue.ts";

/** A change of a rollout: a range of bytes that becomes other bytes. */
export interface Edit {
  /** Offset of the first byte that is replaced. */
  readonly at: number;
  /** How many bytes are replaced; 0 inserts. */
  readonly length: number;
  /** "blank": as many spaces as bytes are replaced. */
  readonly bytes: Buffer | "blank";
  readonly kind: FindingKind;
  /** Line number, from 1, in the file that is edited. */
  readonly line: number;
  /** What is done, in words, for the diff. */
  readonly says: string;
  /** Replaced bytes that end up in no record: they are copied out to `set-aside.txt`. */
  readonly lost?: readonly Buffer[];
  /** What the session goes on without, in words, where that is more than reasoning: the person is told. */
  readonly gone?: string;
}

/** By how many bytes an edit moves what follows it. */
export function shiftOf({ length, bytes }: Edit): number {
  return bytes === "blank" ? 0 : bytes.length - length;
}
