import type { Examination } from "../examine/examination.ts";
import { startsOf } from "../rollout/bytes/lines.ts";
import { toldMessage } from "../rollout/payload/told-message.ts";
import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import { lostEvent } from "./rebuild-event.ts";
import { rebuiltLine } from "./rebuilt-line.ts";

/** Puts messages back of which only the event is left, and events of which only the message is. */
export class ToldPlanner {
  readonly #found: Examination;
  readonly #file: EditedFile;

  constructor(found: Examination, file: EditedFile) {
    this.#found = found;
    this.#file = file;
  }

  /** Puts in messages that only their events tell any more. */
  *messages(): Generator<Edit, undefined> {
    const copies = startsOf(this.#found.doubled.spans);
    for (const { role, event, hole } of this.#found.lostMessages) {
      // A copied event goes anyway; its original tells the message.
      if (copies.has(event.at)) continue;
      const told = this.#file.record(event);
      const payload = told && toldMessage(role, told.payload);
      if (told === undefined || payload === undefined) continue;
      const line = rebuiltLine(told, payload, hole.ordinal);
      const says = `the ${role === "user" ? "prompt" : "answer"} is put in, as its event tells it`;
      yield this.#file.putLine(hole, "lost-message", says, line);
    }
    return undefined;
  }

  /** Puts in events that Codex shows messages by, where only the message is there. */
  *events(): Generator<Edit, undefined> {
    const { untold, header } = this.#found;
    for (const { role, record, hole } of untold) {
      const own = this.#file.record(record);
      const payload = own && header ? lostEvent(role, own, header.id) : undefined;
      if (own === undefined || payload === undefined) continue;
      const says = `the event is put in that tells the ${role === "user" ? "prompt" : "answer"}`;
      const line = rebuiltLine(own, payload, hole.ordinal, "event_msg");
      yield this.#file.putLine(hole, "lost-event", says, line);
    }
    return undefined;
  }
}
