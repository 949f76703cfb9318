import { isUtf8 } from "node:buffer";
import { isAt } from "../../../../lib/bytes.ts";
import { JsonSkim } from "../../../../lib/json-skim.ts";
import type { Usage } from "../../../../session/event.ts";
import type { ItemFacts } from "../../../../session/facts.ts";
import { describeText, fernetHead } from "../../../../session/seal.ts";
import type { Glance } from "../record/glance.ts";
import { passthrough, passthroughMark } from "../payload/passthrough.ts";

const itemMembers = [
  "type",
  "timestamp",
  "metadata",
  "payload",
  "payload.type",
  "payload.id",
  "payload.role",
  "payload.call_id",
  "payload.name",
  "payload.content",
  "payload.arguments",
  "payload.input",
  "payload.output",
  "payload.encrypted_content",
  "payload.thought_signature",
  "payload.metadata",
  "payload.end_turn",
  "payload.encrypted_function_args",
  `payload.${passthrough}`,
] as const;
const total = "payload.info.total_token_usage";
const counted = ["input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens"] as const;
type Counted = (typeof counted)[number];

/** What a thread has used, by what Codex counts under each name. */
export const usageOf = (count: (name: Counted) => number): Usage => ({
  inputTokens: count("input_tokens"),
  cachedInputTokens: count("cached_input_tokens"),
  outputTokens: count("output_tokens"),
  reasoningTokens: count("reasoning_output_tokens"),
});

const usageMembers = [
  "type",
  "payload",
  "payload.type",
  "payload.info",
  total,
  ...counted.map((name) => `${total}.${name}` as const),
] as const;

function slotsOf<Path extends string>(paths: readonly Path[]): Record<Path, number> {
  return Object.fromEntries(paths.map((path, at) => [path, at])) as Record<Path, number>;
}
const item = slotsOf(itemMembers);
const usage = slotsOf(usageMembers);
/** Members that make an item one to be parsed. */
const unusual = [
  item["payload.role"],
  item["payload.thought_signature"],
  item["payload.metadata"],
  item["payload.end_turn"],
  item["payload.encrypted_function_args"],
];

/** Where the words of a kind of item stand. */
const wordsOf: ReadonlyMap<string, number> = new Map([
  ["function_call", item["payload.arguments"]],
  ["custom_tool_call", item["payload.input"]],
  ["function_call_output", item["payload.output"]],
  ["custom_tool_call_output", item["payload.output"]],
]);

