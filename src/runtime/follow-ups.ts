import { crashPoint } from "../lib/fault.ts";
import { printableLine } from "../lib/printable.ts";
import { type FollowUpMode, sortInbox, undeliverable } from "../session/follow-up.ts";
import type { FollowUp } from "../store.ts";
import type { Journal } from "../turn/journal.ts";
import type { Runtime } from "./equipment.ts";

/**
 * What is queued for a session, as its owner takes it (R31). The log decides: a follow-up whose id it holds was delivered, and only its
 * file is removed. A delivery is counted before it is logged, so that one which kills the process each time is given up in the end.
 */
export class FollowUps {
  readonly #runtime: Runtime;
  readonly #journal: () => Journal;

  constructor(runtime: Runtime, journal: () => Journal) {
    this.#runtime = runtime;
    this.#journal = journal;
  }

  /** The next one to deliver, of this mode if one is given. What can't be delivered is put aside and told. */
  async next(mode?: FollowUpMode): Promise<FollowUp | undefined> {
    const { store, observe } = this.#runtime;
    for (;;) {
      const { log, history } = this.#journal();
      const { due, done } = sortInbox(await store.queued(log.id), history.delivered);
      for (const { id } of done) await store.dequeue(log.id, id);
      const first = due.find((followUp) => mode === undefined || followUp.mode === mode);
      if (!first) return undefined;
      const why = undeliverable(first);
      if (why !== undefined) {
        await store.bury(log.id, { id: first.id, at: first.at, text: first.text, mode: first.mode, why });
        const what = `follow-up "${printableLine(first.text, 60)}" can't be delivered: ${why}`;
        observe({
          type: "notice",
          text: `${what}; it is kept, see: throughline queue list ${log.id}`,
        });
      } else if (await store.begin(log.id, first.id)) {
        crashPoint("follow-up-begun");
        return first;
      }
    }
  }

  /** After the log has it. */
  async delivered({ id, mode, text }: FollowUp): Promise<void> {
    const { store, observe } = this.#runtime;
    crashPoint("follow-up-committed");
    await store.dequeue(this.#journal().log.id, id);
    observe({ type: "follow-up-delivered", id, mode, text });
  }

  async waiting(): Promise<number> {
    const { log, history } = this.#journal();
    return sortInbox(await this.#runtime.store.queued(log.id), history.delivered).due.length;
  }
}
