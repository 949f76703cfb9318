/**
 * The line (from 1) at which a TOML document speaks of a path, as near as its tables and keys tell: the line of the key, or of the
 * table header around it, or 1. What stands inside multi-line strings, arrays and inline tables belongs to the key before it.
 */
export function lineOf(text: string, path: readonly PropertyKey[]): number {
  const wanted = path.map(String);
  const counts = new Map<string, number>();
  let table: string[] = [];
  let best = { line: 1, depth: 0 };
  let string: string | undefined;
  let depth = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const starts = string === undefined && depth === 0;
    if (starts) {
      const header = /^\s*(\[{1,2})\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$/.exec(line);
      const key = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(line);
      if (header) table = resolve(keysOf(header[2]!), header[1] === "[[", counts);
      const here = header ? table : key ? [...table, ...keysOf(key[1]!)] : undefined;
      if (here && here.length > best.depth && here.every((part, at) => part === wanted[at]))
        best = { line: index + 1, depth: here.length };
      if (header) continue;
    }
    ({ string, depth } = scan(line, string, depth));
  }
  return best.line;
}

function keysOf(dotted: string): string[] {
  return Array.from(
    dotted.matchAll(/[\w-]+|"([^"]*)"|'([^']*)'/g),
    (match) => match[1] ?? match[2] ?? match[0],
  );
}

/** The path of a header, with the index of the newest element of each array of tables on the way. */
function resolve(keys: readonly string[], array: boolean, counts: Map<string, number>): string[] {
  const path: string[] = [];
  for (const [at, key] of keys.entries()) {
    path.push(key);
    const name = path.join("\u0000");
    if (array && at === keys.length - 1) counts.set(name, (counts.get(name) ?? -1) + 1);
    const element = counts.get(name);
    if (element !== undefined) path.push(String(element));
  }
  return path;
}

/** What is still open at the end of a line: a multi-line string by its quotes, and brackets. */
function scan(
  line: string,
  open: string | undefined,
  opened: number,
): { string: string | undefined; depth: number } {
  let string = open;
  let depth = opened;
  for (let at = 0; at < line.length; at++) {
    if (string !== undefined) {
      if (string.startsWith('"') && line[at] === "\\") at++;
      else if (line.startsWith(string, at)) {
        at += string.length - 1;
        string = undefined;
      }
      continue;
    }
    const quote = ['"""', "'''", '"', "'"].find((candidate) => line.startsWith(candidate, at));
    if (quote !== undefined) {
      string = quote;
      at += quote.length - 1;
    } else if (line[at] === "#") break;
    else if (line[at] === "[" || line[at] === "{") depth++;
    else if (line[at] === "]" || line[at] === "}") depth--;
  }
  return { string: string?.length === 1 ? undefined : string, depth };
}
