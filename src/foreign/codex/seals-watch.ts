import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { describeSeal } from "../../session/item.ts";
import { Bounded } from "./bounded.ts";
import type { RolloutLine } from "./lines.ts";
import type { Span } from "./pairs-watch.ts";
import type { RolloutRecord } from "./record.ts";

/** A sealed blob and the line that holds it. A line may hold several. */
export interface SealedBlob extends Span {
  /** "compaction": in a `compacted` line, where it stands for the history before it. */
  readonly in: "reasoning" | "compaction" | "message";
  /** The item's id, where it has one. */
  readonly id?: string;
  /** Milliseconds since 1970 at which it was sealed, as the blob itself says. */
  readonly sealedAt?: number;
  /** It was cut or altered, and would only be refused. */
  readonly malformed: boolean;
  /** Its last characters. */
  readonly tail: string;
}

const mostBlobs = 200_000;

/** Finds what is sealed: reasoning, summaries (only inside `compacted` lines), messages between agents. */
export class SealsWatch {
  readonly blobs = new Bounded<SealedBlob>(mostBlobs);
  /** Line index of the last summary: sealed content before it is not sent any more, as long as it stands. */
  lastCompaction = -1;

  see({ type, kind, payload }: RolloutRecord, line: RolloutLine): void {
    if (type === "response_item") {
      if (kind === "reasoning") this.#blob(payload, "reasoning", line);
      else if (kind === "compaction" || kind === "compaction_summary")
        this.#blob(payload, "compaction", line);
      else if (kind === "agent_message") this.#parts(payload["content"], line);
    } else if (type === "compacted") {
      this.lastCompaction = line.index;
      const items = payload["replacement_history"];
      if (!Array.isArray(items)) return;
      for (const item of items) if (isJsonObject(item)) this.#blob(item, "compaction", line);
    }
  }

  #parts(parts: unknown, line: RolloutLine): void {
    if (!Array.isArray(parts)) return;
    for (const part of parts) if (isJsonObject(part)) this.#blob(part, "message", line);
  }

  #blob(item: JsonObject, where: SealedBlob["in"], line: RolloutLine): void {
    const blob = item["encrypted_content"];
    if (typeof blob !== "string") return;
    const { at, tail, shape } = describeSeal(blob);
    const { index, offset, length } = line;
    // Written out: a spread for each member that may be missing is most of the time that a blob takes.
    const found: { -readonly [K in keyof SealedBlob]?: SealedBlob[K] } = { index, at: offset, bytes: length };
    found.in = where;
    if (typeof item["id"] === "string") found.id = item["id"];
    if (at !== undefined) found.sealedAt = at * 1_000;
    found.malformed = shape === "malformed";
    // A copy: the end of a string holds on to all of it.
    found.tail = Buffer.from(tail).toString();
    this.blobs.add(found as SealedBlob);
  }
}
