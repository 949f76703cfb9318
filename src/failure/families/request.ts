import { anyOf, type Family, failing, inputIndex, parameterName } from "../said.ts";

/** What is too long or over a limit, as Chinese relays say it; each clause ends with a mark. */
const overlongInChinese =
  /(?:上下文|提示词|\bprompt(?:_tokens)?\b|(?:输入|对话)(?:的?(?:内容|文本|历史|长度))|(?:tokens?|令牌) ?(?:总?数|数量|长度|总量))[^，。；,;]{0,24}(?:超[出过长限]|过长|太长)|超[出过][^，。；,;]{0,12}上下文|压缩上下文/u;

/** Tokens of a minute or a day are a rate, whatever the status: a shorter history doesn't help. */
const perTimeInChinese = /每(?:分钟|秒|小时|天|日)/u;

const parameterWord = "(?:parameters?|arguments?|fields?|property|properties|name)";

/** A parameter that isn't taken, by the word for one. */
const refusedParameters = [
  String.raw`\b(?:unknown|unsupported|unrecogni[sz]ed|unexpected|not (?:supported|permitted|allowed))\b.{0,40}\b${parameterWord}\b`,
  String.raw`\b${parameterWord}\b.{0,40}\bnot (?:supported|permitted|allowed|recogni[sz]ed)\b`,
  String.raw`\bdoes(?: not|n't) (?:support|accept|allow)\b(?: \S+){0,3} ${parameterWord}\b`,
].map((wording) => new RegExp(wording, "u"));

/** Where such a sentence names the parameter, the surest place first. */
const parameterPlaces = [
  /^(include)\[/u,
  /["'`]([\w.]+)["'`]/u,
  /^\[?([\w.]+)\]?:? extra inputs/iu,
  /^invalid ([\w.]+): only/iu,
  /\bparameter:? (\w+)/iu,
  /\bnot supported on this model: (\w+)/iu,
  /\bsupport the (\w+) parameter/iu,
];

/** Messages whose form or order is wrong. */
const misshapen = anyOf(
  "must not be empty",
  "is (?:blank|empty)",
  "(?:must be|must have) non-empty",
  "is not specified",
  "must include at least one",
  "must (?:start|begin|end) with a (?:user|tool)",
  "(?:roles? )?must alternate",
  "unexpected role",
  "expected last role",
  "function call turn comes immediately after",
);

/** Everything else that a request is refused for: media, length, parameters, models, form. */
export const request: readonly Family[] = [
  {
    holds: ({ text }) =>
      /\bimages?\b/u.test(text) &&
      (failing.test(text) ||
        /too large|exceed|decode|not a valid|input should be|must be one of|cannot be empty|appears to be/u.test(
          text,
        )),
    classify: (said) => ({ class: "media-invalid", data: inputIndex(said) }),
  },
  {
    holds: ({ text }) => /\bmaximum (?:output )?tokens you requested\b/u.test(text),
    classify: () => ({ class: "parameter-unsupported", data: { parameter: "max_output_tokens" } }),
  },
  {
    statuses: [400, 404, 409, 413, 422],
    holds: ({ text, code, param }) =>
      /context.*(?:exceed|length|window|overflow|limit)/u.test(code) ||
      /\bcontext (?:size|window|length)\b.{0,30}\bexceeded\b|\b(?:max\w*|full) context\b|\bcontext (?:is full|reached)\b|\btokens\b.{0,24}\blimit (?:is|of|:)|\btokens? \+ max_new_tokens must be\b|\bmax_tokens must be at least 1, got -/u.test(
        text,
      ) ||
      (!/max_\w*tokens/u.test(`${text} ${param}`) &&
        ((overlongInChinese.test(text) && !perTimeInChinese.test(text)) ||
          (/\btokens?\b|\bcontext\b/u.test(text) &&
            /\b(?:exceed\w*|too (?:long|large|many|big)|more than|longer than|larger than|over the|beyond|past|do(?:es)? ?n[o']t fit|outgrown)\b|\d\w* (?:tokens )?> ?\d/u.test(
              text,
            ) &&
            /\b(?:context|input|prompt|request|conversation|messages?|history)\b/u.test(text)))),
    classify: () => ({ class: "context-overflow", data: {} }),
  },
  {
    holds: ({ text, code }) =>
      /unsupported_?param|unknown_?param/u.test(code) ||
      (parameterName.test(text) &&
        /\b(?:not|only|must|unknown|unexpected|unsupported|unrecogni[sz]ed|extra|additional|invalid|remove|deprecated)\b|n[’']t\b/u.test(
          text,
        )) ||
      /^include\[\d+\]/u.test(text) ||
      refusedParameters.some((wording) => wording.test(text)) ||
      /^\[?(?!messages\b|input\b)[\w.]+[\]:]:? extra inputs are not permitted|^invalid [\w.]+: only\b.*\ballowed\b/u.test(
        text,
      ),
    classify: ({ param, raw }) => {
      const named = parameterPlaces.map((place) => place.exec(raw)?.[1]).find((name) => name !== undefined);
      const parameter = param || (parameterName.exec(raw)?.[0] ?? named);
      return { class: "parameter-unsupported", data: parameter === undefined ? {} : { parameter } };
    },
  },
  {
    holds: ({ text, code }) =>
      /model_not|unknown_model|invalid_model|unsupported_api_for_model|model_decommissioned|notfoundmodel/u.test(
        code,
      ) ||
      /\bmodels?\b(?:[^.]|\.(?=\S)){0,100}\b(?:not (?:supported|found|available|accessible|exist|valid)|does(?: not|n't) exist|isn[’']t supported|requires a newer version|decommissioned|retired|is invalid|no longer)\b/u.test(
        text,
      ) ||
      /\b(?:unknown|unsupported|invalid|no such|not found the) model\b/u.test(text),
    classify: ({ raw }) => {
      const model =
        /\bmodels?[: ]+["'`]?([\w./:-]*\d[\w./:-]*)/iu.exec(raw)?.[1] ??
        /["'`]([\w./:-]+)["'`]/u.exec(raw)?.[1];
      return { class: "model-missing", data: model === undefined ? {} : { model } };
    },
  },
  {
    holds: ({ text }) => misshapen.test(text),
    classify: (said) => ({ class: "request-malformed", data: inputIndex(said) }),
  },
  {
    // The last resort: whatever is wrong, it is with this item.
    holds: ({ param, text }) =>
      /^(?:input|messages)[[.]\d/u.test(param) || /(?:^|[^\w.])(?:input|messages)[[.]\d+\b/u.test(text),
    classify: (said) => ({ class: "request-malformed", data: inputIndex(said) }),
  },
];
