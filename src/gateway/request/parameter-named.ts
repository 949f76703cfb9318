import { type Failure, isFailureOf } from "../../failure.ts";
import { reread } from "../../failure/named.ts";
import { isJsonObject, type JsonObject, members, stringOf } from "../../lib/json.ts";
import { canGo } from "../../recovery/first-remedies.ts";
import { isRefusal } from "../../recovery/trial.ts";
import type { Quarantine } from "../../session/event.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * What a refusal in unknown words names of the request is taken to be what isn't accepted: a setting, by `param`, in quotation marks or by
 * a name that means nothing else in a sentence (`prompt_cache_key`; of several the first one); a tool, by its place or its kind; a member
 * of an item, by its place. Returns the failure that this amounts to, or `failure` itself. A `parameter-unsupported` that names no
 * parameter, or one that is left out already, is read in the same way.
 */
export function withParameterNamed(failure: Failure, taken: TakenRequest): Failure {
  const { signal } = failure;
  if (!signal || isOfValue.test(signal.code ?? "")) return failure;
  // A quotation with blanks in it is the person's text or the model's, and names nothing.
  const said = signal.message.slice(0, longestSentence).replaceAll(/"[^"]*\s[^"]*"/gu, '""');
  if (isOfContent.test(said)) return failure;
  const as = (parameter: string): Failure => reread(failure, "parameter-unsupported", { parameter });
  if (isFailureOf(failure, "parameter-unsupported")) {
    const { parameter } = failure.data;
    const isOther = parameter === undefined || taken.projection.without.includes(parameter);
    const next = isOther ? settingSaid(said, settingNames(taken.settings)) : undefined;
    return next === undefined ? failure : as(next);
  }
  if (!isFailureOf(failure, "unknown-provider-failure") || !isRefusal(failure)) return failure;
  const names = settingNames(taken.settings).filter((name) => !whoAsks.has(name));
  const parameter =
    names.find((name) => name === signal.param && !isLimit.has(name)) ??
    settingSaid(said, names) ??
    toolSaid(`${signal.param ?? ""} ${said}`, taken);
  if (parameter !== undefined) return as(parameter);
  const item = itemSaid(said, taken);
  return item ? reread(failure, "request-malformed", item) : failure;
}

/** The item that a sentence names by its place, with the member of it where that is what isn't accepted. */
function itemSaid(said: string, { request }: TakenRequest): { index: number; member?: string } | undefined {
  const [, place = "", told = ""] = /\binput[[.](\d{1,6})\]?\.(\w+(?:\.\w)?)/iu.exec(said) ?? [];
  const index = Number(place);
  const item = place === "" ? undefined : request.items[index];
  if (!item) return undefined;
  // Not a member for `input[3].action.command`, which is about the item, nor where the item doesn't have it. Some servers write names in
  // their own case.
  const member = members(item).find(({ key }) => key.toLowerCase() === told.toLowerCase())?.key;
  return { index, ...(member !== undefined && { member }) };
}

function settingSaid(said: string, names: readonly string[]): string | undefined {
  return firstNamed(
    names.filter((name) => !isLimit.has(name)),
    (name) => placeIn(said, name),
  );
}

function firstNamed(names: readonly string[], placeOf: (name: string) => number): string | undefined {
  const places = names.map((name) => ({ name, at: placeOf(name) })).filter(({ at }) => at >= 0);
  return places.toSorted((left, right) => left.at - right.at)[0]?.name;
}

/**
 * The tool that a sentence names, as a parameter: by its place (`tools[1].type`), or by the kind of one that is offered (`['custom',
 * 'web_search']`, `tool type: custom`), or that isn't among those which the sentence says are taken. Where kinds of tools are refused and
 * none is named, it is all but functions.
 */
