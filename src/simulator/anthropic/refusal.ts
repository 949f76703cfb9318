import type { JsonObject } from "../../lib/json.ts";
import { errorOf, type Refusal } from "../refusal.ts";
import { newId } from "../wire.ts";

/** The 400 that the API gives to everything about a request's form. */
export function invalid(message: string, about = message): Refusal {
  return refusalOf(400, "invalid_request_error", message, about);
}

function refusalOf(
  status: number,
  type: string,
  message: string,
  about: string,
  headers?: Readonly<Record<string, string>>,
): Refusal {
  const body = { type: "error", error: { type, message }, request_id: newId("req") };
  return { kind: "refusal", status, body, about, ...(headers && { headers }) };
}

export function promptTooLong(tokens: number, limit: number): Refusal {
  const message = `prompt is too long: ${tokens} tokens > ${limit} maximum`;
  return invalid(message, "context_length_exceeded");
}

/** Error types by status (Anthropic's page on errors, as of 2026-11). */
const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** A fault or a refusal of the Responses API in the words of this one. */
export function translated(refusal: Refusal): Refusal {
  const { body, status, headers, about } = refusal;
  if (typeof body === "string" || body["type"] === "error") return refusal;
  const error = errorOf(refusal);
  const as = refusal.as === undefined ? {} : { as: refusal.as };
  const say = (...said: Parameters<typeof refusalOf>): Refusal => ({ ...refusalOf(...said), ...as });
  const message = String(error["message"]);
  switch (error["code"] ?? error["type"]) {
    case "rate_limit_exceeded":
      return say(429, "rate_limit_error", message, about, rateHeaders(headers));
    case "usage_limit_reached": {
      const text = "This request would exceed your account's rate limit. Please try again later.";
      return say(429, "rate_limit_error", text, about, planHeaders(error, headers));
    }
    case "insufficient_quota": {
      const text =
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.";
      return say(400, "invalid_request_error", text, about);
    }
    case "server_is_overloaded":
    case "slow_down":
      return say(529, "overloaded_error", "Overloaded", about, headers);
    case "context_length_exceeded":
      return { ...promptTooLong(213_462, 200_000), ...as };
    case "invalid_api_key":
      return say(401, "authentication_error", "invalid x-api-key", about);
  }
  const general = ["server_error", "invalid_request_error"].includes(String(error["type"]));
  const fallback = status >= 500 ? "api_error" : "invalid_request_error";
  return say(status, general ? (types[status] ?? fallback) : String(error["type"]), message, about, headers);
}

function rateHeaders(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name.startsWith("retry-after"));
  return {
    ...Object.fromEntries(kept),
    "anthropic-ratelimit-input-tokens-limit": "30000",
    "anthropic-ratelimit-input-tokens-remaining": "0",
  };
}

/** The headers of a plan that has reached a limit (failures.md row 37). */
function planHeaders(
  error: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const window = headers["x-codex-active-limit"] === "secondary" ? "7d" : "5h";
  const reset = String(error["resets_at"]);
  return {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": reset,
    "anthropic-ratelimit-unified-representative-claim": window === "5h" ? "five_hour" : "seven_day",
    "anthropic-ratelimit-unified-5h-status": window === "5h" ? "rejected" : "allowed",
    [`anthropic-ratelimit-unified-${window}-status`]: "rejected",
    [`anthropic-ratelimit-unified-${window}-reset`]: reset,
  };
}