/** The kinds that are most of a thread's items, and nearly all of its bytes. */
const skimmedKinds: ReadonlySet<string> = new Set([
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

/** An item that was found to be one without parsing it. */
export interface SkimmedItem {
  readonly facts: ItemFacts;
  /** Its bytes, in which a comma may stand in place of the closing brace. Valid until the next line is taken. */
  readonly bytes: Buffer;
}

const idMark = Buffer.from('"id":');
/** What Codex keeps of a line beside the payload (0.159 and later). */
const metadataMark = Buffer.from(',"metadata":');
const sealMark = Buffer.from(fernetHead);
const [quote, comma, smallN] = [0x22, 0x2c, 0x6e];

/**
 * Reads most lines of a thread without parsing them: checks that they are JSON, and looks up what the log's header says of their items.
 * The answers are those of `readRecord` and `loggedItem`; where it isn't certain of that it gives none.
 */
class ThreadSkim {
  readonly #item = new JsonSkim(itemMembers);
  readonly #usage = new JsonSkim(usageMembers);

  /** A call, an output or reasoning; `undefined`: the line has to be parsed. */
  item(line: Buffer, { type, kind, payload }: Glance): SkimmedItem | undefined {
    if (type !== "response_item" || kind === undefined || !skimmedKinds.has(kind) || payload === 0)
      return undefined;
    this.#item.over(line);
    const past = this.#isItem(line) ? this.#past(line) : undefined;
    const facts = past === undefined ? undefined : this.#facts(line, payload, past);
    this.#item.release();
    return facts && { facts, bytes: line.subarray(payload, past) };
  }

  #isItem(line: Buffer): boolean {
    const json = this.#item;
    if (!json.skim(0, line.length) || json.hasSurrogates || (json.isBeyondAscii && !isUtf8(line)))
      return false;
    for (const slot of unusual) if (json.has(slot)) return false;
    // With no white space, the line ends with the brace of the payload, or of its own metadata, and its own brace.
    const past = json.end(item.payload);
    if (!json.has(item.metadata)) return past === line.length - 1;
    const isNext = isAt(line, past, metadataMark) && json.start(item.metadata) === past + metadataMark.length;
    return isNext && json.isObject(item.metadata) && json.end(item.metadata) === line.length - 1;
  }

  /** What the thread has used so far, or "nothing" where the line doesn't say it; `undefined`: it has to be parsed. */
  usage(line: Buffer, { type, kind }: Glance): Usage | "nothing" | undefined {
    if (type !== "event_msg" || kind !== "token_count") return undefined;
    this.#usage.over(line);
    const used = this.#usage.skim(0, line.length) ? this.#used() : undefined;
    this.#usage.release();
    return used;
  }

  #used(): Usage | "nothing" {
    const json = this.#usage;
    if (!json.isObject(usage["payload.info"]) || !json.isObject(usage[total])) return "nothing";
    return usageOf((name) => json.number(usage[`${total}.${name}`]) ?? 0);
  }

  /**
   * The offset after the item's last byte. Members that only Codex uses are skipped where they stand at its end; elsewhere the line has
   * to be parsed.
   */
  #past(line: Buffer): number | undefined {
    const json = this.#item;
    const slot = item[`payload.${passthrough}`];
    const end = json.end(item.payload);
    if (!json.has(slot)) return end;
    const start = json.start(slot) - passthroughMark.length;
    const isLast = json.isObject(slot) && json.end(slot) === end - 1;
    return isLast && isAt(line, start, passthroughMark) ? start + 1 : undefined;
  }

  /** `from` and `past`: where the item lies in the line. */
  #facts(line: Buffer, from: number, past: number): ItemFacts | undefined {
    const json = this.#item;
    const kind = json.word(item["payload.type"]);
    if (kind === undefined || !this.#isTextOrNull(line, item["payload.content"])) return undefined;
    // Calls and outputs are words; one that is none, or a list of parts, has to be parsed.
    const words = wordsOf.get(kind);
    if (words !== undefined && !json.isText(words)) return undefined;
    // Its arguments may hold something sealed.
    if (kind === "function_call" && line.includes(sealMark)) return undefined;
    const facts: ItemFacts = { kind };
    const [call, id, name] = [item["payload.call_id"], item["payload.id"], item["payload.name"]];
    // A prompt that is stored as an output (`isInjected`) has to be parsed.
    if (!json.has(call) && json.has(name)) return undefined;
    if (json.has(call)) {
      if (!this.#isPlain(line, call)) return undefined;
      facts.call = json.value(call) as string;
    }
    if (json.has(id)) {
      const start = json.start(id) - idMark.length;
      const end = json.end(id) + 1;
      const isWithComma = isAt(line, start, idMark) && line[end - 1] === comma && end < past;
      if (!isWithComma || !this.#isPlain(line, id)) return undefined;
      facts.id = json.value(id) as string;
      facts.cut = [start - from, end - from];
    }
    if (json.has(name)) {
      if (!this.#isPlain(line, name)) return undefined;
      facts.name = json.word(name)!;
    }
    const seal = item["payload.encrypted_content"];
    const text = json.plain(seal);
    // Null is no seal; anything else that is no plain text has to be parsed.
    if (text === undefined) return json.has(seal) && json.value(seal) !== null ? undefined : facts;
    const sealed = describeText(text);
    // A seal that is no base64 needs a closer look.
    if (sealed.shape === "malformed") return undefined;
    facts.sealed = sealed;
    return facts;
  }

  /** Whether it is a string or null: a list may hold pictures, or the words of reasoning. */
  #isTextOrNull(line: Buffer, slot: number): boolean {
    if (!this.#item.has(slot)) return true;
    const first = line[this.#item.start(slot)];
    return first === quote || first === smallN;
  }

  /** Whether it is an ASCII string, whose bytes are its characters in any encoding. */
  #isPlain(line: Buffer, slot: number): boolean {
    const start = this.#item.start(slot);
    const end = this.#item.end(slot);
    for (let at = start; at < end; at++) if (line[at]! > 0x7e) return false;
    return line[start] === quote;
  }
}

/** One for all threads: what it says of a line is taken before the next one is read. */
export const threadSkim = new ThreadSkim();
