import { parseJson } from "../../../lib/json.ts";
import { isHolderKind } from "../../../session/item.ts";
import { sealedArgument, sealedText, unsealedArguments } from "../../../session/seal.ts";
import { isWords } from "../rollout/payload/agent-message.ts";
import { padded } from "./line-bytes.ts";
import { elementsIn, type LinePlace, memberIn, payloadIn } from "./line-places.ts";

/** Bytes that replace as many others from offset `at` on, in a line or a file. */
export interface Replacement {
  readonly at: number;
  readonly bytes: Buffer;
}

/** Words in place of a seal: the first that fits is taken, and any seal is longer than the last. */
const texts = [sealedText, "[sealed]"];
const words = texts.map((text) => Buffer.from(JSON.stringify({ type: "input_text", text })));
const nothing = Buffer.from("null");
const nothingSealed = Buffer.from("[]");

/**
 * The replacements that remove what is sealed in an item (a message, a call or an output) and leave the rest: sealed parts and arguments
 * become words, a member of the item's own becomes null, which no version sends. `isMeant` chooses among several seals; by default all.
 */
export function withoutSeals(line: Buffer, isMeant: (seal: string) => boolean = () => true): Replacement[] {
  const payload = payloadIn(line);
  const kept = elementsIn(line, payload, "replacement_history");
  if (!kept) return withoutSealsOf(line, payload, isMeant);
  return kept.flatMap(({ at }) => (isHolder(line, at) ? withoutSealsOf(line, at, isMeant) : []));
}

/** Whether an item begins there that is more than what is sealed in it. */
const isHolder = (line: Buffer, at: number): boolean => line[at] === 0x7b && isHolderKind(kindOf(line, at));

function kindOf(line: Buffer, at: number): string {
  const kind = memberIn(line, at, "type");
  return kind ? line.toString("latin1", kind.at + 1, kind.at + kind.length - 1) : "";
}

/** As `withoutSeals`, for the one item that begins at `from`. */
function withoutSealsOf(line: Buffer, from: number, isMeant: (seal: string) => boolean): Replacement[] {
  const isSeal = ({ at, length }: LinePlace): boolean => {
    // Not null, and not the plain words that a provider which doesn't seal leaves there.
    const value = parseJson(line.toString("utf8", at, at + length));
    return typeof value === "string" && !isWords(value) && isMeant(value);
  };
  const own = memberIn(line, from, "encrypted_content");
  const found: Replacement[] = own && isSeal(own) ? filled(own.at, own.length, [nothing]) : [];
  for (const name of ["output", "content"]) {
    for (const { at, length } of elementsIn(line, from, name) ?? []) {
      const sealed = line[at] === 0x7b && memberIn(line, at, "encrypted_content");
      if (sealed && isSeal(sealed)) found.push(...filled(at, length, words));
    }
  }
  return kindOf(line, from) === "function_call" ? [...found, ...withoutArgument(line, from, isMeant)] : found;
}

/** The replacements for what is sealed in a call's arguments; the member that lists sealed arguments is emptied. */
function withoutArgument(line: Buffer, from: number, isMeant: (seal: string) => boolean): Replacement[] {
  const [given, told] = [memberIn(line, from, "arguments"), memberIn(line, from, "encrypted_function_args")];
  const valueOf = (place: LinePlace | undefined): unknown =>
    place && parseJson(line.toString("utf8", place.at, place.at + place.length));
  const call = { arguments: valueOf(given), encrypted_function_args: valueOf(told) };
  const seal = sealedArgument(call);
  if (!given || seal === undefined || !isMeant(seal)) return [];
  const opened = texts.map((text) => Buffer.from(JSON.stringify(unsealedArguments(call, text))));
  return [
    ...filled(given.at, given.length, opened),
    ...(told ? filled(told.at, told.length, [nothingSealed]) : []),
  ];
}

/** Fills the place with the first of the texts that fits, padded with spaces. */
function filled(at: number, length: number, all: readonly Buffer[]): Replacement[] {
  const text = all.find((each) => each.length <= length);
  return text ? [{ at, bytes: padded(text, length) }] : [];
}
