import { isJsonObject } from "../../../lib/json.ts";
import { isInjected } from "../rollout/injected.ts";
import type { RolloutLine } from "../rollout/lines.ts";
import { type Span, spanOf } from "../rollout/span.ts";
import { Bounded } from "./bounded.ts";
import type { WatchedRecord } from "./watched-record.ts";

const mostFound = 10_000;
const ownTexts: ReadonlySet<string> = new Set(["input_text", "output_text"]);
/** What other APIs call parts. */
const foreignKinds: ReadonlySet<string> = new Set(["text", "refusal"]);
/** How a list begins whose parts no output has. */
const foreignParts = /^\[\s*\{\s*"type"\s*:\s*"(?:text|image|output_text|refusal)"/u;
/** What a call was called with, and what an output says, by the kind. */
const said = {
  function_call: "arguments",
  custom_tool_call: "input",
  function_call_output: "output",
  custom_tool_call_output: "output",
} as const;

/**
 * Finds messages, calls and outputs that Codex passes over as it does lines that are no records, because a member is gone or has a form in
 * which it never writes it (0.130, 0.146, 0.169). Kinds of items and parts that nobody here knows are none of it: a newer version may
 * write them.
 */
export class UnreadItems {
  readonly found = new Bounded<Span>(mostFound);

  see(kind: string, record: WatchedRecord, line: RolloutLine): void {
    // Of a line that is too long to be parsed its members aren't known.
    if (line.whole && !isReadItem(kind, record)) this.found.add(spanOf(line));
  }

  rolledBack(from: number): void {
    this.found.keep(({ index }) => index < from);
  }

  /** What a summary replaced is not sent any more. */
  forget(): void {
    this.found.clear();
  }
}

/** Whether Codex reads an item, as far as it is known; `kind` is "" where it has none. */
export function isReadItem(
  kind: string,
  record: Pick<WatchedRecord, "payload" | "isText" | "hasParts" | "partsHead">,
): boolean {
  const { payload } = record;
  if (kind === "") return false;
  if (kind !== "message" && !isSaying(kind)) return true;
  if (!record.isText("id") && (payload["id"] ?? null) !== null) return false;
  if (kind === "message") {
    const { role, content } = payload;
    return typeof role === "string" && Array.isArray(content) && content.every(isReadPart);
  }
  const isSaid = record.isText(said[kind]);
  if (said[kind] !== "output") return record.isText("call_id") && record.isText("name") && isSaid;
  const isAnswer = record.isText("call_id") || isInjected(kind, payload);
  return isAnswer && (isSaid || (record.hasParts && !foreignParts.test(record.partsHead)));
}

const isSaying = (kind: string): kind is keyof typeof said => Object.hasOwn(said, kind);

function isReadPart(part: unknown): boolean {
  if (!isJsonObject(part) || typeof part["type"] !== "string") return false;
  const { type, text } = part;
  return ownTexts.has(type) ? typeof text === "string" : !foreignKinds.has(type);
}
