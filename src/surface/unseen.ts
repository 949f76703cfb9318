import { printableLine } from "../lib/printable.ts";

/** What couldn't be looked at while a session of Codex's was looked for: the one that is meant may lie there. */
export class Unseen {
  readonly #places: string[] = [];

  readonly note = (path: string, why: string): void => {
    this.#places.push(`${printableLine(path, 200)} can't be looked at: ${why}`);
  };

  /** A sentence for the failure that says that there is none, with a blank after it; "" where everything was looked at. */
  words(): string {
    const [first, ...more] = this.#places;
    if (first === undefined) return "";
    return `It may be where nobody could look: ${first}${more.length > 0 ? `, and ${more.length} more` : ""}. `;
  }
}
