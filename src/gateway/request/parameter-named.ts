import { Failure, isFailureOf } from "../../failure.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { isRefusal } from "../../recovery/trial.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * A refusal in words that nobody knows, but which name something that the request has: a setting, by its place (`param`), in quotation marks
 * or as a name that no sentence has for anything else (`prompt_cache_key`); a tool, by its place or its kind; a member of an item, by its
 * place. It is that which isn't taken; of several settings the one that is named first. What was left out before is not what is meant.
 */
export function withParameterNamed(failure: Failure, taken: TakenRequest): Failure {
  const { signal } = failure;
  if (!signal || isOfValue.test(signal.code ?? "")) return failure;
  const said = signal.message.slice(0, longestSentence);
  const as = (parameter: string): Failure =>
    new Failure("parameter-unsupported", failure.message, { parameter }, { signal });
  if (isFailureOf(failure, "parameter-unsupported")) {
    const { parameter } = failure.data;
    const isGone = parameter !== undefined && taken.projection.without.includes(parameter);
    const next = isGone ? settingSaid(said, taken) : undefined;
    return next === undefined ? failure : as(next);
  }
  if (!isFailureOf(failure, "unknown-provider-failure") || !isRefusal(failure)) return failure;
  const names = settingNames(taken.settings);
  const parameter =
    names.find((name) => name === signal.param && !isLimit.has(name)) ??
    settingSaid(said, taken) ??
    toolSaid(said, taken);
  if (parameter !== undefined) return as(parameter);
  const [, index, member] = /\binput[[.](\d{1,6})\]?\.(\w+)/iu.exec(said) ?? [];
  if (index === undefined || member === undefined) return failure;
  const data = { index: Number(index), member: member.toLowerCase() };
  return new Failure("request-malformed", failure.message, data, { signal });
}

function settingSaid(said: string, { settings }: TakenRequest): string | undefined {
  const places = settingNames(settings).flatMap((name) => {
    const at = isLimit.has(name) ? -1 : placeIn(said, name);
    return at < 0 ? [] : [{ name, at }];
  });
  return places.toSorted((left, right) => left.at - right.at)[0]?.name;
}

/** `tools[1].type`, or the kind of one that is offered: `['custom', 'web_search']`. */
function toolSaid(said: string, { settings: { tools } }: TakenRequest): string | undefined {
  if (!Array.isArray(tools) || !/\btools?\b/iu.test(said)) return undefined;
  const place = /\btools[[.](\d{1,4})\b/u.exec(said)?.[1];
  if (place !== undefined) return Number(place) < tools.length ? `tools[${place}]` : undefined;
  const kinds = tools.map((tool: unknown) => (isJsonObject(tool) ? tool["type"] : undefined));
  const named = kinds.find(
    (kind) => typeof kind === "string" && kind !== "function" && quotedPlace(said, kind) >= 0,
  );
  return typeof named === "string" ? `tools[${named}]` : undefined;
}

const longestSentence = 300;

/** A value that is out of bounds is the client's to mend: without it the answer would be another one. */
const isOfValue = /(?:above|below)_(?:max|min)|invalid_type|missing/u;
const isLimit: ReadonlySet<string> = new Set(["max_output_tokens", "max_tool_calls"]);

/** Settings that a request can go without, and those in them: `text.verbosity`. */
function settingNames(settings: JsonObject): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    if (needed.has(name)) return [];
    const inner = isJsonObject(value) ? Object.keys(value).map((key) => `${name}.${key}`) : [];
    return [name, ...inner.filter((path) => !needed.has(path))];
  });
}

const needed: ReadonlySet<string> = new Set([
  "background",
  "conversation",
  "input",
  "instructions",
  "model",
  "previous_response_id",
  "prompt",
  "store",
  "stream",
  "text.format",
  "tool_choice",
  "tools",
]);

/** Words that a sentence about items has too. */
const ambiguous: ReadonlySet<string> = new Set(["include", "metadata", "reasoning", "text", "user"]);

/** Where a sentence names a setting; -1 where it doesn't. */
function placeIn(said: string, name: string): number {
  const quoted = quotedPlace(said, name);
  if (quoted >= 0 && (!ambiguous.has(name) || isAbout.test(said))) return quoted;
  return name.includes("_") ? said.search(new RegExp(`(?<![\\w.])${literal(name)}(?![\\w.])`, "u")) : -1;
}

const quotedPlace = (said: string, name: string): number =>
  said.search(new RegExp(`["'\`]${literal(name)}["'\`]`, "u"));
const literal = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&");

const isAbout = /\b(?:parameter|property|field|argument|member|setting|key)s?\b/iu;
