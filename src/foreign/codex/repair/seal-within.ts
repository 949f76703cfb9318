import { elements, type Member, members, parseJson } from "../../../lib/json.ts";
import { isHolderKind } from "../../../session/item.ts";
import { isWords } from "../rollout/agent-message.ts";
import { blank } from "./salvage.ts";

/** Bytes that take the place of as many of a line's. */
export interface Opened {
  readonly at: number;
  readonly bytes: Buffer;
}

/** Of a value in a line. */
interface Place {
  readonly at: number;
  readonly length: number;
}

/** The longest of these that fits; a seal is longer than the shortest. */
const words = ["[Sealed content stood here. It can't be opened any more.]", "[sealed]"].map((text) =>
  Buffer.from(JSON.stringify({ type: "input_text", text })),
);
const nothing = Buffer.from("null");

/**
 * What takes the place of what is sealed in a line's item, a message, a call or an output, whose rest stays: parts become words, a member of the
 * item's own becomes null, which no version sends. `isMeant`: of several only those; all of them unless told.
 */
export function withoutSeals(line: Buffer, isMeant: (seal: string) => boolean = () => true): Opened[] {
  const payload = memberOf(line, 0, "payload")?.at ?? 0;
  const kept = memberOf(line, payload, "replacement_history");
  if (!kept || line[kept.at] !== 0x5b) return withoutSealsOf(line, payload, isMeant);
  const items = elements(line.subarray(kept.at, kept.at + kept.length)).map(([start]) => kept.at + start);
  return items.filter((at) => isHolder(line, at)).flatMap((at) => withoutSealsOf(line, at, isMeant));
}

/** Whether an item that begins there is more than what is sealed in it. */
function isHolder(line: Buffer, at: number): boolean {
  const kind = line[at] === 0x7b ? memberOf(line, at, "type") : undefined;
  return kind !== undefined && isHolderKind(line.toString("latin1", kind.at + 1, kind.at + kind.length - 1));
}

/** The item begins at `from`. */
function withoutSealsOf(line: Buffer, from: number, isMeant: (seal: string) => boolean): Opened[] {
  const isSeal = ({ at, length }: Place): boolean => {
    // Null is nothing, and a provider that seals nothing leaves words.
    const value = parseJson(line.toString("utf8", at, at + length));
    return typeof value === "string" && !isWords(value) && isMeant(value);
  };
  const own = memberOf(line, from, "encrypted_content");
  const found: Opened[] = own && isSeal(own) ? filled(own.at, own.length, [nothing]) : [];
  for (const name of ["output", "content"]) {
    const list = memberOf(line, from, name);
    if (!list || line[list.at] !== 0x5b) continue;
    const bytes = line.subarray(list.at, list.at + list.length);
    for (const [start, end] of elements(bytes)) {
      const sealed = line[list.at + start] === 0x7b && memberOf(line, list.at + start, "encrypted_content");
      if (sealed && isSeal(sealed)) found.push(...filled(list.at + start, end - start, words));
    }
  }
  return found;
}

/** The first of the texts that has room, and spaces behind it. */
function filled(at: number, length: number, texts: readonly Buffer[]): Opened[] {
  const text = texts.find((each) => each.length <= length);
  return text ? [{ at, bytes: Buffer.concat([text, blank(length - text.length)]) }] : [];
}

function memberOf(line: Buffer, from: number, key: string): Place | undefined {
  const member: Member | undefined = members(line.subarray(from)).find((each) => each.key === key);
  return member && { at: from + member.valueStart, length: member.end - member.valueStart };
}
