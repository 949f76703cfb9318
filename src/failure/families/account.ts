import { words } from "../pattern.ts";
import { anyOf, type Family } from "../said.ts";
import { retryAfter, usageLimit } from "../times.ts";

/** An account without means. */
const money = anyOf(
  "insufficient (?:account )?(?:balance|credits?|funds)",
  "(?:no|any|more) credits",
  "credits? (?:or licenses )?(?:are |is |has been |have been )?(?:depleted|exhausted|too low)",
  "credit balance",
  "spending limit",
  "monthly limit on your",
  "(?:exceeded|over)[ _]?(?:the |its |your )?budget",
  "budget (?:has been |was )?exceeded",
  "recharge (?:your|to)",
  "please recharge",
  "top up",
  "billing (?:hard limit|to be enabled|is not enabled|details)",
  "key limit exceeded",
  "in good standing",
  "(?:prepaid|remaining|available) (?:credits?|balance|funds)",
  "out of (?:credits|funds)",
  "(?:invoice|payment) (?:is |was )?(?:overdue|past due|failed|required)",
  "overdue (?:invoice|payment|balance)",
  "add (?:more )?funds",
  "wallet",
);

/** A plan that is used up, for a time. */
const planLimit = anyOf(
  "(?:usage|daily|weekly|session|monthly|plan|(?:5|five)[- ]hour) (?:rate |message |usage )?(?:limit|quota|allowance)",
  "(?:limit|quota) will (?:reset|be refreshed)",
  "billing cycle",
  String.raw`(?:quota|allowance|usage) (?:for|of|in) (?:your|this|the) (?:plan|week|month|day)\b.{0,24}\b(?:used|exhausted|consumed|reached)`,
  String.raw`(?:quota|allowance) .{0,16}\bplan\b`,
  "(?:daily|weekly|monthly) cap",
  String.raw`out of (?:\w+ )?usage`,
  "usage until",
);

/** Policy, money, plans and credentials, in whatever words. They are told from the words with statuses that others give for something else. */
export const account: readonly Family[] = [
  {
    statuses: [400, 401, 403, 404, 409, 422, 429],
    holds: ({ text, code }) =>
      /polic|safety|moderation|content_filter/u.test(code) ||
      /\b(?:safety (?:system|filter)|(?:content|usage) (?:management )?polic\w+|usage guidelines|content filter\w*|moderation|flagged (?:for|as|by)|suspicious activity|considered high risk)\b/u.test(
        text,
      ),
    classify: () => ({ class: "refusal", data: {} }),
  },
  {
    statuses: [400, 402, 403, 429],
    holds: ({ text, code, signal }) =>
      /billing|arrear|budget|insufficient_(?:balance|credit|fund|quota)|credits_depleted|spend\w*[-_]limit|quota_exceeded_for_key/u.test(
        code,
      ) ||
      ((money.test(text) || /余额|充值|欠费/u.test(text)) &&
        // What is to be tried again in some seconds is a rate, whatever it calls itself (Gemini: "You exceeded your current quota … retry in 34s").
        !/\bretry in \d/iu.test(words(signal))),
    classify: () => ({ class: "billing", data: {} }),
  },
  {
    statuses: [403, 429],
    holds: ({ text, code }) =>
      /usage_?limit|weekly_rate_limit|plan_limit/u.test(code) || planLimit.test(text),
    classify: ({ signal }, now) => ({ class: "usage-limit", data: usageLimit(signal, now) }),
  },
  {
    statuses: [400, 401, 403],
    holds: ({ text, code, signal: { status } }) =>
      /^(?:expired_key|token_expired|expired_token)$/u.test(code) ||
      (/\b(?:oauth|bearer|(?:access|auth\w*|api|security|session|refresh|id) ?(?:token|key)?|token|api[ -]?key|session|credentials?)\b.{0,60}\b(?:has |have |is |was |been |are )*(?:expired|revoked|invalidated)\b/u.test(
        text,
      ) &&
        (status !== 400 || /\bkey|token|credential/u.test(text))) ||
      /\bsign(?:ing)? in again\b|\blog ?in again\b|\bfailed to refresh token\b|重新登[录入]/u.test(text),
    classify: () => ({ class: "auth-expired", data: {} }),
  },
  {
    statuses: [400, 401, 403],
    holds: ({ text }) =>
      /\b(?:api[ -]?key|credentials?|proxy server token)\b.{0,40}\b(?:not valid|invalid|incorrect|missing|not found|required)\b|\b(?:invalid|incorrect|missing|no|unknown) (?:[\w-]+ ){0,2}(?:api[ -]?key|credentials|subscription key)\b/u.test(
        text,
      ),
    classify: () => ({ class: "auth-denied", data: {} }),
  },
  {
    statuses: [400, 404, 409, 422, 424],
    holds: ({ text }) =>
      /\b(?:servers?|services?|engine|upstream|provider|model|inference|system)\b.{0,30}\b(?:is|are|was|were)\b.{0,24}\b(?:overloaded|unavailable|busy|at capacity)\b|\bunexpected error during processing\b/u.test(
        text,
      ),
    classify: ({ signal }, now) => ({ class: "overloaded", data: retryAfter(signal, now) }),
  },
];
