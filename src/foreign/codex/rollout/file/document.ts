import { elements, isJsonObject, memberNamed, parseJson } from "../../../../lib/json.ts";
import { writeJson } from "../../../../lib/whole-json.ts";
import { responsesItems } from "../payload/chat-items.ts";
import { readRolloutName } from "../../home/places.ts";
import { wholeOf } from "../bytes/compressed.ts";
import { encodingOf, inUtf8 } from "../bytes/encoding.ts";
import { longestLine, type RolloutLine } from "../bytes/lines.ts";

/**
 * The rollout of the first versions (TypeScript, 2025-04 to 06): one JSON document `{"session":{timestamp,id,instructions},"items":[…]}`,
 * written anew with each turn. Other programs leave it in UTF-16, or as the one value of a list.
 */
export interface OldDocument {
  /** The file's text in UTF-8; the other members are parts of it. */
  readonly text: Buffer;
  readonly session: Place | undefined;
  readonly items: readonly Place[];
}

type Place = readonly [start: number, end: number];

/**
 * The document that a file holds, also one whose end is torn off; `undefined` where it holds none, as a manifest or a settings file, which
 * are one JSON value too, or is of more than 64 MB.
 */
export function documentAt(path: string): OldDocument | undefined {
  const bytes = wholeOf(path, longestLine);
  return bytes && documentIn(inUtf8(bytes, encodingOf(bytes)), readRolloutName(path)?.form === "json");
}

/** `isNamed`: the file's name is that of an old document, which then counts even without its session. */
function documentIn(text: Buffer, isNamed: boolean): OldDocument | undefined {
  if (!text.includes(itemsKey)) return undefined;
  const begin = text[0] === 0xef ? 3 : 0;
  const [only, ...others] = elements(text.subarray(begin), 2);
  const start = only === undefined ? begin : begin + only[0];
  const [session, items] = ["session", "items"].map((key) => placeOf(text, start, key));
  if (others.length > 0 || items === undefined || text[items[0]] !== openBracket) return undefined;
  const header = session && parseJson(text.toString("utf8", ...session));
  const isKnown = isJsonObject(header) && typeof header["id"] === "string";
  if (!isKnown && !isNamed) return undefined;
  const list = elements(text.subarray(...items));
  return { text, session, items: list.map(([from, to]) => [items[0] + from, items[0] + to]) };
}

const openBracket = 0x5b;
const itemsKey = Buffer.from('"items"');

function placeOf(text: Buffer, start: number, key: string): Place | undefined {
  try {
    const member = memberNamed(text.subarray(start), key);
    return member && [start + member.valueStart, start + member.end];
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Its session and its items as bare lines, with their offsets in the text; several lines share one where a message of another API is
 * several items.
 */
export function documentLines({ text, session, items }: OldDocument): RolloutLine[] {
  const lines: RolloutLine[] = [];
  const add = (offset: number, own: Buffer): void => {
    const { length } = own;
    lines.push({ index: lines.length, offset, length, bytes: own, ending: "\n", whole: true });
  };
  if (session) add(session[0], text.subarray(...session));
  for (const [start, end] of items) {
    const own = text.subarray(start, end);
    const item = parseJson(own.toString("utf8"));
    const known = isJsonObject(item) ? responsesItems(item) : [item];
    if (known.length === 1 && known[0] === item) add(start, own);
    else for (const each of known) add(start, Buffer.from(writeJson(each)));
  }
  return lines;
}
