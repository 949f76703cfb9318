import { isJsonObject, type JsonObject, type Member, members, parseJson } from "../../../lib/json.ts";
import { glance } from "../rollout/record/glance.ts";
import { headerOfRecord, readHeader, type RolloutHeader } from "../rollout/record/header.ts";
import { readRecord } from "../rollout/record/record.ts";
import { isBlank } from "../rollout/bytes/white-space.ts";
import type { Flaw } from "./flaw.ts";

const newline = 0x0a;

/** A header without the system prompt, which is half of a small rollout. */
export type ListedHeader = Omit<RolloutHeader, "instructions">;

/** The header of a rollout, and what its first lines tell beside it. */
export interface FoundHeader {
  readonly header: ListedHeader | undefined;
  readonly flaws: readonly Flaw[];
  /** Another program has written the lines anew, with their members in another order. */
  readonly isRewritten: boolean;
}

/** The header, among the first lines, and what is wrong with it. */
export function headerIn(head: Buffer): FoundHeader {
  const flaws: Flaw[] = [];
  let isRewritten = false;
  // Codex passes over blank lines before the header.
  let isFirst = true;
  for (let start = 0, at = 0; start < head.length && at < 8; at++) {
    const end = lineEnd(head, start);
    const line = head.subarray(start, end);
    const header = headerOfLine(line);
    if (header) {
      if (line[0] === 0xef) flaws.push("bom");
      if (!isFirst) flaws.push("no-header");
      const isBare = line.indexOf('"session_meta"') < 0;
      // The header may have kept its form while the lines after it were rewritten.
      isRewritten =
        (!isBare && isOtherwise(line)) || isOtherwise(head.subarray(end + 1, lineEnd(head, end + 1)));
      return { header, flaws, isRewritten };
    }
    isRewritten ||= isOtherwise(line);
    isFirst &&= isBlank(line);
    start = end + 1;
  }
  return { header: undefined, flaws: ["no-header"], isRewritten };
}

function lineEnd(bytes: Buffer, start: number): number {
  const found = bytes.indexOf(newline, start);
  return found < 0 ? bytes.length : found;
}

/** Whether a line is a record that doesn't begin as Codex writes them: with other members first, or spaces between them. */
function isOtherwise(line: Buffer): boolean {
  const own = line[0] === 0xef ? line.subarray(3) : line;
  return glance(own) === undefined && readRecord({ bytes: own, whole: true }).readable;
}

/** Members of a header whose values are long and say nothing to a list. */
const longMembers: ReadonlySet<string> = new Set(["base_instructions", "instructions", "dynamic_tools"]);

/** Parses the other members only. */
function headerOfLine(line: Buffer): ListedHeader | undefined {
  const glanced = glance(line);
  if (glanced && glanced.type !== "session_meta") return undefined;
  if (!glanced) {
    const header = headerOfRecord(readRecord({ bytes: line, whole: true }));
    return header && withoutInstructions(header);
  }
  const bytes = line.subarray(glanced.payload);
  const short = membersOf(bytes).filter(({ key }) => !longMembers.has(key));
  return readHeader(parsedTogether(bytes, short) ?? parsedEach(bytes, short));
}

/** An object with these members; `undefined` where one of them can't be parsed. */
function parsedTogether(bytes: Buffer, found: readonly Member[]): JsonObject | undefined {
  const texts = found.map(({ keyStart, end }) => bytes.toString("utf8", keyStart, end));
  const value = parseJson(`{${texts.join(",")}}`);
  return isJsonObject(value) ? value : undefined;
}

/** The same where the header is broken: what can't be parsed is `undefined`. */
function parsedEach(bytes: Buffer, found: readonly Member[]): JsonObject {
  const payload: JsonObject = {};
  for (const { key, valueStart, end } of found)
    payload[key] = parseJson(bytes.toString("utf8", valueStart, end));
  return payload;
}

/** Members of a line that may not be JSON; a broken header has none. */
function membersOf(bytes: Buffer): Member[] {
  try {
    return members(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** As lists keep it. */
export function withoutInstructions({ instructions: _long, ...header }: RolloutHeader): ListedHeader {
  return header;
}
