import { describe, expect, it } from "vitest";
import { signalFromHttp } from "./signal.ts";
import { retryAfter, usageLimit } from "./times.ts";

const now = 1_780_000_000_000;

/** What a 429 asks to wait, in milliseconds. */
const asked = (headers: Record<string, string>, error: object = { message: "Slow." }): number | undefined =>
  retryAfter(signalFromHttp(429, headers, JSON.stringify({ error })), now).retryAfterMs;

describe("how long a limit asks to wait", () => {
  it("is what the finest header says, and nothing where a header says nothing", () => {
    expect(asked({ "retry-after-ms": "300", "retry-after": "60" })).toBe(300);
    expect(asked({ "retry-after": "1.5" })).toBe(1_500);
    expect(asked({ "retry-after": new Date(now + 5_000).toUTCString() })).toBe(5_000);
    expect(asked({ "retry-after": new Date(now - 5_000).toUTCString() })).toBe(0);
    for (const told of ["soon", "-5", ""]) expect(asked({ "retry-after": told })).toBeUndefined();
  });

  it("is the reset of the limit that has nothing left, in every form that resets are told in", () => {
    const left = { "x-ratelimit-remaining-requests": "10", "x-ratelimit-reset-requests": "8.64s" };
    expect(asked(left)).toBeUndefined();
    const none = { ...left, "x-ratelimit-remaining-tokens": "0" };
    expect(asked({ ...none, "x-ratelimit-reset-tokens": "6m0s" })).toBe(360_000);
    expect(asked({ ...none, "x-ratelimit-reset-tokens": "28ms" })).toBe(28);
    expect(asked({ "x-rate-limit-reset-tokens": "55" })).toBe(55_000);
    expect(asked({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now + 7_000) })).toBe(7_000);
    expect(asked({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1000 + 7) })).toBe(7_000);
    const odd = { "x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "0" };
    expect(asked(odd)).toBeUndefined();
  });

  it("is what a relay tells of its accounts, or OpenRouter beside its error", () => {
    const cooling = { code: "model_cooldown", message: "All are cooling down", reset_seconds: 561_635 };
    expect(asked({}, cooling)).toBe(561_635_000);
    expect(asked({}, { message: "Slow.", retry_after: 2 })).toBe(2_000);
    const metadata = { headers: { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(now + 9_000) } };
    expect(asked({}, { message: "Rate limit exceeded", code: 429, metadata })).toBe(9_000);
  });
});

describe("when a plan's window opens again", () => {
  const resets = (details: object, headers: Record<string, string> = {}): number | undefined => {
    const error = { type: "usage_limit_reached", message: "The usage limit has been reached", ...details };
    return usageLimit(signalFromHttp(429, headers, JSON.stringify({ error })), now).resetsAt;
  };

  it("is told in seconds, in milliseconds or as a date", () => {
    const at = now + 5_000;
    for (const told of [at / 1000, String(at / 1000), at, new Date(at).toISOString()])
      expect(resets({ resets_at: told })).toBe(at);
  });

  it("is told as the time that is left, or by Anthropic for all windows, where nothing says more", () => {
    expect(resets({ resets_in_seconds: 90 })).toBe(now + 90_000);
    expect(resets({ resets_in_seconds: 90, resets_at: now / 1000 + 45 })).toBe(now + 45_000);
    const overall = { "anthropic-ratelimit-unified-reset": String(now / 1000 + 7) };
    expect(resets({}, overall)).toBe(now + 7_000);
    expect(resets({ resets_in_seconds: 90 }, overall)).toBe(now + 90_000);
    expect(resets({}, { "retry-after": "11" })).toBe(now + 11_000);
  });

  it("is that of the plan's own window, and not that of what can be bought beyond it (scrutineer#551, smithers#1342)", () => {
    const windows = {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-5h-status": "rejected",
      "anthropic-ratelimit-unified-5h-reset": String(now / 1000 + 3_600),
      "anthropic-ratelimit-unified-7d-status": "allowed",
      "anthropic-ratelimit-unified-overage-status": "rejected",
      "anthropic-ratelimit-unified-overage-reset": String(now / 1000 + 20 * 86_400),
    };
    expect(resets({}, windows)).toBe(now + 3_600_000);
  });

  it("is counted from now where the clock here is wrong: what is left and the time disagree", () => {
    for (const off of [5 * 3_600, -5 * 3_600]) {
      expect(resets({ resets_in_seconds: 90, resets_at: now / 1000 + 90 + off })).toBe(now + 90_000);
      const window = {
        "x-codex-primary-used-percent": "100",
        "x-codex-primary-reset-at": String(now / 1000 + 90 + off),
        "x-codex-primary-reset-after-seconds": "90",
      };
      expect(resets({}, window)).toBe(now + 90_000);
    }
  });

  it("is the time that is told where what is left can't be so", () => {
    const at = now + 7_200_000;
    for (const left of [0, 1e12]) {
      expect(resets({ resets_in_seconds: left, resets_at: at / 1000 })).toBe(at);
      const window = {
        "x-codex-primary-used-percent": "100",
        "x-codex-primary-reset-at": String(at / 1000),
        "x-codex-primary-reset-after-seconds": String(left),
      };
      expect(resets({}, window)).toBe(at);
    }
  });

  it("isn't known where what is told is no time that a limit could have", () => {
    for (const told of [1e18, now + 1e14, "soon", -5, null])
      expect(resets({ resets_at: told })).toBeUndefined();
    expect(
      resets(
        { resets_at: 1e18 },
        { "x-codex-primary-used-percent": "100", "x-codex-primary-reset-after-seconds": "60" },
      ),
    ).toBe(now + 60_000);
    expect(asked({ "retry-after": "1e3" })).toBeUndefined();
    expect(asked({ "retry-after": "9".repeat(30) })).toBe(366 * 86_400_000);
  });
});
