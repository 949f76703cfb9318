import { callIdLimit, type Family, failing, inputIndex, type Said } from "../said.ts";

const lacking =
  /\b(?:no|has no|have no|without|missing|lacks?|never|(?:did|do|does) not (?:find|have)|not followed by|does not follow|not the same number|unanswered|unmatched|orphan\w*|expected)\b/u;

const kinds =
  /\b(reasoning|function_call_output|function_call|custom_tool_call_output|custom_tool_call|[a-z]+(?:_[a-z]+)*_call(?:_output)?|compaction)\b/u;

/** The type that is refused: never one of those that are listed as known. */
function kindOf(raw: string): string | undefined {
  const got = /\b(?:got|received|found|but was)\b:? ?["'`]?(\w+)/u.exec(raw)?.[1];
  const told = raw.replace(/\b(?:supported|expected|allowed|valid|known|should be|one of)\b.*$/isu, "");
  return (
    kinds.exec(got ?? "")?.[1] ??
    kinds.exec(told)?.[1] ??
    /\btype:?\s+["'`]?([a-z]+(?:_[a-z]+)+)/u.exec(raw)?.[1]
  );
}

const callId = ({ raw }: Said): { call?: string } => {
  const call =
    /\b(?:call|toolu|srvtoolu|tooluse|fc|ctc)_(?!id\b)[\w-]+/u.exec(raw)?.[0] ??
    /\bresponse messages: ([\w-]+)/u.exec(raw)?.[1] ??
    // An id of another form, as call ids have when they were shortened.
    /(?<![\w.-])(?=[\w-]*\d)[\w-]{9,64}(?![\w-]|\.\w)/u.exec(raw)?.[0];
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
        /encrypt|decrypt|seal|key|signature|issued|verif/u.test(text)) ||
      (/\b(?:encrypted|encrypted_content|decrypt\w*|cipher\w*|sealed)\b/u.test(text) &&
        /\breasoning\b|\bencrypted_content\b|\bblob\b|\bcompaction\b|\b(?:rs|cmp)_\w+/u.test(text) &&
        (failing.test(text) || /\b(?:bad|broken|fails|(?:an)?other|wrong)\b/u.test(text))),
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
      /\b(?:orphan\w*|unexpected|unmatched|stray|dangling|unpaired)\b.{0,20}\b(?:tool|function)[ _]?(?:call[ _])?(?:results?|outputs?|responses?|messages?)\b/u.test(
        text,
      ) ||
      /\b(?:(?:tool|function)(?:[ _]call)?[ _](?:results?|outputs?|responses?|messages?)|role:? tool)\b(?:(?!\bcall_id\b).){0,60}\b(?:no|without|unknown|belongs? to no|not belong|not match|not correspond|(?:has|have) to follow|must follow|needs? a)\b.{0,60}\b(?:function|tool|matching|preceding|such|any)?[ _]?(?:calls?|uses?|tool_calls|function_call)\b/u.test(
        text,
      ) ||
      /\bfunction_call_output\b.{0,80}\b(?:not (?:belong|match|correspond)|no|without|unknown)\b.{0,40}\bfunction_call\b/u.test(
        text,
      ) ||
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
      /\b(?:function|tool|custom)[ _]?(?:tool[ _])?(?:calls?|uses?|results?)\b|\b(?:tool|function)_call|\b(?:call|toolu|fc)_\w{8}/u.test(
        text,
      ) &&
      /output|result|response|answer/u.test(text) &&
      (lacking.test(text) ||
        /\b(?:needs?|must have|requires?)\b(?! (?:a |only )?(?:single|one)\b)/u.test(text)),
    classify: (said) => ({ class: "call-without-output", data: callId(said) }),
  },
  {
    holds: ({ text }) =>
      /\breasoning\b/u.test(text) &&
      /\b(?:(?:must|has to|have to|should|needs to) be followed|without (?:its|the)|following item|required)\b/u.test(
        text,
      ),
    classify: ({ raw }) => {
      const item = /\brs_\w+/u.exec(raw)?.[0];
      return { class: "reasoning-unpaired", data: item === undefined ? {} : { item } };
    },
  },
  {
    holds: ({ text, param }) =>
      /\b(?:input|messages)[[.]\d+\]?\.(?:content|summary)\b/u.test(`${param} ${text}`) &&
      /\barray\b.{0,30}\btoo long\b|\btoo many (?:elements|items|entries|parts)\b|\bmore (?:elements|items|entries|parts) than\b|\b(?:at most|no more than|maximum (?:length|size) of|up to) (?:0|zero|no)\b|(?<!not )\bbe empty\b/u.test(
        text,
      ),
    classify: (said) => ({ class: "reasoning-content-too-long", data: inputIndex(said) }),
  },
  {
    statuses: [400, 404, 422],
    holds: ({ text }) =>
      /\b(?:items?|ids?|(?:rs|msg|fc|ctc|cmp)_\w+)\b.{0,60}\b(?:(?:not|never|n[’']t) (?:be |been |have been )?(?:found|stored|persisted|kept)|(?:does not|doesn[’']t|no longer) exists?|could be found|expired?)\b/u.test(
        text,
      ) && /\bitems? with id\b|\bitems?\b.*\b(?:persist|stor)ed\b|\b(?:rs|msg|fc|ctc|cmp)_\w+/u.test(text),
    classify: ({ raw }) => {
      const item = /\b(?:rs|msg|fc|ctc|cmp)_\w+/u.exec(raw)?.[0];
      return { class: "item-not-persisted", data: item === undefined ? {} : { item } };
    },
  },
  {
    holds: ({ text }) =>
      /\bduplicat(?:e[ds]?|ion)\b|\b(?:items?|ids?|blocks?|(?:rs|msg|fc|ctc|cmp)_\w+)\b.{0,60}\b(?:twice|(?:several|multiple|many) times|repeated(?:ly)?)\b|\b(?:more than once|found multiple)\b|\b(?:must|has to|have to|should|needs? to) be (?:unique|distinct)\b|\b(?:same|identical) (?:item )?ids?\b/u.test(
        text,
      ) && /\b(?:items?|ids?|blocks?)\b|\b(?:rs|msg|fc|ctc|cmp)_\w+/u.test(text),
    classify: ({ raw }) => {
      const item = /\b(?:rs|msg|fc|ctc|cmp)_\w+/u.exec(raw)?.[0];
      return { class: "duplicate-item", data: item === undefined ? {} : { item } };
    },
  },
  {
    // AWS quotes the place: "Value '…' at 'messages.2.member.….toolUse.toolUseId' failed to satisfy constraint".
    holds: ({ raw }) => /^\d+ validation errors? detected: .*\.toolUseId'? failed to satisfy/isu.test(raw),
    classify: (said) => ({
      class: "item-id-invalid",
      data: { ...inputIndex(said), ...callIdLimit(said.raw) },
    }),
  },
  {
    holds: ({ text }) =>
      /\b(?:call_?id|(?:item|tool|call|use) ids?|tool_?call_?id|tool_?use_?id)\b|\bids?\b.{0,16}\b(?:item|call)\b|\binput\[\d+\]\.id\b/u.test(
        text,
      ) &&
      /too long|at most|maximum length|longer than|exceed|limit of|\b(?:must|should|have to|has to) (?:start|begin|match|satisfy|be a)|\blength of\b|\b(?:invalid|wrong|unexpected) (?:format|shape|form)|\bbegin with\b|\bpattern\b/u.test(
        text,
      ),
    classify: (said) => ({
      class: "item-id-invalid",
      data: { ...inputIndex(said), ...callIdLimit(said.raw) },
    }),
  },
  {
    holds: ({ text }) =>
      /\b(?:unknown|unsupported|unrecogni[sz]ed|unexpected|invalid|cannot determine)\b.{0,24}\b(?:input item|item|content block|block|message) types?\b|\bcannot determine type of\b|\bnot match any variant of\b/u.test(
        text,
      ) ||
      /\b(?:input|messages)[[.]\d+\]?\.type\b/u.test(text) ||
      (/\b(?:items?|blocks?|parts?)\b.{0,24}\btype\b|\bmessage type\b/u.test(text) &&
        /\b(?:not|n[’']t|unknown|unsupported|unrecogni[sz]ed|unexpected|invalid)\b|n[’']t\b/u.test(text)) ||
      /\b(?:reasoning|\w+_call(?:_output)?) (?:input )?(?:items?|blocks?)\b.{0,24}(?:\b(?:not|cannot)\b|n[’']t\b|\bunsupported\b)/u.test(
        text,
      ),
    classify: (said) => {
      const kind = kindOf(said.raw);
      return {
        class: "item-type-unsupported",
        data: { ...inputIndex(said), ...(kind !== undefined && { kind }) },
      };
    },
  },
];
