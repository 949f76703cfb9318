import { isJsonObject, type JsonObject, parseJsonBytes } from "../lib/json.ts";
import { writeJson } from "../lib/whole-json.ts";
import { printableLine } from "../lib/printable.ts";
import { sessionCreated } from "../session/created.ts";
import type { ItemRecord, NewEvent } from "../session/event.ts";
import { outcomeUnknown } from "../replay/pair.ts";
import { issuerOf } from "../replay/seal.ts";
import type { History } from "../session/history.ts";
import { describeItem, isMediaType, outputItem, sanitise } from "../session/item.ts";
import { sealedText, unsealedArguments } from "../session/seal.ts";
import { OpenCalls } from "../session/open-calls.ts";
import { reachOf } from "../session/quarantine.ts";
import { shorten } from "../session/shorten.ts";
import { isSummaryItem } from "../session/summary-item.ts";

/** One event of a successor's log, as a store appends it. */
export interface Carried {
  event: NewEvent;
  item?: Uint8Array;
}

/** The first event of the session that continues this one (R30). */
export function successorCreated(history: History, id: string, version: string): NewEvent {
  const { name, workspace, settings, id: parent } = history;
  return sessionCreated({ id, version, workspace, settings, name, parent, rotated: true });
}

/**
 * Whether a successor could be sent anything else: a session that was rotated itself, and in which no model has answered since, would only be
 * copied, with each turn that fails.
 */
export function canBeRotated({ rotated, items }: History): boolean {
  return (
    !rotated || items.some((record) => issuerOf(record) !== undefined || record.event.media !== undefined)
  );
}

/**
 * The counters and other state of the fold, for a log that goes on with the items. Only quarantines about the endpoint are carried along;
 * those about items have nothing to hold for.
 */
export function carriedState(history: History): Extract<NewEvent, { type: "history-carried" }> {
  const { created, title, turn, step, messages, usage, amendments, repairs, delivered, lastOutcome } =
    history;
  return {
    type: "history-carried",
    created,
    ...(title !== undefined && { title }),
    turn,
    step,
    messages,
    usage,
    amendments: [...amendments],
    quarantines: history.quarantines.filter(
      ({ scope }) => scope.kind !== "sealed" && reachOf(scope) === Number.POSITIVE_INFINITY,
    ),
    repairs,
    delivered: [...delivered],
    ...(lastOutcome !== undefined && { outcome: lastOutcome }),
  };
}

/** The events that a successor's log has after the items: the state, and the open turn, which goes on there. */
export function successorState(history: History): NewEvent[] {
  const carried = carriedState(history);
  if (!history.openTurn) return [carried];
  const { turn, source, preview } = history.openTurn;
  return [carried, { type: "turn-started", turn, source, preview }];
}

/**
 * Makes of the items of a history those that any backend takes: messages, and tool calls with their outputs, without ids, seals, signatures
 * and, unless they are asked for, media. Reasoning stays behind; items of other kinds become a line in words. Every call gets an output and
 * every output has its call, so that nothing is run again.
 */
export class VisibleHistory {
  readonly #open = new OpenCalls<ItemRecord>();
  readonly #unanswered = new Set<ItemRecord>();
  readonly #keepOf: (seq: number) => number;
  readonly #keepsMedia: (seq: number) => boolean;
  #left = 0;

  /**
   * Outputs shortened for a full context stay short: the successor's context would be just as full. `media`: images and files stay what
   * they are, but for those that were refused.
   */
  constructor({ quarantines }: Pick<History, "quarantines">, { media = false } = {}) {
    const refused = quarantines.flatMap(({ scope }) => (scope.kind === "media" ? [scope] : []));
    this.#keepsMedia = (seq) =>
      media && !refused.some(({ seqs, through }) => seqs?.includes(seq) ?? seq <= through);
    const cuts = quarantines.flatMap(({ scope }) => (scope.kind === "outputs" ? [scope] : []));
    this.#keepOf = (seq) =>
      Math.min(...cuts.filter(({ through }) => seq <= through).map(({ keepBytes }) => keepBytes));
  }

  /** How many items were left behind. */
  get left(): number {
    return this.#left;
  }

  /** What stands for an item; nothing for one that stays behind. */
  carry(record: ItemRecord, bytes: Uint8Array): Carried[] {
    const item = parseJsonBytes(bytes);
    const visible = isJsonObject(item) ? this.#visible(record, item) : undefined;
    if (visible === undefined) {
      this.#left++;
      return [];
    }
    return [itemAdded(record, visible)];
  }

