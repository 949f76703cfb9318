import type { FailureSignal } from "../failure.ts";
import { parseDate } from "../lib/date.ts";
import type { FailureData } from "./catalogue.ts";
import { words } from "./pattern.ts";
import { resetInWords } from "./reset-words.ts";

/**
 * How long a limit asks to wait, in milliseconds: `retry-after-ms`, `retry-after` (seconds or an HTTP date), the message's own
 * "Please try again in 11.054s." / "28ms" / "6m0s" / "Try again in 35 seconds." / "It will reset in 10 hours 27 minutes." (OpenAI, Azure,
 * Copilot, OpenCode; 2025–2026), the error's `reset_seconds` (CLIProxyAPI's `model_cooldown`, 2026-08), or the reset of whichever limit
 * has nothing left (`x-ratelimit-reset-tokens`).
 */
export function retryAfter(signal: FailureSignal, now: number): { retryAfterMs?: number } {
  const { retryAfterMs } = toldToWait(signal, now);
  return retryAfterMs === undefined ? {} : { retryAfterMs: Math.min(retryAfterMs, longestMs) };
}

/** The longest wait that is believed: a year. Whatever is beyond it was no time. */
const longestMs = 366 * 86_400_000;

function toldToWait(signal: FailureSignal, now: number): { retryAfterMs?: number } {
  const headers = signal.headers ?? {};
  const ms = number(headers["retry-after-ms"]);
  if (ms !== undefined) return { retryAfterMs: Math.ceil(ms) };
  const header = headers["retry-after"];
  if (header !== undefined) {
    const seconds = number(header);
    if (seconds !== undefined) return { retryAfterMs: Math.ceil(seconds * 1000) };
    const date = parseDate(header.trim());
    if (date !== undefined) return { retryAfterMs: Math.max(0, date - now) };
  }
  const text =
    /\b(?:(?:try again|retry|resets?) (?:in|after)|please wait) ([\d.]+(?:h|m|s)[\dhms.]*|[\d.]+ ?(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?)\b(?:,?(?: and)? \d+ ?(?:hours?|minutes?|seconds?)\b)*)/iu.exec(
      words(signal),
    )?.[1];
  const wait =
    (text === undefined ? undefined : duration(text)) ?? toldInDetails(signal) ?? ofUsedUp(headers, now);
  return wait === undefined ? {} : { retryAfterMs: Math.ceil(wait) };
}

function toldInDetails({ details = {} }: FailureSignal): number | undefined {
  const seconds = number(details["reset_seconds"]) ?? number(details["retry_after"]);
  return seconds === undefined ? undefined : seconds * 1000;
}

/**
 * The latest reset of the limits that have nothing left (OpenAI, Groq, OpenRouter), or that Azure names alone (`x-rate-limit-reset-tokens`;
 * openai/openai-python#937): a duration ("6m0s"), seconds, or a time since 1970 in seconds or milliseconds.
 */
function ofUsedUp(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const resets = ["", "-tokens", "-requests"].flatMap((kind) => {
    const isUsedUp = number(headers[`x-ratelimit-remaining${kind}`]) === 0;
    const told = isUsedUp ? headers[`x-ratelimit-reset${kind}`] : headers[`x-rate-limit-reset${kind}`];
    if (told === undefined) return [];
    const amount = number(told);
    if (amount === undefined) return duration(told) ?? [];
    return amount < 1e9 ? amount * 1000 : Math.max(0, sinceEpoch(amount) - now);
  });
  return resets.length === 0 ? undefined : Math.max(...resets);
}

/** A time since 1970 in milliseconds, given in seconds or in milliseconds. */
const sinceEpoch = (told: number): number => (told < 1e12 ? told * 1000 : told);

const units: Readonly<Record<string, number>> = {
  ms: 1,
  milliseconds: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** "28ms", "11.054s", "6m0s", "1h2m3s", "35 seconds" in milliseconds. */
function duration(text: string): number | undefined {
  let sum: number | undefined;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?) ?(milliseconds?|ms|[dhms])/giu)) {
    const factor = units[unit!.toLowerCase()] ?? 1;
    sum = (sum ?? 0) + Number(amount) * factor;
  }
  return sum;
}

