import { Failure, isFailureOf } from "../../failure.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { isRefusal } from "../../recovery/trial.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * A refusal in words that nobody knows, but which name one setting that the request has: by its place (`param`), or in their text in
 * quotation marks or as a name that no sentence has for anything else (`prompt_cache_key`). It is that setting that isn't taken.
 */
export function withParameterNamed(failure: Failure, taken: TakenRequest): Failure {
  if (!isFailureOf(failure, "unknown-provider-failure") || !isRefusal(failure)) return failure;
  const { signal } = failure;
  if (!signal || isOfValue.test(signal.code ?? "")) return failure;
  const names = settingNames(taken.settings);
  const said = signal.message.slice(0, longestSentence);
  const placed = names.find((name) => name === signal.param);
  const named = placed === undefined ? names.filter((name) => isNamed(said, name)) : [placed];
  const [parameter, another] = named.filter((name) => !isLimit.has(name));
  if (parameter === undefined || another !== undefined) return failure;
  return new Failure("parameter-unsupported", failure.message, { parameter }, { signal });
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

function isNamed(said: string, name: string): boolean {
  const escaped = name.replaceAll(".", "\\.");
  if (new RegExp(`["'\`]${escaped}["'\`]`, "u").test(said)) return !ambiguous.has(name) || isAbout.test(said);
  return name.includes("_") && new RegExp(`(?<![\\w.])${escaped}(?![\\w.])`, "u").test(said);
}

const isAbout = /\b(?:parameter|property|field|argument|member|setting|key)s?\b/iu;
