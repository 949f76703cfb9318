import { anyOf, callIdLimit, type Family, failing, inputIndex, type Said } from "../said.ts";

const lacking =
  /\b(?:no|has no|have no|without|missing|lacks?|never|(?:did|do|does) not (?:find|have)|not followed by|does not follow|not the same number|unanswered|unmatched|orphan\w*|expected)\b/u;

const kinds = /\b(reasoning|compaction|[a-z]+(?:_[a-z]+)*_call(?:_output)?)\b/u;

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

/** Ids of items as OpenAI makes them. */
const itemIds = /\b(?:rs|msg|fc|ctc|cmp)_\w+/u;

const itemNamed = ({ raw }: Said, ids = itemIds): { item?: string } => {
  const item = ids.exec(raw)?.[0];
  return item === undefined ? {} : { item };
};

const isCompaction = (item: string | undefined, text: string): boolean =>
  item?.startsWith("cmp_") ?? (/\bcompaction\b/u.test(text) && !/\breasoning\b/u.test(text));

/** What is said of an item without the one that belongs to it. */
const unpaired = anyOf(
  String.raw`(?:must|has to|have to|should|needs to) be (?:\w+ly )?followed`,
  String.raw`(?:not|no|\w+n[’']t) followed`,
  "without (?:its|the)",
  "following item",
  "required",
  String.raw`orphan\w*`,
  "no (?:output )?item (?:comes|follows)",
  "is missing",
  "to be included",
  "depends on",
  "belongs to",
  "(?:can|may|must)(?: ?not|[’']t) (?:be the last|stand alone|come last)",
);

