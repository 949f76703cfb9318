import { isJsonObject, type JsonObject, parseJson } from "../../../../lib/json.ts";
import { writeJson } from "../../../../lib/whole-json.ts";
import type { ItemFacts } from "../../../../session/facts.ts";
import { describeItem } from "../../../../session/item.ts";
import { sealedArgument } from "../../../../session/seal.ts";
import { idMember } from "../record/item-head.ts";
import { passthrough, passthroughMark } from "../payload/passthrough.ts";
import type { SkimmedItem } from "./thread-skim.ts";

/** Members that Codex keeps of an item and that no API takes back. */
const ownMembers: ReadonlySet<string> = new Set([
  passthrough,
  "metadata",
  "end_turn",
  // Names the sealed arguments of a call; only the backend that Codex itself asks knows it (since 2026-07).
  "encrypted_function_args",
]);

/** An item as a log takes it: its bytes, and what its header says of it. */
export interface LoggedItem {
  readonly facts: ItemFacts;
  readonly bytes: Uint8Array;
}

/**
 * A Responses item, which has a type, out of a rollout's payload, without what only Codex has a use for. `raw`: the payload's own bytes
 * (`ThreadItem`), taken as they are where nothing has to be left out but what stands at their end; the copy lies in the room.
 */
export function loggedItem(payload: JsonObject, room: Room, raw?: Buffer): LoggedItem {
  const bytes = (raw && sliced(payload, raw, room)) ?? written(payload);
  const facts = plainFacts(payload, bytes) ?? describeItem(bytes);
  if (!facts) throw new Error("an item with a type has one in its bytes");
  // What tells that a call's arguments are words and not sealed is among what was left out of the bytes.
  if (!("encrypted_function_args" in payload) || sealedArgument(payload) !== undefined)
    return { facts, bytes };
  const { sealed: _open, ...others } = facts;
  return { facts: others, bytes };
}

/** An id is looked for among so many bytes. */
const headBytes = 300;
/** Members of messages that say nothing to a log's header but the role and the id. */
const plainMembers: ReadonlySet<string> = new Set(ownMembers).union(
  new Set(["type", "id", "role", "content", "phase", "status"]),
);

/**
 * What `describeItem` says of a message of nothing but words, without looking through its bytes: most items that were parsed are such.
 * `undefined` for all others.
 */
function plainFacts(payload: JsonObject, bytes: Buffer): ItemFacts | undefined {
  const { type, role, id, content } = payload;
  if (type !== "message" || typeof role !== "string" || !Array.isArray(content)) return undefined;
  if (content.length === 0 || !content.every(isWords)) return undefined;
  if (!Object.keys(payload).every((member) => plainMembers.has(member))) return undefined;
  if (typeof id !== "string") return { kind: type, role };
  const cut = idMember.exec(bytes.toString("latin1", 0, headBytes));
  return cut ? { kind: type, role, id, cut: [cut[1]!.length, cut[0].length] } : undefined;
}

const isWords = (part: unknown): boolean =>
  isJsonObject(part) &&
  (part["type"] === "input_text" || part["type"] === "output_text") &&
  typeof part["text"] === "string" &&
  part["text"] !== "";

/** A copy of an item that need not be parsed; it lies in the room. */
export function copiedItem({ facts, bytes }: SkimmedItem, room: Room): LoggedItem {
  return { facts, bytes: copied(bytes, room) };
}

/** A copy in which a brace closes the item, where there may stand a comma before what was left out. */
function copied(raw: Buffer, room: Room): Buffer {
  const bytes = room.take(raw.length);
  raw.copy(bytes);
  bytes[raw.length - 1] = 0x7d;
  return bytes;
}

/** A copy of the payload's own bytes; `undefined` where something stands in their middle that has to be left out. */
function sliced(payload: JsonObject, raw: Buffer, room: Room): Buffer | undefined {
  if ("id" in payload && typeof payload["id"] !== "string") return undefined;
  let end = raw.length;
  for (const member of ownMembers) {
    if (!(member in payload)) continue;
    if (member !== passthrough) return undefined;
    const at = raw.lastIndexOf(passthroughMark);
    const value = at < 0 ? undefined : parseJson(raw.toString("utf8", at + passthroughMark.length, end - 1));
    if (!isJsonObject(value)) return undefined;
    end = at + 1;
  }
  return copied(raw.subarray(0, end), room);
}

/** The payload written anew. An `id` that is none (`null` in bare rollouts) is left out. */
function written({ type, id, ...rest }: JsonObject): Buffer {
  for (const member of ownMembers) if (member in rest) delete rest[member];
  return Buffer.from(writeJson({ type, ...(typeof id === "string" && { id }), ...rest }));
}

/**
 * Memory for the items of one group, reused for the next: a buffer of its own for each of 100,000 items would only be work for the
 * collector.
 */
export class Room {
  readonly #memory: Buffer;
  #used = 0;

  /** `size`: bytes that are kept; what doesn't fit gets memory of its own. */
  constructor(size: number) {
    this.#memory = Buffer.allocUnsafeSlow(size);
  }

  /** Uninitialised memory, valid until the next `clear`. */
  take(bytes: number): Buffer {
    if (bytes > this.#memory.length - this.#used) return Buffer.allocUnsafe(bytes);
    this.#used += bytes;
    return this.#memory.subarray(this.#used - bytes, this.#used);
  }

  clear(): void {
    this.#used = 0;
  }
}