/**
 * When a plan's window opens again (rows 35 to 37): the error's `resets_at` (seconds since 1970; relays write milliseconds and dates too)
 * and `resets_in_seconds`, and the headers `x-codex-{primary,secondary}-*` of the window that is used up, whichever is later; Anthropic's
 * unified windows likewise, else the time in the message's own words.
 */
export function usageLimit(signal: FailureSignal, now: number): FailureData["usage-limit"] {
  const details = signal.details ?? {};
  const headers = signal.headers ?? {};
  const times: number[] = [];
  const own = endOf(dateIn(details["resets_at"]), number(details["resets_in_seconds"]), now);
  if (own !== undefined) times.push(own);

  const data: FailureData["usage-limit"] = {};
  for (const window of usedUpWindows(headers)) {
    const reset = number(headers[`x-codex-${window}-reset-at`]);
    const after = number(headers[`x-codex-${window}-reset-after-seconds`]);
    const end = endOf(reset === undefined ? undefined : sinceEpoch(reset), after, now);
    if (end !== undefined) times.push(end);
    data.window = windowName(number(headers[`x-codex-${window}-window-minutes`])) ?? window;
  }
  for (const name of rejectedWindows(headers)) {
    const reset = number(headers[`anthropic-ratelimit-unified-${name}-reset`]);
    if (reset !== undefined) times.push(sinceEpoch(reset));
    data.window = name;
  }
  const overall = number(headers["anthropic-ratelimit-unified-reset"]);
  if (times.length === 0 && overall !== undefined) times.push(sinceEpoch(overall));
  const told = times.length === 0 ? resetInWords(words(signal), now) : undefined;
  if (told !== undefined) times.push(told);
  if (times.length === 0) {
    const { retryAfterMs } = retryAfter(signal, now);
    if (retryAfterMs !== undefined) times.push(now + retryAfterMs);
  }
  const possible = times.filter((time) => time - now <= longestMs);
  if (possible.length > 0) data.resetsAt = Math.max(...possible);
  const plan = details["plan_type"];
  if (typeof plan === "string") data.plan = plan;
  return data;
}

/** So far this machine's clock may be off, and the time that an answer took, before what is left counts for more. Milliseconds. */
const clockSlackMs = 60_000;

/**
 * When a limit ends that is told as a time (milliseconds since 1970), as the seconds that are left, or as both. The time is the same in each
 * answer; but where the two disagree, this machine's clock is wrong, and only what is left holds for it. (Nothing left, or more than a limit
 * lasts, is what a relay writes that doesn't know it.)
 */
function endOf(at: number | undefined, seconds: number | undefined, now: number): number | undefined {
  const left = seconds === undefined ? undefined : now + seconds * 1000;
  if (at === undefined || left === undefined) return at ?? left;
  const isKnown = left > now && left - now <= longestMs;
  return isKnown && Math.abs(at - left) > clockSlackMs ? left : at;
}

/** The names of the windows at 100 %; where none is, of the window that the backend names as the limiting one. */
function usedUpWindows(headers: Readonly<Record<string, string>>): string[] {
  const windows = ["primary", "secondary"];
  const full = windows.filter((name) => (number(headers[`x-codex-${name}-used-percent`]) ?? 0) >= 100);
  return full.length > 0 ? full : windows.filter((name) => name === headers["x-codex-active-limit"]);
}

/**
 * The names of Anthropic's windows that refuse requests, the longest last: `5h`, `7d`, and those of single models (`7d_opus`; seen to 2026-11).
 * `overage` is none: it tells that nothing can be bought beyond the plan, also while the plan has room.
 */
function rejectedWindows(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const window = /^anthropic-ratelimit-unified-(\w+)-status$/u.exec(name)?.[1];
    return window !== undefined && window !== "overage" && value === "rejected" ? [window] : [];
  });
}

function windowName(minutes: number | undefined): string | undefined {
  if (minutes === undefined || minutes <= 0) return undefined;
  if (minutes % 1440 === 0) return `${minutes / 1440}d`;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}min`;
}

function dateIn(told: unknown): number | undefined {
  const amount = number(told);
  if (amount !== undefined) return sinceEpoch(amount);
  return typeof told === "string" ? parseDate(told.trim()) : undefined;
}

function number(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string" || !/^\s*\d+(?:\.\d+)?\s*$/u.test(value)) return undefined;
  return Number(value);
}
