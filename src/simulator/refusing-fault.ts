import { invalidRequest, refuse, type Refusal } from "./refusal.ts";
import type { RefusingFault } from "./fault.ts";

/** The answer of a fault that speaks instead of the model. `now` and `until` (of a usage limit) are milliseconds since 1970. */
export function faultRefusal(fault: RefusingFault, model: string, now: number, until: number): Refusal {
  if (fault.kind === "status") {
    const {
      message,
      type = fault.status >= 500 ? "server_error" : "invalid_request_error",
      code = null,
      param = null,
    } = fault;
    const refusal = refuse(
      fault.status,
      { message, type, param, code },
      { headers: fault.headers, about: `status ${fault.status}` },
    );
    return fault.body === undefined ? refusal : { ...refusal, body: fault.body };
  }
  const refusal = limitRefusal(fault, model, now, until);
  return fault.as === "http" ? refusal : { ...refusal, as: fault.as };
}

function limitRefusal(
  fault: Exclude<RefusingFault, { kind: "status" }>,
  model: string,
  now: number,
  until: number,
): Refusal {
  switch (fault.kind) {
    case "rate-limit":
      return rateLimit(fault, model, now);
    case "usage-limit":
      return usageLimit(fault, now, until);
    case "quota":
      return refuse(429, {
        message:
          "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        type: "insufficient_quota",
        param: null,
        code: "insufficient_quota",
      });
    case "overloaded": {
      const message =
        fault.code === "slow_down"
          ? "Our servers are currently overloaded. Please reduce your request rate and try again later."
          : "Our servers are currently overloaded. Please try again later.";
      const headers: Record<string, string> =
        fault.retry_after === undefined ? {} : { "retry-after": String(Math.ceil(fault.retry_after / 1000)) };
      return refuse(
        503,
        { message, type: "service_unavailable_error", param: null, code: fault.code },
        { headers },
      );
    }
    case "context-overflow":
      return contextOverflow();
  }
}

export function contextOverflow(): Refusal {
  return invalidRequest(
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    {
      param: "input",
      code: "context_length_exceeded",
    },
  );
}

function rateLimit(
  fault: Extract<RefusingFault, { kind: "rate-limit" }>,
  model: string,
  now: number,
): Refusal {
  const wait = fault.retry_after;
  const words = wait < 1000 ? `${Math.ceil(wait)}ms` : `${Math.ceil(wait) / 1000}s`;
  const headers: Readonly<Record<typeof fault.told, Record<string, string>>> = {
    header: { "retry-after": String(Math.ceil(wait / 1000)) },
    "header-ms": { "retry-after-ms": String(Math.ceil(wait)) },
    date: { "retry-after": new Date(Math.ceil((now + wait) / 1000) * 1000).toUTCString() },
    text: {},
  };
  return refuse(
    429,
    {
      message: `Rate limit reached for ${model} in organization org-simulated on tokens per min (TPM): Limit 30000, Used 29700, Requested 912. Please try again in ${words}. Visit https://platform.openai.com/account/rate-limits to learn more.`,
      type: "tokens",
      param: null,
      code: "rate_limit_exceeded",
    },
    {
      headers: {
        ...headers[fault.told],
        "x-ratelimit-limit-tokens": "30000",
        "x-ratelimit-remaining-tokens": "300",
        "x-ratelimit-reset-tokens": words,
      },
    },
  );
}

/** The body and the headers of a ChatGPT plan that has reached a limit (failures.md rows 35 and 36; seen to 2026-11). */
function usageLimit(
  fault: Extract<RefusingFault, { kind: "usage-limit" }>,
  now: number,
  until: number,
): Refusal {
  const resetsAt = Math.ceil(until / 1000);
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  const headers: Record<string, string> = {
    "x-codex-active-limit": fault.window,
    "x-codex-plan-type": fault.plan,
  };
  for (const [window, minutes] of [
    ["primary", 300],
    ["secondary", 10_080],
  ] as const) {
    const reached = window === fault.window;
    headers[`x-codex-${window}-used-percent`] = reached ? "100" : "42";
    headers[`x-codex-${window}-window-minutes`] = String(minutes);
    headers[`x-codex-${window}-reset-after-seconds`] = String(reached ? left : minutes * 60);
    headers[`x-codex-${window}-reset-at`] = String(reached ? resetsAt : Math.ceil(now / 1000) + minutes * 60);
  }
  return refuse(
    429,
    {
      type: "usage_limit_reached",
      message: "The usage limit has been reached",
      plan_type: fault.plan,
      resets_at: resetsAt,
      resets_in_seconds: left,
    },
    { headers },
  );
}