function toolSaid(said: string, { settings: { tools } }: TakenRequest): string | undefined {
  if (!Array.isArray(tools) || !/\btools?\b|\bunknown variant\b/iu.test(said)) return undefined;
  const place = /\btools[[.](\d{1,4})\b/u.exec(said)?.[1];
  if (place !== undefined) return Number(place) < tools.length ? `tools[${place}]` : undefined;
  const kinds = tools
    .map((tool: unknown) => (isJsonObject(tool) ? stringOf(tool["type"]) : ""))
    .filter((kind) => kind !== "" && kind !== "function");
  const { beside, listed } = takenKinds(said, kinds);
  const named = firstNamed(kinds, (kind) => kindPlace(beside, kind));
  if (named !== undefined) return `tools[${named}]`;
  const unlisted = listed && kinds.find((kind) => !listed.includes(kind));
  if (unlisted !== undefined && listed!.length > 0) return `tools[${unlisted}]`;
  const isOfSome = unlisted !== undefined || (!listed && isOfKinds.test(said) && kinds.length > 0);
  return isOfSome ? "tools[!function]" : undefined;
}

/** Where a sentence comes to what is taken, and from there to what it was given (`expected function, got custom`). */
const taking =
  /(?<!(?:\bnot|\bno longer|n['’]t) )\b(?:supported|allowed|accepted|valid|permitted|available)\b|\b(?:one of|expected|only|than|must be|should be)\b/iu;
const given = /\b(?:got|found|received|given|not|but|instead of|rather than)\b/iu;

/**
 * Which of the offered kinds a sentence lists as taken (`Supported tool types: 'function', 'web_search'`), and what it says beside that;
 * functions are in every such list. Without one, the whole sentence and no list.
 */
function takenKinds(said: string, kinds: readonly string[]): { beside: string; listed?: readonly string[] } {
  const at = said.search(taking);
  const from = at < 0 ? "" : said.slice(at);
  const end = from.search(given);
  const list = end < 0 ? from : from.slice(0, end);
  const isListed = (kind: string): boolean =>
    quotedPlace(list, kind) >= 0 ||
    new RegExp(`(?<![\\w.])${literal(kind)}(?=\\s*(?:$|[,.;)|\\]]|(?:and|or|tools?)\\b))`, "iu").test(list);
  return isListed("function")
    ? { beside: said.slice(0, at) + from.slice(list.length), listed: kinds.filter(isListed) }
    : { beside: said };
}

const isOfKinds = /\b(?:unknown|unsupported|unrecognized|invalid) (?:\w+ )?tool types?\b/iu;

/**
 * Where a sentence names a kind of tool, -1 where it doesn't: in quotation marks, or beside the word for a tool where that is about its
 * kind (`tool type: custom`, `namespace tools are not supported`). Not where it speaks of a tool's call, of its output or of what it could
 * not do: later requests would lose the tool for that.
 */
function kindPlace(said: string, kind: string): number {
  const quoted = quotedPlace(said, kind);
  if (quoted >= 0) return quoted;
  const name = literal(kind);
  return said.search(
    new RegExp(
      `\\btools?(?: of types?| types?:?|:) ${name}\\b|\\b(?:unknown|unsupported|unrecognized) ${name} tools?\\b(?! (?:call|output|result))|(?<![\\w.])${name} tools? (?:is|are|isn't|aren't|not)\\b`,
      "iu",
    ),
  );
}

const longestSentence = 300;

/** A refusal of what was asked, or of who asked it, is never taken for one of a setting. */
const isOfContent = /\b(?:flagged|polic(?:y|ies)|safety|blocked|banned|moderat\w*|violat\w*)\b/iu;

/** A value that is out of bounds is the client's to mend: without it the answer would be another one. */
const isOfValue = /(?:above|below)_(?:max|min)|invalid_type|missing/u;
const isLimit: ReadonlySet<string> = new Set(["max_output_tokens", "max_tool_calls"]);

/** Settings that a request can go without, and those in them: `text.verbosity`. */
function settingNames(settings: JsonObject): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    if (isNeeded(name)) return [];
    const inner = isJsonObject(value) ? Object.keys(value).map((key) => `${name}.${key}`) : [];
    const free = inner.filter((path) => !isNeeded(path));
    // What holds something needed is needed.
    return free.length < inner.length ? free : [name, ...free];
  });
}

/** Beside what no request can go without: settings that decide what becomes of the answer, which aren't left out on a guess. */
const decisive: ReadonlySet<string> = new Set(["background", "store", "tool_choice"]);

const isNeeded = (name: string): boolean => decisive.has(name) || !canGo(name);

/**
 * Settings that say who asks. They are left out only where the failure's class says that a setting isn't accepted, never on a guess: whom
 * a provider has blocked stays blocked.
 */
const whoAsks: ReadonlySet<string> = new Set(["safety_identifier", "user"]);

/** Settings whose names a sentence about items may have, too: they count only as `asSetting` has them. */
const ambiguous: ReadonlySet<string> = new Set(["include", "metadata", "reasoning", "text", "user"]);

/** Where a sentence names a setting; -1 where it doesn't. */
function placeIn(said: string, name: string): number {
  if (ambiguous.has(name)) return said.search(asSetting(name));
  const quoted = quotedPlace(said, name);
  if (quoted >= 0) return quoted;
  return name.includes("_") ? said.search(new RegExp(`(?<![\\w.])${literal(name)}(?![\\w.])`, "u")) : -1;
}

const quotedPlace = (said: string, name: string): number =>
  said.search(new RegExp(`["'\`]${literal(name)}["'\`]`, "u"));
const literal = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&");

/** A word for a setting. Not after `missing` or `required`: what is missing can't be left out. */
const settingWord =
  "(?<!\\b(?:missing|required)\\s)(?:parameter|property|field|argument|member|setting|key)s?";
/**
 * How a sentence names a setting as such: `parameter 'reasoning'`, `'reasoning' field`, `unknown field: reasoning`, `reasoning: unknown
 * field`.
 */
const asSetting = (name: string): RegExp => {
  const quoted = `["'\`]${name}["'\`]`;
  const bare = `${settingWord}:\\s${name}(?![\\w.])|(?<![\\w.])${name}:\\s(?:unknown|unsupported|unexpected)\\s${settingWord}`;
  return new RegExp(`\\b${settingWord}\\b:?\\s${quoted}|${quoted}\\s${settingWord}\\b|\\b${bare}\\b`, "iu");
};

/** Whether a refusal still speaks of a setting that was left out: then leaving it out was no help. */
export const isStillSaid = ({ signal }: Failure, leftOut: readonly Quarantine[]): boolean =>
  leftOut.some(({ scope }) => {
    const word = scope.kind === "parameter" ? /\w+(?=\W*$)/u.exec(scope.parameter)?.[0] : undefined;
    return word !== undefined && signal?.message.includes(word) === true;
  });
