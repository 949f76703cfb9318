import { isJsonObject } from "../../../lib/json.ts";
import { isCallKind, isFurtherOutput } from "../../../session/item.ts";
import { Bounded } from "./bounded.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import type { Unpaired } from "./unpaired.ts";
import { OpenCalls } from "./open-calls.ts";
import type { TextSet } from "./text-set.ts";
import { callTold, idText, type WatchedRecord } from "./watched-record.ts";

const mostOrphans = 10_000;
const mostEvents = 512;
/** Further outputs come soon after the first: so many calls with an output are remembered. */
const mostAnswered = 2 ** 12;

/**
 * Finds calls without outputs and outputs without calls. What a summary replaced or a rollback took back is not sent, and needs no
 * partner.
 */
export class PairsWatch {
  readonly open: OpenCalls;
  readonly #ids: TextSet;
  /** Calls that a summary brought along without their output, as all calls here by their ids' numbers. */
  readonly #carried = new Set<number>();
  /** Custom calls that have an output, which may have further ones, with the line of the first. */
  readonly #answered = new Map<number, number>();
  /** Events of calls that are not open: never seen, or answered already. */
  readonly #events = new Map<number, Span>();
  readonly orphans = new Bounded<Unpaired>(mostOrphans);

  /** `ids`: where the ids of calls are noted. */
  constructor(ids: TextSet) {
    this.#ids = ids;
    this.open = new OpenCalls(ids);
  }

  /** `call`: the number of the id of a call or an output. */
  see(record: WatchedRecord, line: RolloutLine, call: number | undefined): void {
    const { type, payload } = record;
    if (call !== undefined) this.#item(record, line, call);
    else if (type === "event_msg") this.#event(record, line);
    else if (type === "compacted") this.#compacted(payload, line);
  }

  rolledBack(from: number): void {
    this.open.closeFrom(from);
    this.orphans.keep(({ index }) => index < from);
    for (const [call, line] of this.#answered) if (line >= from) this.#answered.delete(call);
  }

  #item({ kind, payload }: WatchedRecord, line: RolloutLine, call: number): void {
    if (isCallKind(kind)) {
      const { index, offset: at, length: bytes } = line;
      const name = payload["name"];
      this.open.open(index, at, bytes, call, kind, typeof name === "string" ? name : undefined);
    } else this.#output(call, kind, payload["name"], line);
  }

  #output(call: number, kind: string, name: unknown, line: RolloutLine): void {
    const isFurther = isFurtherOutput(kind, name) && this.#answered.has(call);
    // One without a call counts, too: the repair puts a call before it.
    if (kind === "custom_tool_call_output") this.#answer(call, line.index);
    if (this.open.close(call) !== false || this.#carried.delete(call) || isFurther) return;
    const event = this.#events.get(call);
    this.orphans.add({ ...spanOf(line), call: this.#ids.textOf(call), kind, ...(event && { event }) });
  }

  #answer(call: number, line: number): void {
    if (this.#answered.has(call)) return;
    this.#answered.set(call, line);
    if (this.#answered.size > mostAnswered) this.#answered.delete(this.#answered.keys().next().value!);
  }

  #event(record: WatchedRecord, line: RolloutLine): void {
    const told = callTold(record)?.call;
    if (told === undefined) return;
    const [call, span] = [this.#ids.numberOf(told), spanOf(line)];
    if (this.open.tell(call, span)) return;
    this.#events.set(call, span);
    if (this.#events.size > mostEvents) this.#events.delete(this.#events.keys().next().value!);
  }

  /** What a summary replaced is not sent any more; what it brings along is. */
  #compacted(payload: WatchedRecord["payload"], line: RolloutLine): void {
    this.open.closeFrom(0);
    this.#carried.clear();
    this.#answered.clear();
    this.orphans.clear();
    const items = payload["replacement_history"];
    if (!Array.isArray(items)) return;
    // They have no lines of their own that could be mended: Codex pairs those itself.
    for (const item of items) {
      if (!isJsonObject(item)) continue;
      const [kind, id] = [item["type"], idText(item["call_id"])];
      if (typeof kind !== "string" || id === undefined) continue;
      const call = this.#ids.numberOf(id);
      if (isCallKind(kind)) this.#carried.add(call);
      else if (this.#carried.delete(call)) this.#answer(call, line.index);
    }
  }
}
