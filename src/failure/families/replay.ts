import { type Family, failing, inputIndex, type Said } from "../said.ts";

const lacking =
  /\b(?:no|has no|have no|without|missing|lacks?|never|did not find|not followed by|does not follow|not the same number|unanswered|unmatched|orphan\w*|expected)\b/u;

const callId = ({ raw }: Said): { call?: string } => {
  const call = /\b(?:call|toolu|srvtoolu|tooluse|fc|ctc)_[\w-]+/u.exec(raw)?.[0];
  return call === undefined ? {} : { call };
};

/** What a request replays: seals, thinking, pairs, ids. */
export const replay: readonly Family[] = [
  {
    holds: ({ text }) =>
      /\bmust (?:start|begin) with (?:a )?thinking block|\bexpected (?:…|thinking|redacted_thinking)[^.]{0,40}(?:redacted_)?thinking\b.*\bfound\b/u.test(
        text,
      ),
    classify: () => ({ class: "thinking-missing", data: {} }),
  },
  {
    holds: ({ text }) =>
      /\bmissing (?:a |its |the )?(?:…|thought[_ ]signature)/u.test(text) &&
      /function ?call|thought/u.test(text),
    classify: () => ({ class: "thought-signature-missing", data: {} }),
  },
  {
    holds: ({ text }) =>
      /\bthinking\b|\bthought\b/u.test(text) &&
      (/\bsignature/u.test(text)
        ? failing.test(text)
        : /\bblocks?\b.*\b(?:can(?:no|')t be (?:modified|changed|altered)|unmodified|must remain)\b/u.test(
            text,
          )),
    classify: (said) => ({
      class: "thinking-signature-rejected",
      data: {
        ...inputIndex(said),
        ...(/\blatest assistant\b/u.test(said.text) && { latest: true as const }),
      },
    }),
  },
  {
    holds: ({ text }) =>
      /\b(?:reasoning[_ ]content|thinking)\b.{0,60}\b(?:must be passed back|must be included|is missing|is required)\b/u.test(
        text,
      ),
    classify: () => ({ class: "reasoning-required", data: {} }),
  },
  {
    holds: ({ text, code }) =>
      /encrypt|decrypt/u.test(code) ||
      (/\b(?:encrypted\b[\w -]{0,40}(?:content|reasoning|item|blob|output)|encrypted_content|sealed|decrypt\w*|reasoning (?:content|items?|blob))\b/u.test(
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
    holds: ({ text, param }) =>
      param === "previous_response_id" ||
      /\bprevious[_ ]response(?:[_ ]id)?\b|\bresponse with id\b/u.test(text),
    classify: ({ raw }) => {
      const response = /\bresp_\w+/u.exec(raw)?.[0];
      return { class: "chain-missing", data: response === undefined ? {} : { response } };
    },
  },
  {
    holds: ({ text }) =>
      (/\b(?:outputs?|results?|responses?)\b.{0,80}\b(?:no|without|unmatched|unknown|orphan\w*|not (?:match|correspond))\b.{0,60}\b(?:function|tool)[ _]?(?:call|use)/u.test(
        text,
      ) &&
        !/\b(?:call|use)\w*\b.{0,80}\b(?:no|without|missing)\b.{0,60}\b(?:outputs?|results?|responses?)\b/u.test(
          text,
        )) ||
      /\bunexpected\b.{0,40}\b(?:…|tool[_ ](?:use|call)(?:[_ ]id)?)\b.{0,60}\bresults?\b/u.test(text) ||
      /\btool[ _]?(?:result|call|output)\w*(?:'s)?\b.{0,20}\bid\b.{0,60}\bnot found\b|\btool_call_id\b.{0,10}\bnot found\b/u.test(
        text,
      ) ||
      /\bnumber of tool ?results?\b.*\bexceeds\b/u.test(text) ||
      /\bfunction response turn comes (?:immediately|right) after\b/u.test(text),
    classify: (said) => ({ class: "output-without-call", data: callId(said) }),
  },
  {
    holds: ({ text }) =>
      /\b(?:function|tool|custom)[ _]?(?:tool[ _])?(?:calls?|uses?|results?)\b|\b(?:tool|function)_call/u.test(
        text,
      ) &&
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
    holds: ({ text }) =>
      /\bduplicated?\b|more than once|\bmust be unique\b|\bfound multiple\b/u.test(text) &&
      /\b(?:items?|ids?|blocks?)\b/u.test(text),
    classify: ({ raw }) => {
      const item = /\b(?:rs|msg|fc|ctc|cmp)_\w+/u.exec(raw)?.[0];
      return { class: "duplicate-item", data: item === undefined ? {} : { item } };
    },
  },
  {
    // AWS quotes the place: "Value '…' at 'messages.2.member.….toolUse.toolUseId' failed to satisfy constraint".
    holds: ({ raw }) => /^\d+ validation errors? detected: .*\.toolUseId'? failed to satisfy/isu.test(raw),
    classify: (said) => ({ class: "item-id-invalid", data: inputIndex(said) }),
  },
  {
    holds: ({ text }) =>
      /\b(?:call_?id|(?:item|tool|call) ids?|tool_?call_?id|tool_?use_?id)\b/u.test(text) &&
      /too long|at most|maximum length|longer than|must (?:start|begin|match|satisfy)/u.test(text),
    classify: (said) => ({ class: "item-id-invalid", data: inputIndex(said) }),
  },
  {
    holds: ({ text }) =>
      /\b(?:unknown|unsupported|unrecogni[sz]ed|unexpected|invalid|cannot determine)\b.{0,24}\b(?:input item|item|content block|block|message) types?\b|\bcannot determine type of\b|\bnot match any variant of\b/u.test(
        text,
      ),
    classify: ({ raw }) => {
      const kind = /\btype:?\s+['"`]?([a-z]+(?:_[a-z]+)+)/u.exec(raw)?.[1];
      return { class: "item-type-unsupported", data: kind === undefined ? {} : { kind } };
    },
  },
];
