import type { Place } from "../../session/place.ts";
import type { SessionSummary } from "../../session/summary.ts";
import type { Link } from "../chain.ts";
import type { KnownRow } from "../listing.ts";

/** What is read of a row, in this order: with ten thousand rows an object for each would take most of the time. */
export const rowColumns =
  "id, bytes, running, inbox, name, path, root, common, parent, rotated, successor, summary";

/** A row as SQLite gives it: the values of `rowColumns`, in order. */
export type Columns = [
  id: string,
  bytes: number,
  running: number,
  inbox: number | null,
  name: string | null,
  path: string,
  root: string | null,
  common: string | null,
  parent: string | null,
  rotated: number | null,
  successor: string | null,
  summary: string,
];

/** A row of the catalogue; its summary is parsed only when it is asked for. */
export class Row implements KnownRow {
  readonly #columns: Columns;
  readonly #unusable: (error: SyntaxError) => void;

  constructor(columns: Columns, unusable: (error: SyntaxError) => void) {
    this.#columns = columns;
    this.#unusable = unusable;
  }

  get bytes(): number {
    return this.#columns[1];
  }

  get running(): boolean {
    return this.#columns[2] === 1;
  }

  get inbox(): number | undefined {
    return this.#columns[3] ?? undefined;
  }

  get name(): string | undefined {
    return this.#columns[4] ?? undefined;
  }

  get place(): Place {
    return placeOf(this.#columns[5], this.#columns[6], this.#columns[7]);
  }

  get link(): Link {
    const [id, , , , , , , , parent, rotated, successor] = this.#columns;
    return {
      id,
      ...(parent !== null && { parent }),
      ...(rotated === 1 && { rotated: true }),
      ...(successor !== null && { successor }),
    };
  }

  summary(): SessionSummary | undefined {
    try {
      return JSON.parse(this.#columns[11]) as SessionSummary;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#unusable(error);
      return undefined;
    }
  }
}

/** The row's workspace. */
export function placeOf(path: string, gitRoot: string | null, gitCommon: string | null): Place {
  return { path, ...(gitRoot !== null && { gitRoot }), ...(gitCommon !== null && { gitCommon }) };
}
