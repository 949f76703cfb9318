import { elements, type Member, memberNamed, members } from "../lib/json.ts";
import { entryOf } from "../lib/table.ts";
import { writeJson } from "../lib/whole-json.ts";
import type { ItemRecord } from "../session/event.ts";
import {
  isCallKind,
  isFurtherOutput,
  isMediaPart,
  isOutputKind,
  itemText,
  replayableItem,
  sanitise,
} from "../session/item.ts";
import { isSealedPart, isSealedSummary, sealedText, unsealedArguments } from "../session/seal.ts";
import { shorten } from "../session/shorten.ts";
import { applied, type Edit } from "./edit.ts";
import { flag } from "./flag.ts";

/** What an item is rewritten with, beside its flags. */
export interface Rewriting {
  /** The call id that is sent. */
  readonly callId: string;
  /** The role that is sent. */
  readonly role: string;
  /** Larger images and files become placeholders where the flag says so. */
  readonly maxPartBytes: number;
  /** Bytes of a tool output's text that stay where the flag says that it is shortened. */
  readonly outputLimit: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const json = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

/** The changes to an item's bytes that its flags ask for, in order. */
export function rewrite(item: Uint8Array, record: ItemRecord, flags: number, how: Rewriting): Edit[] {
  const edits = (flags & (flag.note | flag.told)) !== 0 ? inWords(item, record, flags, how) : [];
  if (edits.length === 0) {
    const found = members(item);
    edits.push(...memberEdits(item, found, flags, how), ...partEdits(item, found, flags, how));
    edits.push(...lengthEdits(item, found, flags, how), ...argumentEdits(item, found, flags));
  }
  return edits.sort((left, right) => left.from - right.from);
}

function memberEdits(
  item: Uint8Array,
  found: readonly Member[],
  flags: number,
  { callId, role }: Rewriting,
): Edit[] {
  const edits = cuts(
    found,
    ({ key }) =>
      (key === "id" && (flags & flag.detached) !== 0) ||
      (key === "thought_signature" && (flags & flag.unsigned) !== 0) ||
      (key === "encrypted_content" && (flags & flag.unsealed) !== 0),
  );
  const put = (key: string, value: unknown): void => {
    const member = found.find((candidate) => candidate.key === key);
    if (member) edits.push({ from: member.valueStart, to: member.end, bytes: json(value) });
    else {
      const start = item.indexOf(0x7b) + 1;
      // Goes first: a cut of the first member begins at the same place.
      edits.unshift({
        from: start,
        to: start,
        bytes: encoder.encode(`${JSON.stringify(key)}:${JSON.stringify(value)},`),
      });
    }
  };
  if ((flags & flag.renamed) !== 0) put("call_id", callId);
  if ((flags & flag.recast) !== 0) put("role", role);
  if ((flags & flag.wordless) !== 0 && found.some(({ key }) => key === "content")) put("content", []);
  return edits;
}

/** The edits that take members out, with their commas, so that what is left is JSON. */
export function cuts(found: readonly Member[], isCut: (member: Member) => boolean): Edit[] {
  const edits: Edit[] = [];
  for (let at = 0; at < found.length; at++) {
    if (!isCut(found[at]!)) continue;
    const first = at;
    while (at + 1 < found.length && isCut(found[at + 1]!)) at++;
    const next = found[at + 1];
    const from = next ? found[first]!.keyStart : (found[first - 1]?.end ?? found[first]!.keyStart);
    edits.push({ from, to: next ? next.keyStart : found[at]!.end, bytes: new Uint8Array(0) });
  }
  return edits;
}

/** The edits that turn content parts which can't be sent, or whose seal can't be opened, into words. */
function partEdits(
  item: Uint8Array,
  found: readonly Member[],
  flags: number,
  { maxPartBytes, role }: Rewriting,
): Edit[] {
  if ((flags & (flag.placeheld | flag.trimmed | flag.unsealed)) === 0) return [];
  const list = found.find(
    ({ key, valueStart }) => (key === "content" || key === "output") && item[valueStart] === 0x5b,
  );
  if (!list) return [];
  const bytes = item.subarray(list.valueStart, list.end);
  return elements(bytes).flatMap(([start, end]) => {
    const part = bytes.subarray(start, end);
    const isLarge = (flags & flag.trimmed) !== 0 && part.length > maxPartBytes;
    const isMeant = ((flags & flag.placeheld) !== 0 || isLarge) && isMediaPart(part);
    const isSealed = (flags & flag.unsealed) !== 0 && isSealedPart(part);
    if (!isMeant && !isSealed) return [];
    const words = isSealed ? sealedWords[role === "assistant" ? "said" : "given"] : placeholder(part);
    return [{ from: list.valueStart + start, to: list.valueStart + end, bytes: words }];
  });
}

/** The edits that turn what is sealed in a call's arguments into words; the member that lists sealed arguments is emptied. */
function argumentEdits(item: Uint8Array, found: readonly Member[], flags: number): Edit[] {
  const given = (flags & flag.unsealed) === 0 ? undefined : found.find(({ key }) => key === "arguments");
  const words = given && unsealedArguments(JSON.parse(decoder.decode(item)), sealedText);
  if (!given || words === undefined) return [];
  const told = found.find(({ key }) => key === "encrypted_function_args");
  return [
    // Between its quotation marks, which stay.
    { from: given.valueStart + 1, to: given.end - 1, bytes: json(words).slice(1, -1) },
    ...(told ? [{ from: told.valueStart, to: told.end, bytes: json([]) }] : []),
  ];
}

/** The text of an output, or of each of its parts, cut down to its head and its tail. Quotes and members stay where they are. */
function lengthEdits(
  item: Uint8Array,
  found: readonly Member[],
  flags: number,
  { outputLimit }: Rewriting,
): Edit[] {
  const output = (flags & flag.shortened) === 0 ? undefined : found.find(({ key }) => key === "output");
  if (!output) return [];
  const shortened = (start: number, end: number): Edit[] => {
    if (item[start] !== 0x22 || end - start <= outputLimit) return [];
    const text: unknown = JSON.parse(decoder.decode(item.subarray(start, end)));
    if (typeof text !== "string") return [];
    const short = sanitise(shorten(text, outputLimit));
    return short === text
      ? []
      : [{ from: start + 1, to: end - 1, bytes: encoder.encode(JSON.stringify(short).slice(1, -1)) }];
  };
  if (item[output.valueStart] !== 0x5b) return shortened(output.valueStart, output.end);
  const list = item.subarray(output.valueStart, output.end);
  return elements(list).flatMap(([start, end]) => {
    const text = memberNamed(list.subarray(start, end), "text");
    const from = output.valueStart + start;
    return text ? shortened(from + text.valueStart, from + text.end) : [];
  });
}

const sealedWords = {
  said: json({ type: "output_text", text: sealedText }),
  given: json({ type: "input_text", text: sealedText }),
};

const mediaNames: Readonly<Record<string, string>> = {
  input_image: "An image",
  input_file: "A file",
  input_audio: "A sound",
};

function placeholder(part: Uint8Array): Uint8Array {
  const type = memberNamed(part, "type");
  const name = type && entryOf(mediaNames, decoder.decode(part.subarray(type.valueStart + 1, type.end - 1)));
  const text = `[${name ?? "Something"} of ${part.length} bytes stood here. It can't be shown any more.]`;
  return json({ type: "input_text", text });
}

/** An item as a message: its own bytes become the text, without being read through, where it is a call or an output. */
function inWords(item: Uint8Array, record: ItemRecord, flags: number, how: Rewriting): Edit[] {
  const clean = replayableItem(item);
  if (clean !== item)
    return [{ from: 0, to: item.length, bytes: applied(clean, rewrite(clean, record, flags, how)) }];
  const { kind, call = "", name = "" } = record.event;
  const speaker =
    record.event.type === "item-added" && record.event.origin === "model" ? "assistant" : "user";
  if (kind === "message") {
    // A role that is missing, or another program's, may be what was refused.
    const role = knownRoles.has(how.role) ? how.role : speaker;
    return [{ from: 0, to: item.length, bytes: plainMessage(item, role) }];
  }
  if (isSealedSummary(kind)) return wrapped(item, "user", lostSummary, undefined);
  const found = members(item);
  if (isOutputKind(kind)) {
    const words = outputWords(record, (flags & flag.note) !== 0);
    const output = found.find(({ key }) => key === "output");
    const value = output ? [output] : [];
    return [
      ...wrapped(item, "user", words, output),
      ...partEdits(item, value, flags, how),
      ...lengthEdits(item, value, flags, how),
    ];
  }
  const argument = isCallKind(kind)
    ? found.find(({ key }) => key === "arguments" || key === "input")
    : undefined;
  if (argument)
    return [
      ...wrapped(item, "assistant", `[Call ${call} of the tool ${name}]\n`, argument),
      ...argumentEdits(item, [argument], flags),
    ];
  return wrapped(item, speaker, `[${kind}] ${outline(item, hiddenOfItems)}`, undefined);
}

const lostSummary =
  "[A summary of the conversation until here stood here. It was sealed and can't be opened any more: what it told is not known. This is not a request of the person; ask them, or look at the workspace, where it matters.]";

/** What is said of an output before its words. `isAlone`: it has no call that it would answer. */
function outputWords({ event: { kind, call = "", name = "" } }: ItemRecord, isAlone: boolean): string {
  // A prompt that Codex keeps as the output of a tool which nobody called: the model is to act on it.
  if (call === "" && name !== "") return `[From the tool ${name}]\n`;
  if (isAlone && isFurtherOutput(kind, name)) return `[Another output of the tool call ${call}]\n`;
  const of = call === "" ? "a tool" : `the tool call ${call}`;
  return isAlone ? `[Output of ${of}, which is not part of this conversation]\n` : `[Output of ${of}]\n`;
}

/** The edits that put a message around a value: a JSON string becomes its text, a list of content parts its parts, an object its outline. */
function wrapped(
  item: Uint8Array,
  role: "user" | "assistant",
  words: string,
  value: Member | undefined,
): Edit[] {
  const type = role === "user" ? "input_text" : "output_text";
  // A call's name may hold NULs (openai/codex #24369).
  const text = JSON.stringify(sanitise(words)).slice(0, -1);
  const head = `{"type":"message","role":"${role}","content":[{"type":"${type}","text":`;
  const first = value && item[value.valueStart];
  const isList =
    first === 0x5b && item.subarray(value!.valueStart + 1, value!.end - 1).some((byte) => byte > 0x20);
  if (!value || (first !== 0x22 && !isList)) {
    // An object, as other programs write arguments and outputs, is told as its JSON.
    const told = value && first === 0x7b ? outline(item.subarray(value.valueStart, value.end)) : "";
    const all = text + JSON.stringify(told).slice(1, -1);
    return [{ from: 0, to: item.length, bytes: encoder.encode(`${head}${all}"}]}`) }];
  }
  const between = isList ? `${text}"},` : text;
  return [
    { from: 0, to: value.valueStart + 1, bytes: encoder.encode(head + between) },
    { from: value.end, to: item.length, bytes: encoder.encode(isList ? "}" : "}]}") },
  ];
}

const knownRoles: ReadonlySet<string> = new Set(["user", "assistant", "developer", "system"]);

/** A message's words and nothing else of it. */
function plainMessage(item: Uint8Array, role: string): Uint8Array {
  const text = itemText(JSON.parse(decoder.decode(item)));
  const type = role === "assistant" ? "output_text" : "input_text";
  return json({
    type: "message",
    role,
    content: [{ type, text: text === "" ? "[a message without words]" : text }],
  });
}

const longestText = 2_000;
const seals: ReadonlySet<string> = new Set(["encrypted_content", "thought_signature"]);
const hiddenOfItems: ReadonlySet<string> = new Set([...seals, "id"]);

/**
 * JSON without seals, which only their own provider can read, and without texts that are too long to be words; of an item its ids say
 * nothing, but what a tool is given or gives may be about one.
 */
function outline(bytes: Uint8Array, hidden: ReadonlySet<string> = seals): string {
  return writeJson(JSON.parse(decoder.decode(bytes)) as object, (key, value) => {
    if (hidden.has(key)) return undefined;
    if (typeof value === "string" && value.length > longestText)
      return `${sanitise(value.slice(0, longestText))}… (${value.length} characters)`;
    return value;
  });
}
