import type { FailureSignal } from "../failure.ts";
import type { FailureClass, FailureData } from "./catalogue.ts";
import { words } from "./pattern.ts";

/** A class with the data that it promises. */
export type Classified = { [C in FailureClass]: { class: C; data: FailureData[C] } }[FailureClass];

/** A refusal as families look at it. */
export interface Said {
  /** The provider's own words in lower case, without addresses and without anything that they quote. */
  readonly text: string;
  /** Code, or type where there is no code, in lower case. */
  readonly code: string;
  readonly param: string;
  /** The message as it came, for ids in it. */
  readonly raw: string;
  readonly signal: FailureSignal;
}

/** What refusals of one class speak of. `statuses`: with which they come; default: those that refuse a request for its content, or no status. */
export interface Family {
  readonly statuses?: readonly number[];
  holds(said: Said): boolean;
  classify(said: Said, now: number): Classified;
}

/** Characters of a message that are looked at: a provider's own sentence is short, and what follows may be somebody else's text. */
const longestSentence = 300;

/** Names of parameters that are no ordinary words, so that a sentence with one speaks of the parameter. */
const parameters =
  "prompt_cache_key|prompt_cache_retention|safety_identifier|client_metadata|max_tool_calls|top_logprobs|parallel_tool_calls|tool_choice|stream_options|reasoning_effort|reasoning\\.(?:effort|summary)|service_tier|context_management|cache_control|output_config";

/** One of them, as a word. */
export const parameterName = new RegExp(`(?<!\\w)(?:${parameters})(?![\\w])`, "u");

// Names of the APIs' own members, which providers quote where they mean them.
const vocabulary = new RegExp(
  `(["'\`])(${parameters}|max_(?:output|completion|new)_tokens|max_tokens|tool_use|tool_result|tool_use_id|tool_calls?|tool_call_id|call_id|function_call|function_call_output|custom_tool_call|custom_tool_call_output|thinking|redacted_thinking|signature|thought_signature|reasoning|reasoning_content|encrypted_content|inputs|assistant|user|tool|model)\\1`,
  "gu",
);

/** Quoted text, from the first quotation mark to the last: what is quoted may have such marks in it. */
const quoted = [/".*"/su, /“.*”/su, /`.*`/su, /(?<![\p{L}\p{N}])'.*'(?![\p{L}\p{N}])/su];

/** A signal as families look at it. */
export function saidBy(signal: FailureSignal): Said {
  const raw = words(signal).slice(0, longestSentence);
  const own = raw.replace(/https?:\/\/[^\s"'`“”)]+/giu, "…").replace(vocabulary, "$2");
  return {
    text: quoted.reduce((text, marks) => text.replace(marks, "…"), own).toLowerCase(),
    code: (signal.code ?? signal.type ?? "").toLowerCase(),
    param: (signal.param ?? "").toLowerCase(),
    raw,
    signal,
  };
}

/** Any of these wordings, as whole words. */
export const anyOf = (...wordings: string[]): RegExp => new RegExp(`\\b(?:${wordings.join("|")})\\b`, "u");

/** Words that say that something is wrong with what the sentence speaks of. */
export const failing =
  /\b(?:could ?n(?:o|')t|can(?:no|')t|unable|fail(?:ed|s|ure)?|invalid|mismatch\w*|expired|different|unknown|rotated|corrupt\w*|not (?:issued|recogni[sz]ed|valid|accepted|supported)|unsupported|reject\w*|incorrect|undecryptable|no longer|did not match|does not match)\b/u;

/** The longest call id that the provider takes, where the error says so. */
export const callIdLimit = (said: string): { limit?: number } => {
  if (!/call|tool/iu.test(said)) return {};
  const limit =
    /\b(?:at most|maximum(?: length)?(?: of| is)?|no longer than|longer than|limit(?: of| is)?|length of|up to)\b:? (\d+)/iu.exec(
      said,
    )?.[1] ?? /\{(?:\d+,)?(\d+)\}/u.exec(said)?.[1];
  return limit === undefined || Number(limit) < 8 ? {} : { limit: Number(limit) };
};

/** The index into the input that the error names. */
export const inputIndex = ({ param, raw }: Said): { index?: number } => {
  const index = /\b(?:input|messages)[[.](\d+)/u.exec(`${param} ${raw}`)?.[1];
  return index === undefined ? {} : { index: Number(index) };
};
