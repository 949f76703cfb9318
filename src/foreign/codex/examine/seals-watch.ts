import { isJsonObject, type JsonObject, stringOf } from "../../../lib/json.ts";
import { type SkimmedText, skimmedText } from "../../../lib/skimmed-text.ts";
import { isHolderKind } from "../../../session/item.ts";
import { describeText, fernetHead, sealedArgument } from "../../../session/seal.ts";
import { isWords } from "../rollout/payload/agent-message.ts";
import type { RolloutLine } from "../rollout/bytes/lines.ts";
import { readRecord } from "../rollout/record/record.ts";
import { type SealedBlob, SealedBlobs } from "./sealed-blobs.ts";
import type { WatchedRecord } from "./watched-record.ts";

const mostBlobs = 200_000;
const summaries: ReadonlySet<string> = new Set(["compaction", "compaction_summary", "context_compaction"]);
const sealedMark = Buffer.from('"encrypted_content"');
const fernetMark = Buffer.from(fernetHead);
/** Anything shorter is a word. */
const shortestSeal = 16;

/**
 * Finds sealed content: reasoning, summaries (only inside `compacted` lines), messages between agents, parts of outputs, arguments of
 * calls, and items of other kinds.
 */
export class SealsWatch {
  readonly blobs = new SealedBlobs(mostBlobs);

  see(record: WatchedRecord, line: RolloutLine): void {
    const { type, kind, payload } = record;
    if (type === "response_item") {
      if (kind === "reasoning") this.#blob(record.seal, payload, "reasoning", line);
      else if (summaries.has(kind)) this.#blob(record.seal, payload, "compaction", line);
      else if (kind === "agent_message") this.#parts(payload["content"], line);
      else if (isHolderKind(kind)) {
        this.#message(payload, line, "within");
        if (record.hasParts) this.#output(line);
        else if (kind === "function_call") this.#call(line);
      } else this.#message(payload, line);
    } else if (type === "inter_agent_communication") {
      this.#message(payload, line);
    } else if (type === "compacted") {
      const items = payload["replacement_history"];
      if (!Array.isArray(items)) return;
      for (const item of items) if (isJsonObject(item)) this.#carried(item, line);
    }
  }

  /** An item in a summary's line. One that holds more than a seal is not part of the summary. */
  #carried(item: JsonObject, line: RolloutLine): void {
    if (!isHolderKind(stringOf(item["type"]))) return this.#sealed(item, "compaction", line);
    this.#message(item, line, "within");
    this.#parts(item["output"] ?? item["content"], line, "within");
    if (item["type"] === "function_call") this.#argument(item, line);
  }

  #parts(parts: unknown, line: RolloutLine, where?: SealedBlob["in"]): void {
    if (!Array.isArray(parts)) return;
    for (const part of parts) if (isJsonObject(part)) this.#message(part, line, where);
  }

  #message(part: WatchedRecord["payload"], line: RolloutLine, where: SealedBlob["in"] = "message"): void {
    const blob = part["encrypted_content"];
    if (typeof blob === "string" && !isWords(blob)) this.#sealed(part, where, line);
  }

  /** Few outputs are lists, and fewer hold something sealed: only those are parsed. */
  #output(line: RolloutLine): void {
    const record = line.bytes.includes(sealedMark) ? readRecord(line) : undefined;
    const output = record?.readable === true ? record.payload["output"] : undefined;
    this.#parts(output, line, "within");
  }

  /** As `#output`, for calls. */
  #call(line: RolloutLine): void {
    const record = line.bytes.includes(fernetMark) ? readRecord(line) : undefined;
    if (record?.readable === true) this.#argument(record.payload, line);
  }

  #argument(call: JsonObject, line: RolloutLine): void {
    const seal = sealedArgument(call);
    this.#blob(skimmedText(seal), call, "within", line);
  }

  #sealed(item: WatchedRecord["payload"], where: SealedBlob["in"], line: RolloutLine): void {
    this.#blob(skimmedText(item["encrypted_content"]), item, where, line);
  }

  #blob(
    seal: SkimmedText | undefined,
    { id }: WatchedRecord["payload"],
    where: SealedBlob["in"],
    line: RolloutLine,
  ): void {
    if (seal === undefined) return;
    const { at, tail, shape } = describeText(seal);
    const { index, offset, length } = line;
    // Member by member: a spread for each optional one takes most of the time that a blob costs.
    const found: { -readonly [K in keyof SealedBlob]?: SealedBlob[K] } = { index, at: offset, bytes: length };
    found.in = where;
    if (typeof id === "string") found.id = id;
    if (at !== undefined) found.sealedAt = at * 1_000;
    found.malformed = shape === "malformed";
    found.isWords = found.malformed ? !seal.startsWith(fernetHead) : seal.length < shortestSeal;
    found.tail = tail;
    this.blobs.add(found as SealedBlob);
  }
}
