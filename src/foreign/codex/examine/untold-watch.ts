import { addLast, Bounded } from "./bounded.ts";
import type { Hole } from "./holes-watch.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { turnOf } from "../rollout/payload/passthrough.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** A message whose record is there while the event that repeats it is gone. Codex shows only what events tell. */
export interface UntoldMessage {
  readonly role: "user" | "assistant";
  readonly record: Span;
  /** Where the event was. */
  readonly hole: Hole;
}

const most = 10_000;
const mostIds = 64;

/**
 * Finds messages whose event is gone: prompts, and answers of rollouts with ordinals. A prompt's event stands right after the record (0.36 to
 * 0.169), an answer's right before (0.148 to 0.169): there has to be a hole exactly there.
 */
export class UntoldWatch {
  readonly #found = new Bounded<UntoldMessage & { readonly id?: string; readonly isUnnumbered?: boolean }>(
    most,
  );
  /** Ids of the answers in `#found`, so that an event, which mostly is another answer's, doesn't cost a search. */
  readonly #ids = new Set<string>();
  /** Id of the answer that was seen last. */
  #answer: string | undefined;
  /** The last prompt, until the line after it is known. */
  #said: { readonly record: Span; readonly isUnnumbered: boolean; hole?: Hole } | undefined;
  #hole: Hole | undefined;
  /** Whether an event has told anything. */
  #hasTold = false;
  /** Answers told by the latest events, the newest last. */
  readonly #told: string[] = [];

  get items(): readonly UntoldMessage[] {
    // Without the ordinal of the hole it isn't known where the event belongs, if the record has one. Where lines have none, as of programs that
    // convert sessions, there may be no events at all.
    return this.#found.items.filter(({ hole, isUnnumbered }) =>
      isUnnumbered ? this.#hasTold : hole.ordinal !== undefined,
    );
  }

  hole(hole: Hole): void {
    this.#hole = hole;
    if (this.#said && hole.index === this.#said.record.index + 1) this.#said.hole ??= hole;
  }

  said({ payload, ordinal, era }: WatchedRecord, line: RolloutLine): void {
    this.#settle();
    const isUnnumbered = ordinal === undefined;
    // Bare lines (before 0.34) have no events.
    if (isUnnumbered ? era !== "bare" : isOfTurn(payload))
      this.#said = { record: spanOf(line), isUnnumbered };
  }

  answered(payload: WatchedRecord["payload"], line: RolloutLine): void {
    this.#settle();
    const { id } = payload;
    this.#answer = typeof id === "string" ? id : undefined;
    const hole = this.#hole;
    const isBefore = hole && (hole.bytes === 0 ? hole.index === line.index : hole.index === line.index - 1);
    // One hole can't be the place of two events. (Few cases get here, so an answer is mostly looked at no further.)
    if (!isBefore || this.#found.items.at(-1)?.hole === hole || !isOfTurn(payload)) return;
    if (typeof id !== "string" || this.#told.includes(id)) return;
    if (this.#found.count < most) this.#ids.add(id);
    this.#found.add({ role: "assistant", record: spanOf(line), hole, id });
  }

  /** Notes the event of a prompt. */
  promptTold(): void {
    this.#hasTold = true;
    this.#said = undefined;
  }

  /** Notes the event of an answer, by the answer's id. */
  answerTold(id: string | undefined): void {
    this.#hasTold = true;
    this.#settle();
    if (id === undefined) return;
    addLast(this.#told, id, mostIds);
    this.#takeBack(id);
  }

  /** A summary took the place of what was said so far: what the model answered last was that summary, and Codex tells none by an event. */
  summarised(): void {
    if (this.#answer !== undefined) this.#takeBack(this.#answer);
  }

  /** Lines copied from another thread may have been copied without their events. */
  forget(): void {
    this.#found.clear();
    this.#ids.clear();
  }

  #takeBack(id: string): void {
    if (this.#ids.delete(id)) this.#found.keep((untold) => untold.id !== id);
  }

  #settle(): void {
    const { record, hole, isUnnumbered } = this.#said ?? {};
    if (record && hole)
      this.#found.add({ role: "user", record, hole, ...(isUnnumbered && { isUnnumbered }) });
    this.#said = undefined;
  }
}

/** Whether the item tells what its event needs: the turn that it belongs to. */
function isOfTurn(payload: WatchedRecord["payload"]): boolean {
  return typeof payload["id"] === "string" && turnOf(payload) !== undefined;
}
