import { Bounded } from "./bounded.ts";
import type { Hole } from "./hole.ts";
import { type Span, spanOf } from "../rollout/span.ts";
import type { RolloutLine } from "../rollout/lines.ts";
import { isJsonObject } from "../../../lib/json.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** A message whose record is there, while the event that told it a second time is gone: Codex shows what events tell. */
export interface UntoldMessage {
  readonly role: "user" | "assistant";
  readonly record: Span;
  /** Where the event was. */
  readonly hole: Hole;
}

const most = 10_000;
const mostIds = 64;

/**
 * Follows the messages of a rollout with ordinals to find those whose event is gone: a prompt's stands right behind it, an answer's right
 * before (0.148 to 0.169), so that a hole has to be right there.
 */
export class UntoldWatch {
  readonly #found = new Bounded<UntoldMessage & { readonly id?: string }>(most);
  /** Of the answers among them: most events tell another one, and none of those may cost a look at all that was found. */
  readonly #ids = new Set<string>();
  /** Id of the answer that was seen last. */
  #answer: string | undefined;
  /** The prompt that was said last, until the line behind it is known. */
  #said: { readonly record: Span; hole?: Hole } | undefined;
  #hole: Hole | undefined;
  /** Answers that were told of late, the last one last. */
  #told: string[] = [];

  get items(): readonly UntoldMessage[] {
    // Without the ordinal that it had nobody knows where it belongs.
    return this.#found.items.filter(({ hole }) => hole.ordinal !== undefined);
  }

  hole(hole: Hole): void {
    this.#hole = hole;
    if (this.#said && hole.index === this.#said.record.index + 1) this.#said.hole ??= hole;
  }

  said(payload: WatchedRecord["payload"], line: RolloutLine): void {
    this.#settle();
    if (isOfTurn(payload)) this.#said = { record: spanOf(line) };
  }

  answered(payload: WatchedRecord["payload"], line: RolloutLine): void {
    this.#settle();
    const { id } = payload;
    this.#answer = typeof id === "string" ? id : undefined;
    const hole = this.#hole;
    const isBefore = hole && (hole.bytes === 0 ? hole.index === line.index : hole.index === line.index - 1);
    // One hole is not where two events were. There are few, so that an answer is looked at no closer as a rule.
    if (!isBefore || this.#found.items.at(-1)?.hole === hole || !isOfTurn(payload)) return;
    if (typeof id !== "string" || this.#told.includes(id)) return;
    if (this.#found.count < most) this.#ids.add(id);
    this.#found.add({ role: "assistant", record: spanOf(line), hole, id });
  }

  /** An event tells a prompt; or, with its id, an answer. */
  told(id?: unknown): void {
    if (id === undefined) this.#said = undefined;
    else this.#settle();
    if (typeof id !== "string") return;
    this.#told.push(id);
    if (this.#told.length > mostIds) this.#told.shift();
    this.#takeBack(id);
  }

  /** A summary took the place of what was said so far: what the model answered last was that summary, and Codex tells none by an event. */
  summarised(): void {
    if (this.#answer !== undefined) this.#takeBack(this.#answer);
  }

  /** What was copied from another thread may have left its events there. */
  forget(): void {
    this.#found.keep([]);
    this.#ids.clear();
  }

  #takeBack(id: string): void {
    if (this.#ids.delete(id)) this.#found.keep(this.#found.items.filter((untold) => untold.id !== id));
  }

  #settle(): void {
    const { record, hole } = this.#said ?? {};
    if (record && hole) this.#found.add({ role: "user", record, hole });
    this.#said = undefined;
  }
}

/** Whether an item says what the event needs that tells it again. */
function isOfTurn(payload: WatchedRecord["payload"]): boolean {
  const passed = payload["internal_chat_message_metadata_passthrough"];
  return typeof payload["id"] === "string" && isJsonObject(passed) && typeof passed["turn_id"] === "string";
}
