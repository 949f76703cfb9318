import { isJsonObject, memberNamed } from "../../../lib/json.ts";
import { isInjected } from "../rollout/injected.ts";
import type { RolloutLine } from "../rollout/lines.ts";
import { type Span, spanOf } from "../rollout/span.ts";
import { Bounded } from "./bounded.ts";
import type { WatchedRecord } from "./watched-record.ts";

const mostFound = 10_000;
const [quote, openBracket] = [0x22, 0x5b];
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
 * Finds messages, calls and outputs that Codex passes over as it does lines that are no records, because a member has a form in which it
 * never writes it (0.130, 0.146, 0.169). Parts of unknown kinds are none of it: a newer version may write them.
 */
export class UnreadItems {
  readonly found = new Bounded<Span>(mostFound);

  see(kind: string, record: WatchedRecord, line: RolloutLine): void {
    // Of a line that is too long to be parsed its members aren't known.
    if (line.whole && !isRead(kind, record, line.bytes)) this.found.add(spanOf(line));
  }

  rolledBack(from: number): void {
    this.found.keep(this.found.items.filter(({ index }) => index < from));
  }

  /** What a summary replaced is not sent any more. */
  forget(): void {
    this.found.keep([]);
  }
}

function isRead(kind: string, record: WatchedRecord, line: Buffer): boolean {
  const { payload, ownId } = record;
  if (kind !== "message" && !isSaying(kind)) return true;
  if (ownId === undefined && (payload["id"] ?? null) !== null) return false;
  if (kind === "message") {
    const { role, content } = payload;
    return typeof role === "string" && Array.isArray(content) && content.every(isReadPart);
  }
  const { call_id: call, name } = payload;
  const at = record.valueAt(said[kind]) ?? valueIn(line, said[kind]);
  if (said[kind] !== "output")
    return typeof call === "string" && typeof name === "string" && line[at] === quote;
  const isAnswer = typeof call === "string" || isInjected(kind, payload);
  const isList = line[at] === openBracket && !foreignParts.test(line.toString("latin1", at, at + 64));
  return isAnswer && (line[at] === quote || isList);
}

const isSaying = (kind: string): kind is keyof typeof said => Object.hasOwn(said, kind);

/** Where the value of a payload's member begins; -1 where it has none. */
function valueIn(line: Buffer, name: string): number {
  const payload = memberNamed(line, "payload")?.valueStart ?? 0;
  const member = memberNamed(line.subarray(payload), name);
  return member ? payload + member.valueStart : -1;
}

function isReadPart(part: unknown): boolean {
  if (!isJsonObject(part) || typeof part["type"] !== "string") return false;
  const { type, text } = part;
  return ownTexts.has(type) ? typeof text === "string" : !foreignKinds.has(type);
}
