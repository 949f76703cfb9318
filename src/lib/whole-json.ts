import { type JsonObject, parseJson } from "./json.ts";

// Parsing and writing JSON of others without what `JSON.parse` and `JSON.stringify` lose: digits of large numbers, and very deep nesting.

/** ECMAScript's source text access for JSON (Node 21 and later), which TypeScript's own libraries don't have yet (7.0, 2026-11). */
interface ExactJson {
  rawJSON(source: string): object;
  isRawJSON(value: unknown): boolean;
}
const exact = JSON as unknown as ExactJson;

/** Matches every text with a number that a double may not hold exactly. */
const maybeInexact = /\d{16}|\d\.\d{15}|\d[eE]/u;
const tokens = /[[\]{},:]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s[\]{},:"]+/gu;

/** As `parseJson`, but a number that a double doesn't hold exactly becomes an opaque value that `writeJson` writes as it was. */
export function parseExactJson(text: string): unknown {
  const plain = parseJson(text);
  if (plain === undefined || !maybeInexact.test(text)) return plain;
  try {
    return built(text);
  } catch (error) {
    // A string with millions of escapes overflows the regular expression's stack.
    if (error instanceof RangeError) return plain;
    throw error;
  }
}

/** The value of a text that is known to be JSON. Without recursion, because a model may nest deeper than the stack allows. */
function built(text: string): unknown {
  let root: unknown;
  const unclosed: { into: unknown[] | JsonObject; key: string | undefined }[] = [];
  const put = (value: unknown): void => {
    const last = unclosed.at(-1);
    if (!last) root = value;
    else if (Array.isArray(last.into)) last.into.push(value);
    else {
      const told = { value, enumerable: true, configurable: true, writable: true };
      // Not by assignment, which would set the prototype for a member `__proto__`.
      Object.defineProperty(last.into, last.key ?? "", told);
    }
  };
  for (const [token] of text.matchAll(tokens)) {
    const last = unclosed.at(-1);
    if (token === "[" || token === "{") {
      const into = token === "[" ? [] : {};
      put(into);
      unclosed.push({ into, key: undefined });
    } else if (token === "]" || token === "}") unclosed.pop();
    else if (token === ",") {
      if (last) last.key = undefined;
    } else if (token === ":") continue;
    else if (last && !Array.isArray(last.into) && last.key === undefined)
      last.key = JSON.parse(token) as string;
    else put(scalarOf(token));
  }
  return root;
}

function scalarOf(token: string): unknown {
  const value: unknown = JSON.parse(token);
  return typeof value === "number" && String(value) !== token ? exact.rawJSON(token) : value;
}

/** What is written in a value's place; `undefined` leaves a member out. */
type Replace = (key: string, value: unknown) => unknown;

/** As `JSON.stringify`, of what `parseJson` and `parseExactJson` give, however deep it is; `null` for nothing. */
export function writeJson(value: unknown, replace?: Replace): string {
  try {
    return JSON.stringify(value, replace) ?? "null";
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return written(value, replace ?? ((_key, member) => member));
  }
}

/** A part that is still to be written: finished text, or a value. */
type Left = string | { readonly value: unknown };

function written(root: unknown, replace: Replace): string {
  const texts: string[] = [];
  /** A stack: the next part to write is the last one. */
  const left: Left[] = [{ value: replace("", root) }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === "string") texts.push(next);
    else if (typeof next.value !== "object" || next.value === null || exact.isRawJSON(next.value))
      texts.push(JSON.stringify(next.value) ?? "null");
    else if (Array.isArray(next.value)) {
      const elements = next.value.map((element, at): Left[] => [{ value: replace(String(at), element) }]);
      open(left, "[", elements, "]");
    } else {
      const members = Object.entries(next.value).flatMap(([key, member]): Left[][] => {
        const value = replace(key, member);
        return value === undefined ? [] : [[`${JSON.stringify(key)}:`, { value }]];
      });
      open(left, "{", members, "}");
    }
  }
  return texts.join("");
}

function open(left: Left[], begin: string, parts: readonly Left[][], end: string): void {
  left.push(end);
  for (let at = parts.length - 1; at >= 0; at--) {
    for (const part of parts[at]!.toReversed()) left.push(part);
    if (at > 0) left.push(",");
  }
  left.push(begin);
}

const escapes =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u(?<unit>[dD][89a-fA-F][\da-fA-F]{2}|0{4})|[\s\S])/gu;

/** The JSON text with U+FFFD in place of escaped lone surrogates and escaped NULs, which no provider takes. */
export function wellFormedJson(text: string): string {
  return text.includes("\\u")
    ? text.replace(escapes, (found, unit?: string) => (unit === undefined ? found : "\\ufffd"))
    : text;
}
