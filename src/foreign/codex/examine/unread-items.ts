import { isJsonObject, stringOf } from "../../../lib/json.ts";
import { foreignParts, isOwnMessage } from "../rollout/payload/chat-items.ts";
import { isInjected } from "../rollout/payload/injected.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { Bounded } from "./bounded.ts";
import { askedOfPayload, formedOfPayload, type WatchedRecord } from "./watched-record.ts";

const mostFound = 10_000;
const ownTexts: ReadonlySet<string> = new Set(["input_text", "output_text"]);
const ownRoles: ReadonlySet<unknown> = new Set(["user", "assistant", "developer", "system"]);
/** The kinds of parts that hold words, and those of them that reasoning has. */
const wordKinds: ReadonlySet<string> = new Set([
  ...ownTexts,
  ...foreignParts,
  "summary_text",
  "reasoning_text",
]);
const ofReasoning = {
  summary: new Set(["summary_text"]),
  content: new Set(["reasoning_text", "text"]),
} as const;
/** How a list begins whose parts no output has. */
const partsOfOthers = /^\[\s*\{\s*"type"\s*:\s*"(?:text|image|output_text|refusal)"/u;
/** What a call was called with, and what an output says, by the kind. */
const said = {
  function_call: "arguments",
  custom_tool_call: "input",
  function_call_output: "output",
  custom_tool_call_output: "output",
} as const;

/**
 * Finds messages, reasoning, calls and outputs that Codex passes over as it does lines that are no records, or that OpenAI refuses, because
 * a member is gone or has a form in which Codex never writes it (0.130, 0.146, 0.169). Kinds of items and parts that nobody here knows are
 * none of it: a newer version may write them.
 */
export class UnreadItems {
  readonly found = new Bounded<Span>(mostFound);

  item(record: WatchedRecord, line: RolloutLine): void {
    // Of a line that is too long to be parsed its members aren't known.
    if (line.whole && !isReadItem(record)) this.found.add(spanOf(line));
  }

  /** What a summary replaced is not sent any more. */
  replaced(): void {
    this.found.clear();
  }

  rolledBack(from: number): void {
    this.found.keep(({ index }) => index < from);
  }
}

type FormedRecord = Pick<WatchedRecord, "era" | "kind" | "payload" | "isText" | "hasParts" | "partsHead">;

/** Whether Codex reads an item, as far as it is known. What nobody here knows counts as read. */
export function isReadItem(record: FormedRecord): boolean {
  const { kind, payload } = record;
  if (kind === "") return !saysNothing(record) && kindByMembers(record) === undefined;
  if (kind !== "message" && kind !== "reasoning" && !isSaying(kind)) return true;
  if (!record.isText("id") && (payload["id"] ?? null) !== null) return false;
  if (kind === "message") {
    const { role, content } = payload;
    if (typeof role !== "string" && isOthers(content)) return true;
    return typeof role === "string" && isOwnMessage(role, content);
  }
  if (kind === "reasoning") {
    const { summary, content } = payload;
    return (
      isReadThought(summary, "summary") && ((content ?? null) === null || isReadThought(content, "content"))
    );
  }
  const isSaid = record.isText(said[kind]);
  if (said[kind] !== "output") return record.isText("call_id") && record.isText("name") && isSaid;
  const isAnswer = record.isText("call_id") || isInjected(kind, payload);
  return isAnswer && (isSaid || (record.hasParts && !partsOfOthers.test(record.partsHead)));
}

/** What an item that has lost its type is; `undefined` where its members don't tell. */
export function kindByMembers(record: FormedRecord): string | undefined {
  const { role, content } = record.payload;
  if (ownRoles.has(role))
    return typeof content === "string" || Array.isArray(content) ? "message" : undefined;
  if (!record.isText("name") || !record.isText("call_id")) return undefined;
  if (record.isText("arguments")) return "function_call";
  return record.isText("input") ? "custom_tool_call" : undefined;
}

/** Whether nothing is left of a payload: something else stands in its place, or it has none of the members that are asked for. */
const saysNothing = (record: FormedRecord): boolean =>
  record.era === "bare" ||
  !(
    record.hasParts ||
    askedOfPayload.some((name) => (record.payload[name] ?? null) !== null) ||
    formedOfPayload.some((name) => record.isText(name))
  );

/** Whether words without a role are in no parts that tell whose they are. */
const isOthers = (content: unknown): boolean =>
  typeof content === "string" ||
  (Array.isArray(content) &&
    !content.some((part) => isJsonObject(part) && ownTexts.has(stringOf(part["type"]))));

const isSaying = (kind: string): kind is keyof typeof said => Object.hasOwn(said, kind);

function isReadThought(parts: unknown, where: keyof typeof ofReasoning): boolean {
  if (!Array.isArray(parts)) return false;
  return parts.every((part) => {
    if (!isJsonObject(part) || typeof part["type"] !== "string") return false;
    const { type, text } = part;
    return ofReasoning[where].has(type) ? typeof text === "string" : !wordKinds.has(type);
  });
}