  /** Answers for calls without output. Whether they ran is known only to the predecessor's log, so nothing may run them again. */
  end(): Carried[] {
    return [...this.#unanswered].map((record) => {
      const output = outputItem(
        record.event.kind,
        record.event.call ?? "",
        `${outcomeUnknown}: the session was continued in a new one before this call was answered`,
      );
      return itemAdded(record, output, "repair");
    });
  }

  #visible(record: ItemRecord, item: JsonObject): Uint8Array | undefined {
    const { event } = record;
    const { kind } = event;
    const keepsMedia = event.media !== undefined && this.#keepsMedia(event.seq);
    if (kind === "message") return message(item, keepsMedia);
    if (kind === "function_call" || kind === "custom_tool_call") {
      this.#open.add(placed(event), record);
      this.#unanswered.add(record);
      const { name, call_id: call } = item;
      const given = unsealedArguments(item, sealedText) ?? item["arguments"];
      const input = kind === "function_call" ? { arguments: text(given) } : { input: text(item["input"]) };
      return json({ type: kind, call_id: call, name, ...input });
    }
    if (kind === "function_call_output" || kind === "custom_tool_call_output") {
      const call = this.#open.take(event);
      if (!call) return note(kind, item);
      this.#unanswered.delete(call);
      const keep = this.#keepOf(event.seq);
      const isWhole = keepsMedia && keep === Number.POSITIVE_INFINITY;
      const output = isWhole ? withMedia(item["output"], "input_text") : shorten(words(item["output"]), keep);
      return json({ type: kind, call_id: item["call_id"], output });
    }
    return sealedKinds.has(kind) || item["encrypted_content"] !== undefined ? undefined : note(kind, item);
  }
}

const sealedKinds: ReadonlySet<string> = new Set(["reasoning", "compaction", "item_reference"]);

/** What stands in the new log for a summary: nobody's words, and of no turn. */
export function carriedSummary(item: Uint8Array): Carried {
  const facts = describeItem(item);
  if (!facts) throw new Error("a summary is an item");
  return { event: { type: "item-added", turn: 0, step: 0, ...facts, origin: "input", context: true }, item };
}

function placed(event: ItemRecord["event"]): Parameters<OpenCalls<unknown>["add"]>[0] {
  return event.type === "item-added" ? event : { ...event, turn: 0, step: 0 };
}

/** In its turn and step, by whom it was made. */
function itemAdded({ event }: ItemRecord, item: Uint8Array, origin?: "repair"): Carried {
  if (event.type !== "item-added") return carriedSummary(item);
  const facts = describeItem(item);
  if (!facts) throw new Error("what a rotation carries over has a type");
  const { turn, step, model, context } = event;
  const added: NewEvent = {
    type: "item-added",
    turn,
    step,
    origin: origin ?? event.origin,
    ...(model !== undefined && { model }),
    ...facts,
    ...(context && { context }),
  };
  return { event: added, item };
}

/** A message with its words, and with its media or words in their place; `undefined` where there are none. */
function message(item: JsonObject, keepsMedia: boolean): Uint8Array | undefined {
  const said = words(item["content"]);
  if (said.trim() === "") return undefined;
  const role = text(item["role"]);
  const type = role === "assistant" ? "output_text" : "input_text";
  const { content } = item;
  if (keepsMedia) return json({ type: "message", role, content: withMedia(content, type) });
  // A summary is known by how its parts begin.
  const texts = Array.isArray(content) && isSummaryItem(item) ? content.map((part) => words([part])) : [said];
  return json({ type: "message", role, content: texts.map((one) => ({ type, text: one })) });
}

/** How much of an item of a kind that not every backend takes is told. */
const longestNote = 2_000;

function note(kind: string, item: JsonObject): Uint8Array {
  const { id: _id, type: _type, status: _status, ...told } = item;
  const line = `[${kind} ${printableLine(writeJson(told), longestNote)}]`;
  return json({ type: "message", role: "assistant", content: [{ type: "output_text", text: line }] });
}

/** The parts of a content or an output: media as they are, and words. */
function withMedia(content: unknown, type: string): unknown[] {
  const parts: unknown[] = Array.isArray(content) ? content : [content];
  return parts
    .map((part) => (isJsonObject(part) && isMediaType(part["type"]) ? part : { type, text: words([part]) }))
    .filter((part) => part["text"] !== "");
}

/** The text of a content or an output, part by part; a part that is none is named. */
function words(content: unknown): string {
  if (!Array.isArray(content)) return text(content ?? "");
  return content
    .map((part) => {
      if (!isJsonObject(part)) return text(part);
      const said = part["text"] ?? part["refusal"];
      return typeof said === "string" ? said : `[${text(part["type"])} left out]`;
    })
    .join("");
}

const text = (value: unknown): string =>
  sanitise(typeof value === "string" ? value : value === undefined ? "" : writeJson(value));

const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
