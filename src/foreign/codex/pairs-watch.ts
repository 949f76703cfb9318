import { isJsonObject } from "../../lib/json.ts";
import { isCallKind, isOutputKind } from "../../session/item.ts";
import { Bounded } from "./bounded.ts";
import type { RolloutLine } from "./lines.ts";
import { itemOf, type WatchedRecord } from "./watched-record.ts";

/** A span of the file: a line without its ending. */
export interface Span {
  readonly index: number;
  readonly at: number;
  readonly bytes: number;
}

/** A call without output, or an output without call. */
export interface Unpaired extends Span {
  readonly call: string;
  /** Of the item: function_call, custom_tool_call_output, … */
  readonly kind: string;
  readonly name?: string;
  /** The event that tells the same call's command and output, where there is one (0.117 to 0.128, 0.148 and later). */
  event?: Span;
}

/** Events that tell how a call went, and have its id. */
const telling: ReadonlySet<string> = new Set(["exec_command_end", "patch_apply_end", "mcp_tool_call_end"]);
const mostEvents = 512;

/** Follows calls and outputs. What a summary replaced or a rollback took back is not sent, and needs no partner. */
export class PairsWatch {
  readonly #open = new Map<string, Unpaired>();
  /** Calls that a summary brought along without their output. */
  readonly #carried = new Set<string>();
  /** Events of calls that are not open: of calls that were never seen, or that have their output. */
  readonly #events = new Map<string, Span>();
  orphans = new Bounded<Unpaired>(10_000);

  get open(): Unpaired[] {
    return [...this.#open.values()];
  }

  see({ type, kind = "", payload }: WatchedRecord, line: RolloutLine): void {
    if (type === "response_item") this.#item(kind, payload, line);
    else if (type === "event_msg") this.#event(kind, payload, line);
    else if (type === "compacted") this.#compacted(payload);
  }

  rolledBack(from: number): void {
    for (const [call, { index }] of this.#open) if (index >= from) this.#open.delete(call);
    const kept = this.orphans.items.filter(({ index }) => index < from);
    this.orphans = new Bounded(10_000);
    for (const orphan of kept) this.orphans.add(orphan);
  }

  #item(kind: string, item: WatchedRecord["payload"], line: RolloutLine): void {
    const call = item["call_id"];
    if (typeof call !== "string" || call === "") return;
    if (isCallKind(kind)) {
      const { index, offset: at, length: bytes } = line;
      const open = { index, at, bytes, call, kind };
      const name = item["name"];
      this.#open.set(call, typeof name === "string" ? { ...open, name } : open);
    } else if (isOutputKind(kind) && !this.#open.delete(call) && !this.#carried.delete(call)) {
      const event = this.#events.get(call);
      this.orphans.add({ ...spanOf(line), call, kind, ...(event && { event }) });
    }
  }

  #event(kind: string, payload: WatchedRecord["payload"], line: RolloutLine): void {
    const item = kind === "item_completed" ? itemOf(payload) : undefined;
    const call = item ? item["id"] : telling.has(kind) ? payload["call_id"] : undefined;
    if (typeof call !== "string") return;
    if (item && item["type"] !== "CommandExecution" && item["type"] !== "FileChange") return;
    const open = this.#open.get(call);
    const span = spanOf(line);
    if (open) open.event = span;
    else {
      this.#events.set(call, span);
      if (this.#events.size > mostEvents) this.#events.delete(this.#events.keys().next().value!);
    }
  }

  /** What a summary replaced is not sent any more; what it brings along is. */
  #compacted(payload: WatchedRecord["payload"]): void {
    this.#open.clear();
    this.#carried.clear();
    this.orphans = new Bounded(10_000);
    const items = payload["replacement_history"];
    if (!Array.isArray(items)) return;
    // There is no line of their own to mend: Codex pairs those itself.
    for (const item of items) {
      if (!isJsonObject(item) || typeof item["type"] !== "string" || typeof item["call_id"] !== "string")
        continue;
      if (isCallKind(item["type"])) this.#carried.add(item["call_id"]);
      else this.#carried.delete(item["call_id"]);
    }
  }
}

export function spanOf({ index, offset, length }: RolloutLine): Span {
  return { index, at: offset, bytes: length };
}
