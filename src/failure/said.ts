import type { FailureSignal } from "../failure.ts";
import type { FailureClass, FailureData } from "./catalogue.ts";
import { words } from "./pattern.ts";

export type Classified = { [C in FailureClass]: { class: C; data: FailureData[C] } }[FailureClass];

/** What a refusal says, as a family looks at it. */
export interface Said {
  /** The provider's own words in lower case, without addresses and without anything that they quote. */
  readonly text: string;
  /** Code, or type where there is no code, in lower case. */
  readonly code: string;
  readonly param: string;
  /** The words as they came, for ids. */
  readonly raw: string;
  readonly signal: FailureSignal;
}

/** What refusals of one class speak of. `statuses`: with which it is looked at; by default those that refuse a request for itself, or none. */
export interface Family {
  readonly statuses?: readonly number[];
  holds(said: Said): boolean;
  classify(said: Said, now: number): Classified;
}

/** A provider's own sentence is short; what comes behind is somebody else's text. */
const longestSentence = 300;

// Names of the APIs' own members, which providers quote where they mean them.
const vocabulary =
  /(["'`])(tool_use|tool_result|tool_use_id|tool_calls?|tool_call_id|function_call|function_call_output|thinking|redacted_thinking|signature|thought_signature|reasoning|reasoning_content|encrypted_content|inputs|max_new_tokens|max_tokens|assistant|user|tool|model)\1/gu;

/** From the first mark to the last: what is quoted may hold such marks itself. */
const quoted = [/".*"/su, /“.*”/su, /`.*`/su, /(?<![\p{L}\p{N}])'.*'(?![\p{L}\p{N}])/su];

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

/** That something is wrong with what the sentence speaks of. */
export const failing =
  /\b(?:could ?n(?:o|')t|can(?:no|')t|unable|fail(?:ed|s|ure)?|invalid|mismatch\w*|expired|different|unknown|rotated|corrupt\w*|not (?:issued|recogni[sz]ed|valid|accepted|supported)|unsupported|reject\w*|incorrect|undecryptable|did not match|does not match)\b/u;

/** The index into the input that the error names. */
export const inputIndex = ({ param, raw }: Said): { index?: number } => {
  const index = /\b(?:input|messages)[[.](\d+)/u.exec(`${param} ${raw}`)?.[1];
  return index === undefined ? {} : { index: Number(index) };
};
