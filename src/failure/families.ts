import type { FailureSignal } from "../failure.ts";
import type { FailureClass, FailureData } from "./catalogue.ts";
import { words } from "./pattern.ts";

type Classified = { [C in FailureClass]: { class: C; data: FailureData[C] } }[FailureClass];

/** What a refusal says, as a family looks at it. */
interface Said {
  /** The provider's own words in lower case, without anything that they quote. */
  readonly text: string;
  readonly code: string;
  readonly param: string;
  /** The words as they came, for ids. */
  readonly raw: string;
}

interface Family {
  holds(said: Said): boolean;
  classify(said: Said): Classified;
}

const failing =
  /\b(?:could ?n(?:o|')t|can(?:no|')t|unable|fail(?:ed|s|ure)?|invalid|mismatch\w*|expired|different|unknown|rotated|not (?:issued|recogni[sz]ed|valid|accepted)|reject\w*|incorrect|undecryptable)\b/u;
const lacking =
  /\b(?:no|has no|have no|without|missing|lacks?|never|not followed by|unanswered|unmatched|orphan\w*)\b/u;

const callId = ({ raw }: Said): { call?: string } => {
  const call = /\b(?:call|toolu|fc|ctc)_[\w-]+/u.exec(raw)?.[0];
  return call === undefined ? {} : { call };
};
const inputIndex = ({ param, raw }: Said): { index?: number } => {
  const index = /\b(?:input|messages)[[.](\d+)/u.exec(`${param} ${raw}`)?.[1];
  return index === undefined ? {} : { index: Number(index) };
};

/**
 * Refusals in words that nobody has recorded yet: what such a refusal has to speak of, whatever its sentence is. They are asked only when
 * no recorded pattern fits, only of refusals of the request itself, and never of what a message quotes. A wrong answer costs one repair
 * that does not help; no answer would end the session.
 */
const families: readonly Family[] = [
  {
    holds: ({ text, code }) =>
      /polic|safety|moderation|content_filter/u.test(code) ||
      /\b(?:safety (?:system|filter)|(?:content|usage) polic\w+|moderation|flagged)\b/u.test(text),
    classify: () => ({ class: "refusal", data: {} }),
  },
  {
    holds: ({ text }) => /\bthinking\b/u.test(text) && /\bsignature/u.test(text) && failing.test(text),
    classify: (said) => ({ class: "thinking-signature-rejected", data: inputIndex(said) }),
  },
  {
    holds: ({ text, code }) =>
      /encrypt|decrypt/u.test(code) ||
      (/\b(?:encrypted[ _-]?(?:content|reasoning|item|blob)|sealed|decrypt\w*|reasoning (?:content|items?|blob))\b/u.test(
        text,
      ) &&
        failing.test(text) &&
        /encrypt|decrypt|seal|key|signature|issued|verif/u.test(text)),
    classify: (said) => {
      const item = /\b(?:rs|cmp)_\w+/u.exec(said.raw)?.[0];
      const data = { ...inputIndex(said), ...(item !== undefined && { item }) };
      return {
        class: item?.startsWith("cmp_") ? "sealed-compaction-rejected" : "sealed-reasoning-rejected",
        data,
      };
    },
  },
  {
    holds: ({ text }) =>
      /\b(?:outputs?|results?|responses?)\b.{0,80}\b(?:no|without|unmatched|unknown|orphan\w*|not (?:match|correspond))\b.{0,60}\b(?:function|tool)[ _]?(?:call|use)/u.test(
        text,
      ) &&
      !/\b(?:call|use)\w*\b.{0,80}\b(?:no|without|missing)\b.{0,60}\b(?:outputs?|results?|responses?)\b/u.test(
        text,
      ),
    classify: (said) => ({ class: "output-without-call", data: callId(said) }),
  },
  {
    holds: ({ text }) =>
      /\b(?:function|tool|custom)[ _]?(?:tool[ _])?(?:calls?|uses?)\b|\b(?:tool|function)_call/u.test(text) &&
      /output|result|response/u.test(text) &&
      lacking.test(text),
    classify: (said) => ({ class: "call-without-output", data: callId(said) }),
  },
  {
    holds: ({ text }) =>
      /\breasoning\b/u.test(text) &&
      /\b(?:must be followed|without (?:its|the)|following item|required)\b/u.test(text),
    classify: ({ raw }) => {
      const item = /\brs_\w+/u.exec(raw)?.[0];
      return { class: "reasoning-unpaired", data: item === undefined ? {} : { item } };
    },
  },
  {
    holds: ({ text }) => /\bduplicated?\b|more than once/u.test(text) && /\b(?:items?|ids?)\b/u.test(text),
    classify: ({ raw }) => {
      const item = /\b(?:rs|msg|fc|ctc|cmp)_\w+/u.exec(raw)?.[0];
      return { class: "duplicate-item", data: item === undefined ? {} : { item } };
    },
  },
  {
    holds: ({ text }) =>
      /\b(?:call_id|(?:item|tool|call) ids?|tool_call_id)\b/u.test(text) &&
      /too long|at most|maximum length|longer than|must (?:start|begin|match)/u.test(text),
    classify: (said) => ({ class: "item-id-invalid", data: inputIndex(said) }),
  },
  {
    holds: ({ text, param }) =>
      /image/u.test(`${text} ${param}`) &&
      /\bimages?\b/u.test(text) &&
      (failing.test(text) || /too large|exceed|decode/u.test(text)),
    classify: (said) => ({ class: "media-invalid", data: inputIndex(said) }),
  },
  {
    holds: ({ text, code, param }) =>
      /context.*(?:exceed|length|window|overflow|limit)/u.test(code) ||
      (!/max_\w*tokens/u.test(`${text} ${param}`) &&
        /\btokens?\b|\bcontext\b/u.test(text) &&
        /\b(?:exceed\w*|too (?:long|large|many|big)|more than|longer than|larger than|over the|beyond|does ?n[o']t fit)\b/u.test(
          text,
        ) &&
        /\b(?:context|input|prompt|request|conversation|messages?|history)\b/u.test(text)),
    classify: () => ({ class: "context-overflow", data: {} }),
  },
  {
    holds: ({ text, code }) =>
      /unsupported_param|unknown_param/u.test(code) ||
      /\b(?:unknown|unsupported|unrecogni[sz]ed|unexpected|not (?:supported|permitted|allowed))\b.{0,40}\b(?:parameters?|arguments?|fields?|property|properties)\b/u.test(
        text,
      ),
    classify: ({ param, raw }) => {
      const parameter = param || /["'`]([\w.]+)["'`]/u.exec(raw)?.[1];
      return { class: "parameter-unsupported", data: parameter === undefined ? {} : { parameter } };
    },
  },
];

/** From the first mark to the last: what is quoted may hold such marks itself. */
const quoted = [/".*"/su, /“.*”/su, /`.*`/su, /(?<![\p{L}\p{N}])'.*'(?![\p{L}\p{N}])/su];
/** A provider's own sentence is short; what comes behind is somebody else's text. */
const longestSentence = 300;

/** The class of a refusal of the request in words of its own; `undefined` where no family knows it, and for outages and limits. */
export function fromFamilies(signal: FailureSignal): Classified | undefined {
  const { status, source, code, type, param } = signal;
  if (source === "transport" || source === "local") return undefined;
  if (status !== undefined && !(status === 400 || status === 404 || status === 409 || status === 422))
    return undefined;
  const raw = words(signal).slice(0, longestSentence);
  const said: Said = {
    text: quoted.reduce((text, marks) => text.replace(marks, "…"), raw).toLowerCase(),
    code: (code ?? type ?? "").toLowerCase(),
    param: (param ?? "").toLowerCase(),
    raw,
  };
  return families.find((family) => family.holds(said))?.classify(said);
}
