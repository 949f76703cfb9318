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
 * The one classifier (R28): makes a signal a `Failure` with its class, the class's data, and words for people. The recorded patterns are
 * asked first, in their order; they look at status, code, type, parameter and the provider's own message, never at what a body echoes.
 * When none fits, or only a general one, the message is searched for what it speaks of (`families.ts`); when that says nothing either, the
 * status alone decides.
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

/** The first of the patterns that fits, in order of precedence. */
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
  return {
    class: match.pattern.class,
    data: match.pattern.data(signal, context.now, match.told),
  } as Classified;
}

/** Request Timeout, Locked, Too Early, and what nginx notes where a relay's own client went away. */
const passing: ReadonlySet<number> = new Set([408, 423, 425, 499]);

function fromStatus(signal: FailureSignal, context: ClassifyContext): Classified {
  const { status } = signal;
  const empty = (signal.body ?? "").trim() === "";
  if (status === undefined) {
    if (signal.event === "response.incomplete")
      return { class: "transport-interrupted", data: { reason: "incomplete" } };
    return { class: "unknown-provider-failure", data: {} };
  }
  if (status === 401 || status === 403) return { class: "auth-denied", data: {} };
  if (status === 402) return { class: "billing", data: {} };
  // Row 34: some backends answer an overlong context with nothing but this status.
  if (status === 413)
    return empty || isHtml(signal.body ?? "")
      ? { class: "context-overflow", data: {} }
      : { class: "request-malformed", data: {} };
  if (status >= 500 || passing.has(status))
    return { class: "overloaded", data: retryAfter(signal, context.now) };
  return { class: "unknown-provider-failure", data: {} };
}