/** What a request replays: seals, thinking, pairs, ids. */
export const replay: readonly Family[] = [
  {
    holds: ({ text }) =>
      /\b(?:must|has to|have to|should|needs? to) (?:start|begin) with (?:a |the |its )?thinking block|\bexpected (?:…|thinking|redacted_thinking)[^.]{0,40}(?:redacted_)?thinking\b.*\bfound\b/u.test(
        text,
      ),
    classify: () => ({ class: "thinking-missing", data: {} }),
  },
  {
    holds: ({ text }) =>
      /\b(?:missing|lack(?:s|ing)?|without|has no|have no|absent)\b.{0,24}(?:…|\bthought[_ ]?signature)|\bthought[_ ]?signature\b.{0,40}\b(?:missing|absent|not (?:there|present|set|given)|required)\b/u.test(
        text,
      ) && /function ?call|thought/u.test(text),
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
      /\b(?:reasoning[_ ]content|thinking)\b.{0,60}\b(?:must be (?:passed back|included|sent|present)|is missing|is required|has to be (?:passed back|included|sent|present))\b|\b(?:lacks?|missing|without|has no)\b.{0,24}\breasoning[_ ]content\b/u.test(
        text,
      ),
    classify: () => ({ class: "reasoning-required", data: {} }),
  },
  {
    // 401 and 403 are about the caller unless it is the sealed item that isn't his.
    statuses: [400, 401, 403, 404, 409, 422],
    holds: ({ text, code }) =>
      /encrypt|decrypt/u.test(code) ||
      (/\b(?:encrypted\b[\w -]{0,40}(?:content|reasoning|item|blob|output)|encrypted_content|sealed|decrypt\w*|reasoning (?:content|items?|blob|payload|state|token))\b/u.test(
        text,
      ) &&
        failing.test(text) &&
        /encrypt|decrypt|seal|key|signature|issued|produced|readable|verif|opaque|tamper/u.test(text)) ||
      (/\b(?:encrypted|encrypted_content|decrypt\w*|cipher\w*|sealed|unseal\w*|opaque|mac|unwrap\w*)\b/u.test(
        text,
      ) &&
        /\breasoning\b|\bthought\b|\bencrypted_content\b|\bblob\b|\bcompaction\b|\b(?:rs|cmp)_\w+/u.test(
          text,
        ) &&
        (failing.test(text) ||
          /\b(?:bad|broken|fails|(?:an)?other|wrong|bound to|belongs? to|retired|revoked|tampered|stale|not (?:produced|made|created)|no longer|epoch|does(?: not|n't) (?:verify|belong|open))\b/u.test(
            text,
          ))),
    classify: (said) => {
      const data = { ...inputIndex(said), ...itemNamed(said, /\b(?:rs|cmp)_\w+/u) };
      const isOfSummary = isCompaction(data.item, said.text);
      return { class: isOfSummary ? "sealed-compaction-rejected" : "sealed-reasoning-rejected", data };
    },
  },
  {
    holds: ({ text, param }) =>
      param === "previous_response_id" ||
      /\bprevious[_ ]response(?:[_ ]id)?\b|\bresponse with id\b|\bresponse resp_\w+/u.test(text),
    classify: ({ raw }) => {
      const response = /\bresp_\w+/u.exec(raw)?.[0];
      return { class: "chain-missing", data: response === undefined ? {} : { response } };
    },
  },
  {
    holds: ({ text }) =>
      /\b(?:function|tool|call)\w*\b/u.test(text) &&
      /\barguments?\b/u.test(text) &&
      /\bjson\b|\bpars(?:e|ed|able|eable|ing)\b|\bnot an object\b/u.test(text) &&
      (failing.test(text) || /\b(?:not|must be|has to be|malformed)\b/u.test(text)),
    classify: (said) => ({ class: "tool-arguments-invalid", data: callId(said) }),
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
      /\bunexpected\b.{0,40}\btool[_ ](?:use|call)(?:[_ ]id)?\b.{0,60}(?:\b|_)results?\b/u.test(text) ||
      /\btool[ _]?(?:result|call|output)\w*(?:'s)?\b.{0,20}\bid\b.{0,60}\bnot found\b|\btool_call_id\b.{0,10}\bnot found\b/u.test(
        text,
      ) ||
      /\bno (?:tool |function |matching |pending )?calls?\b.{0,24}\b(?:found |made )?for\b.{0,24}\b(?:outputs?|results?)\b|\b(?:outputs?|results?|function_call_output)\b.{0,80}\b(?:that call was never|call that was never|calls? (?:\S+ )?was never|calls? (?:which|that) (?:is|was|are|were) (?:not|never)|there is no (?:pending |such |matching )?call|no pending call)\b/u.test(
        text,
      ) ||
      /\b(?:role:? tool|tool messages?|tool role)\b.{0,40}\b(?:must|has to|have to|can only|should) (?:come|follow|be preceded|be a response)\b/u.test(
        text,
      ) ||
      /\b(?:tool|function) (?:results?|outputs?|responses?) without (?:a |any |its )?(?:tool|function) (?:calls?|requests?|uses?)\b/u.test(
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
      /output|result|respon[sd]|answer|unresolved|dangling|pending|(?:left|still) open|tool message/u.test(
        text,
      ) &&
      (lacking.test(text) ||
        /\b(?:needs?|must have|requires?|must be (?:immediately |directly )?followed|awaiting|not (?:been )?(?:responded|answered)|unresolved|dangling|pending|(?:left|still) open|must be given|please supply)\b(?! (?:a |only )?(?:single|one)\b)/u.test(
          text,
        )),
    classify: (said) => ({ class: "call-without-output", data: callId(said) }),
  },
  {
    holds: ({ text }) => /\breasoning\b/u.test(text) && unpaired.test(text),
    classify: (said) => ({ class: "reasoning-unpaired", data: itemNamed(said, /\brs_\w+/u) }),
  },
  {
    holds: ({ text, param }) =>
      /\b(?:(?:input|messages)[[.]\d+\]?|reasoning)\.(?:content|summary)\b/u.test(`${param} ${text}`) &&
      /\barray\b.{0,30}\btoo long\b|\btoo many (?:elements|items|entries|parts)\b|\bmore (?:elements|items|entries|parts) than\b|\b(?:at most|no more than|maximum (?:length|size) of|up to) (?:0|zero|no)\b|(?<!not )\bbe empty\b/u.test(
        text,
      ),
    classify: (said) => ({ class: "reasoning-content-too-long", data: inputIndex(said) }),
  },
  {
    statuses: [400, 404, 422],
    holds: ({ text }) =>
      /\b(?:items?|ids?|(?:rs|msg|fc|ctc|cmp)_\w+)\b.{0,60}\b(?:(?:not|never|\w+n[’']t) (?:be |been |have been )?(?:found|stored|persisted|kept)|(?:does not|doesn[’']t|no longer) exists?|could be found|expired?|is not (?:stored|available)|unknown)\b|\b(?:no|unknown) items?\b.{0,12}\b(?:found|ids?)\b/u.test(
        text,
      ) &&
      (/\bitems?\b.{0,12}\bwith id\b|\bitems?\b.*\b(?:persist|stor)ed\b/u.test(text) || itemIds.test(text)),
    classify: (said) => ({ class: "item-not-persisted", data: itemNamed(said) }),
  },
  {
    holds: ({ text }) =>
      /\bduplicat(?:e[ds]?|ion)\b|\b(?:items?|ids?|blocks?|(?:rs|msg|fc|ctc|cmp)_\w+)\b.{0,60}\b(?:twice|(?:several|multiple|many) times|repeated(?:ly)?)\b|\b(?:more than once|found multiple)\b|\b(?:must|has to|have to|should|needs? to) be (?:unique|distinct)\b|\b(?:same|identical) (?:item )?ids?\b|\bshare (?:the|one|an) ids?\b|\b(?:occurs?|two|three|\d+) times\b/u.test(
        text,
      ) &&
      (/\b(?:items?|ids?|blocks?)\b/u.test(text) || itemIds.test(text)),
    classify: (said) => ({ class: "duplicate-item", data: itemNamed(said) }),
  },
  {
    holds: ({ text, raw }) =>
      // AWS quotes the place: "Value '…' at 'messages.2.member.….toolUse.toolUseId' failed to satisfy constraint".
      /^\d+ validation errors? detected: .*\.toolUseId'? failed to satisfy/isu.test(raw) ||
      (/\bids?\b/u.test(text) && /\b(?:malformed|expected prefix|(?:wrong|bad) prefix)\b/u.test(text)) ||
      (/\b(?:call_?id|(?:item|tool|call|use) ids?|tool_?call_?id|tool_?use_?id)\b|\bids?\b.{0,16}\b(?:item|call)\b|\binput\[\d+\]\.id\b/u.test(
        text,
      ) &&
        /too long|at most|maximum length|longer than|exceed|limit of|\b(?:must|should|have to|has to) (?:start|begin|match|satisfy|be a)|\blength of\b|\b(?:invalid|wrong|unexpected) (?:format|shape|form)|\bbegin with\b|\bpattern\b|\b(?:may|can|must|should) (?:only )?(?:contain|consist)\b/u.test(
          text,
        )),
    classify: (said) => ({
      class: "item-id-invalid",
      data: { ...inputIndex(said), ...callIdLimit(said.raw) },
    }),
  },
  {
    holds: ({ text, param }) =>
      /\b(?:unknown|unsupported|unrecogni[sz]ed|unexpected|invalid|cannot determine)\b.{0,24}\b(?:input item|item|content block|block|message) types?\b|\bcannot determine type of\b|\bnot match any variant of\b/u.test(
        text,
      ) ||
      /\b(?:input|messages)[[.]\d+\]?\.type\b/u.test(`${param} ${text}`) ||
      (/\b(?:items?|blocks?|parts?)\b.{0,24}\btype\b|\bmessage type\b/u.test(text) &&
        /\b(?:not|unknown|unsupported|unrecogni[sz]ed|unexpected|invalid)\b|n[’']t\b/u.test(text)) ||
      /\b(?:reasoning|\w+_call(?:_output)?) (?:input )?(?:items?|blocks?)\b.{0,24}(?:\b(?:not|cannot)\b|n[’']t\b|\bunsupported\b)(?! be the last)/u.test(
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
