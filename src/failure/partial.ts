import { parseJson } from "../lib/json.ts";

/** The deepest nesting that is looked at: errors are never this deep, and the work grows with the depth. */
const deepest = 100;

/**
 * JSON that may have been cut: as much of it as stands there, with a string that is cut kept as far as it goes. `undefined` when the
 * text doesn't begin like a JSON object or list, or nests deeper than any error does.
 */
export function parsePartialJson(text: string): unknown {
  const whole = parseJson(text);
  if (whole !== undefined) return whole;
  const start = text.trimStart();
  if (!start.startsWith("{") && !start.startsWith("[")) return undefined;

  const closers: string[] = [];
  // Where the text can be cut and closed into JSON: after each value, with the brackets that have to follow.
  const ends: { at: number; tail: string }[] = [];
  let inString = false;
  for (let at = 0; at < start.length; at++) {
    const character = start[at]!;
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === "{" || character === "[") {
      if (closers.push(character === "{" ? "}" : "]") > deepest) return undefined;
    } else if (character === "}" || character === "]") closers.pop();
    else if (character === ",") ends.push({ at, tail: closers.toReversed().join("") });
    if (closers.length === 0) break;
  }
  const tail = closers.toReversed().join("");
  const cut = inString ? start.replace(/\\(?:u[0-9a-f]{0,3})?$/iu, "") : start;
  ends.push({ at: start.length, tail });
  if (inString) {
    const closed = parseJson(`${cut}"${tail}`);
    if (closed !== undefined) return closed;
  }
  // The last few members may be half written. If cutting those off doesn't help, the text isn't JSON at all.
  for (const end of ends.toReversed().slice(0, 8)) {
    const value = parseJson(start.slice(0, end.at) + end.tail);
    if (value !== undefined) return value;
  }
  return undefined;
}
