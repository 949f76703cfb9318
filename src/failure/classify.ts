import { Failure, type FailureSignal } from "../failure.ts";
import type { FailureClass } from "./catalogue.ts";
import { type ClassifyContext, matchPattern, type Match, type Pattern } from "./pattern.ts";
import { fromFamilies } from "./families.ts";
import { patterns } from "./patterns.ts";
import { failureMessage } from "./message.ts";
import type { Classified } from "./said.ts";
import { isHtml } from "./signal.ts";
import { retryAfter } from "./times.ts";
import { transportFailure } from "./transport.ts";

/**
 * The one classifier (R28): a signal's class and the data that the class promises, with words for people. It looks at status, code,
 * type, parameter and the provider's own message, in that order of the patterns, and never at what a body echoes. A signal that no
 * recorded pattern fits, or only one that any cause can have, is looked at for what it speaks of, and gets its class from the status alone
 * when that says nothing either.
 */
export function classify(signal: FailureSignal, context: ClassifyContext): Failure {
  const { class: failureClass, data } =
    signal.source === "transport"
      ? transportFailure(signal)
      : (fromPatterns(signal, context, isSpecific) ??
        fromFamilies(signal, context.now) ??
        fromPatterns(signal, context, isGeneral) ??
        fromStatus(signal, context));
  return new Failure<FailureClass>(failureClass, failureMessage(failureClass, data, signal, context), data, {
    signal,
  });
}

const isSpecific = ({ general }: Pattern): boolean => general !== true;
const isGeneral = ({ general }: Pattern): boolean => general === true;

/** The first pattern of those asked for that fits, in order of precedence. */
export function findPattern(
  signal: FailureSignal,
  context: ClassifyContext,
  isAsked: (pattern: Pattern) => boolean = () => true,
): Match | undefined {
  for (const pattern of patterns) {
    const match = isAsked(pattern) ? matchPattern(pattern, signal, context) : undefined;
    if (match) return match;
  }
  return undefined;
}

function fromPatterns(
  signal: FailureSignal,
  context: ClassifyContext,
  isAsked: (pattern: Pattern) => boolean,
): Classified | undefined {
  const match = findPattern(signal, context, isAsked);
  if (!match) return undefined;
  return { class: match.pattern.class, data: match.pattern.data(signal, match.found, context) } as Classified;
}

function fromStatus(signal: FailureSignal, context: ClassifyContext): Classified {
  const { status } = signal;
  const empty = (signal.body ?? "").trim() === "";
  if (status === undefined) {
    if (signal.event === "response.incomplete")
      return { class: "transport-interrupted", data: { reason: "incomplete" } };
    return { class: "unknown-provider-failure", data: {} };
  }
  if (status === 401) return { class: "auth-denied", data: {} };
  if (status === 402) return { class: "billing", data: {} };
  if (status === 403) return { class: "auth-denied", data: {} };
  if (status === 408) return { class: "overloaded", data: retryAfter(signal, context.now) };
  // Row 34: some backends say no more than that when the context is too long.
  if (status === 413)
    return empty || isHtml(signal.body ?? "")
      ? { class: "context-overflow", data: {} }
      : { class: "request-malformed", data: {} };

  if (status >= 500) return { class: "overloaded", data: retryAfter(signal, context.now) };
  return { class: "unknown-provider-failure", data: {} };
}
