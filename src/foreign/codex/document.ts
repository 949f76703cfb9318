import { readFile, stat } from "node:fs/promises";
import { elements, isJsonObject, members, parseJson } from "../../lib/json.ts";
import { linesIn, longestLine, type RolloutLine } from "./lines.ts";

/**
 * The rollout of the first versions (TypeScript, 2025-04 to 06): one JSON document `{"session":{timestamp,id,instructions},"items":[…]}`,
 * written anew with each turn. Its session and its items come as lines of the bare shape, at their offsets in the file; a document that
 * can't be parsed comes as the lines that it is.
 */
export async function* documentLines(path: string): AsyncGenerator<RolloutLine[]> {
  const { size } = await stat(path);
  const bytes = size > longestLine ? Buffer.alloc(0) : await readFile(path);
  const document = parseJson(bytes.toString("utf8"));
  if (!isJsonObject(document) || !Array.isArray(document["items"])) {
    yield linesIn(bytes);
    return;
  }
  const found = members(bytes);
  const lines: RolloutLine[] = [];
  const add = (start: number, end: number): void => {
    const own = bytes.subarray(start, end);
    lines.push({
      index: lines.length,
      offset: start,
      length: own.length,
      bytes: own,
      ending: "\n",
      whole: true,
    });
  };
  const session = found.find(({ key }) => key === "session");
  if (session) add(session.valueStart, session.end);
  const items = found.find(({ key }) => key === "items");
  if (items) {
    const list = bytes.subarray(items.valueStart, items.end);
    for (const [start, end] of elements(list)) add(items.valueStart + start, items.valueStart + end);
  }
  yield lines;
}
