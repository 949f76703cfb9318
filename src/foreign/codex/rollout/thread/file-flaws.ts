import type { Glance } from "../record/glance.ts";

/** Follows what shows, without parsing the lines, that a file of a thread is damaged. */
export class FileFlaws {
  /** The ordinal of the line before. */
  #ordinal: number | undefined;
  #isFlawed = false;
  /** Whether an event stands behind the last item that may tell what came next. */
  #isAnnounced = false;

  /** Notes the next line. */
  see({ type, kind, ordinal }: Glance): void {
    if (ordinal !== undefined) {
      if (this.#ordinal !== undefined && ordinal !== this.#ordinal + 1) this.#isFlawed = true;
      this.#ordinal = ordinal;
    }
    if (type === "response_item") this.#isAnnounced = false;
    else if (kind === "agent_message" || kind === "item_completed") this.#isAnnounced = true;
  }

  /** Notes that the line has bytes that are no text: Codex passes it over. */
  noText(): void {
    this.#isFlawed = true;
  }

  /** Notes that a turn begins or ends: what was told has come by then. */
  turn(): void {
    this.#isAnnounced = false;
  }

  /**
   * Notes that the next line is another file's. Whether ordinals of this one were missing, or came twice, a line of it had bytes that are no
   * text, or it ends where an event has told what was to follow.
   */
  endFile(): boolean {
    const isFlawed = this.#isFlawed || this.#isAnnounced;
    this.#isFlawed = this.#isAnnounced = false;
    this.#ordinal = undefined;
    return isFlawed;
  }
}
