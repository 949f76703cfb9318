import { isJsonObject } from "../lib/json.ts";

/**
 * Where in a request something is wrong, as the Responses API writes it: `input[5].encrypted_content`, `tools[1].type`. Others write a JSON
 * pointer (`/input/5`, Azure), a path with dots (`tools.1.type`, LM Studio and Command Code), or JSONPath (`$.input[5]`). What is no place
 * stays as it is.
 */
export function canonicalPlace(place: string): string {
  const parts = place
    .replace(/^(?:\$\.|#?\/|body\.)/u, "")
    .split(/[./]|\[|\]/u)
    .filter((part) => part !== "");
  if (!lists.has(parts[0] ?? "") || !parts.every((part) => /^\w+$/u.test(part))) return place;
  return pathOf(parts.map((part) => (/^\d+$/u.test(part) ? Number(part) : part)));
}

/** pydantic's name of a model or a union: `ResponseOutputMessage`, `list[union[…]]`; members begin with a small letter. */
const modelName = /^[A-Z]|\W/u;

/** pydantic's place of an error: `["body", "tools", 3, "ToolParam", "type"]` is `tools[3].type`. Names of its own models stand between. */
export function pathOf(loc: readonly unknown[]): string {
  let path = "";
  for (const part of loc) {
    if (typeof part === "number") path += `[${part}]`;
    else if (typeof part === "string" && part !== "body" && !modelName.test(part))
      path += path === "" ? part : `.${part}`;
  }
  return path;
}

const lists: ReadonlySet<string> = new Set(["input", "messages", "tools"]);

/** pydantic's errors as Python writes them, where a server puts nothing else into its message (SGLang, vLLM). */
const pythonLoc = /^(?:\d+ validation errors?:\s*)?\[?\{'type': '[\w.]+', 'loc': \(([^()]{1,400})\)/u;

/** The place that a message of such a list tells first. Names of models and unions stand between. */
export function placeInPython(message: string): string | undefined {
  const loc = pythonLoc.exec(message)?.[1];
  if (loc === undefined) return undefined;
  const parts = loc.split(/,\s*/u).flatMap((part): (string | number)[] => {
    const name = /^'([a-z_]\w*)'$/u.exec(part)?.[1];
    return name === undefined ? (/^\d+$/u.test(part) ? [Number(part)] : []) : [name];
  });
  return pathOf(parts) || undefined;
}

/** The deepest place that a list of details tells (Azure: `{"param": "/input/5/content"}`), the first of several; or a detail's field. */
export function placeInDetails(details: unknown): string | undefined {
  if (isJsonObject(details) && typeof details["field"] === "string") return canonicalPlace(details["field"]);
  if (!Array.isArray(details)) return undefined;
  let deepest: string | undefined;
  for (const detail of details.slice(0, 20) as unknown[]) {
    const told = isJsonObject(detail) ? detail["param"] : undefined;
    const place = typeof told === "string" ? canonicalPlace(told) : "";
    if (/^\w+\[/u.test(place) && depth(place) > depth(deepest ?? "")) deepest = place;
  }
  return deepest;
}

const depth = (place: string): number => place.split(/[.[]/u).length;
