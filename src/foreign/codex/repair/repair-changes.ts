import type { Edit } from "../plan/edit.ts";
import type { FindingKind } from "../findings/catalogue.ts";

/** An edit as it is reported. Places are those in the file as the edits before it have left it. */
export interface ShownEdit {
  /** Offset of the first byte that is replaced. */
  readonly at: number;
  /** How many bytes are replaced; 0 inserts. */
  readonly length: number;
  /** What it mends. */
  readonly kind: FindingKind;
  /** Number of the line, from 1. */
  readonly line: number;
  /** What is done, in words. */
  readonly says: string;
  /** The first of the bytes that it replaces, 256 at most. */
  readonly had: Uint8Array;
  /** How many bytes it puts in. */
  readonly becomes: number;
  /** The first of these bytes, 256 at most; empty where they are spaces. */
  readonly begins: Uint8Array;
}

/** What a repair changes to mend one kind of damage. */
export interface ChangesOfKind {
  /** How many edits there are. */
  readonly count: number;
  /** The first five. */
  readonly first: readonly ShownEdit[];
}

/** What a repair changes. */
export interface RepairChanges {
  /** How many edits there are. */
  readonly count: number;
  /** The first 1,000, in the order in which they are made. */
  readonly first: readonly ShownEdit[];
  /** The same by kind of damage, in the order in which the kinds are met. */
  readonly kinds: Readonly<Partial<Record<FindingKind, ChangesOfKind>>>;
  /** What the session goes on without, in words (`Edit.gone`), and how often. */
  readonly gone: Readonly<Record<string, number>>;
  /** Whether every line keeps its offset. */
  readonly sameOffsets: boolean;
}

/** At most so many edits are reported, in all and of each kind. */
const most = 1_000;
const mostOfKind = 5;
/** At most so many bytes of an edit are shown. */
export const shownBytes = 256;

/** Kinds whose mending, where it moves nothing, leaves all that Codex's index was made from as it is. */
const keepsIndex: ReadonlySet<string> = new Set([
  "seal-refused",
  "seal-malformed",
  "torn-tail",
  "nul-tail",
  "no-final-newline",
  "doubled-record",
  "lone-reasoning",
  "unsealed-reasoning",
  "lost-message",
  "dependent-id",
  "invalid-id",
  "plain-reasoning",
]);

/**
 * Kinds of lines of which Codex's index holds nothing, or what they told before they were damaged: where one becomes spaces, an index that is
 * made anew would hold less (of a command, or of a turn's end).
 */
const keepsIndexBlank: ReadonlySet<string> = new Set(["unparsable-line", "invalid-utf8", "lone-surrogate"]);

const isSpaces = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0x20);

/** Gathers what a repair changes, edit by edit. */
export class GatheredChanges implements RepairChanges {
  readonly first: ShownEdit[] = [];
  readonly kinds: Partial<Record<FindingKind, { count: number; readonly first: ShownEdit[] }>> = {};
  readonly gone: Record<string, number> = {};
  count = 0;
  sameOffsets = true;
  #firstNotIndexed = Infinity;

  /** `read`: the first of the bytes that it replaces, asked for only where they are shown. */
  add({ at, length, bytes, kind, line, says, gone }: Edit, read: (bytes: number) => Uint8Array): void {
    if (gone !== undefined) this.gone[gone] = (this.gone[gone] ?? 0) + 1;
    const isBlank = bytes === "blank";
    const becomes = isBlank ? length : bytes.length;
    const keeps = keepsIndex.has(kind) || (keepsIndexBlank.has(kind) && (isBlank || isSpaces(bytes)));
    this.#told({ at, length, kind, line, says, becomes }, keeps, () => ({
      had: read(Math.min(length, shownBytes)),
      // A copy: a subarray would keep the whole buffer alive.
      begins: Buffer.from(isBlank ? "" : bytes.subarray(0, shownBytes)),
    }));
  }

  /** As `add`, for a file whose lines were all made anew. */
  tell({ had, begins, ...edit }: ShownEdit): void {
    this.sameOffsets = false;
    this.#told(edit, false, () => ({ had, begins }));
  }

  /** `keeps`: Codex's index still fits, if the edit moves nothing. */
  #told(
    edit: Omit<ShownEdit, "had" | "begins">,
    keeps: boolean,
    shows: () => Pick<ShownEdit, "had" | "begins">,
  ): void {
    const { at, length, becomes, kind } = edit;
    this.count++;
    if (becomes !== length) this.sameOffsets = false;
    if (becomes !== length || !keeps) this.#firstNotIndexed = Math.min(this.#firstNotIndexed, at);
    const same = (this.kinds[kind] ??= { count: 0, first: [] });
    same.count++;
    if (this.first.length >= most && same.first.length >= mostOfKind) return;
    const shown = { ...edit, ...shows() };
    if (this.first.length < most) this.first.push(shown);
    if (same.first.length < mostOfKind) same.first.push(shown);
  }

  /** How often each kind of damage is mended. */
  get mended(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.kinds).map(([kind, { count }]) => [kind, count]));
  }

  /** Whether lines among the file's first `bytes` bytes, from which an index was made, have changed or moved. */
  areIndexed(bytes: number): boolean {
    return this.#firstNotIndexed < bytes;
  }
}
