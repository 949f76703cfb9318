import { readFile, stat } from "node:fs/promises";
import { elements, isJsonObject, members, parseJson } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { responsesItems } from "./chat-items.ts";
import { longestLine, type RolloutLine } from "./lines.ts";

/**
 * The rollout of the first versions (TypeScript, 2025-04 to 06): one JSON document `{"session":{timestamp,id,instructions},"items":[…]}`,
 * written anew with each turn. Its session and its items come as lines of the bare shape, at their offsets in the file, several at one where
 * a message of another API is several items. `undefined`: the file is no such document.
 */
export async function documentLines(path: string): Promise<RolloutLine[] | undefined> {
  const { size } = await stat(path);
  if (size > longestLine) return undefined;
  const bytes = await readFile(path);
  const document = parseJson(bytes.toString("utf8"));
  if (!isJsonObject(document) || !Array.isArray(document["items"])) return undefined;
  const found = members(bytes);
  const lines: RolloutLine[] = [];
  const add = (offset: number, own: Buffer): void => {
    const { length } = own;
    lines.push({ index: lines.length, offset, length, bytes: own, ending: "\n", whole: true });
  };
  const session = found.find(({ key }) => key === "session");
  if (session) add(session.valueStart, bytes.subarray(session.valueStart, session.end));
  const items = found.find(({ key }) => key === "items");
  if (items) {
    const list = bytes.subarray(items.valueStart, items.end);
    for (const [start, end] of elements(list)) {
      const own = list.subarray(start, end);
      const item = parseJson(own.toString("utf8"));
      const known = isJsonObject(item) ? responsesItems(item) : [item];
      if (known.length === 1 && known[0] === item) add(items.valueStart + start, own);
      else for (const each of known) add(items.valueStart + start, Buffer.from(writeJson(each)));
    }
  }
  return lines;
}

/** Whether a file is such a document: a manifest or a settings file is one JSON value too. */
export async function isDocument(path: string): Promise<boolean> {
  const { size } = await stat(path);
  const document = size > longestLine ? undefined : parseJson(await readFile(path, "utf8"));
  if (!isJsonObject(document) || !isJsonObject(document["session"])) return false;
  return typeof document["session"]["id"] === "string" && Array.isArray(document["items"]);
}
