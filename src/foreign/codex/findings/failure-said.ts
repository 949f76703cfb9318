import { classify } from "../../../failure/classify.ts";
import { patterns } from "../../../failure/patterns.ts";
import type { Failure } from "../../../failure.ts";
import { namesItem, pastedLine, signalFromLine } from "./error-text.ts";

/** At most so many places in a message are tried as the beginning of the provider's words. */
const mostClauses = 24;
/** Where a clause begins: behind a mark, or behind words of a script that the provider doesn't write. */
const clause = /(?:[:;.!?»”] +|[^\x00-\x7f]\s*)(?=[\w'"`[{(])/gu;
const codeLike = /\b[a-z]+(?:_[a-z]+)+\b/gu;

/**
 * The failure that a pasted message tells: of the whole; of a code in it; of the same without a terminal's folds; or of the first part of
 * it that a provider is known to say, behind a client's or the person's own words. `undefined` for words alone that none of these knows.
 */
export function failureSaid(pasted: string, now: number): Failure | undefined {
  const line = pastedLine(pasted);
  const whole = of(line, now);
  if (isKnown(whole)) return whole;
  for (const part of [...codesIn(line), pastedLine(pasted, ""), ...clausesOf(line)]) {
    const failure = of(part, now);
    if (isKnown(failure)) return failure;
  }
  return isWordsAlone(whole, line) ? undefined : whole;
}

const of = (line: string, now: number): Failure => classify(signalFromLine(line), { now, sealedSent: true });

const isKnown = (failure: Failure): boolean => failure.class !== "unknown-provider-failure";

/** Codes that mean one thing, wherever they stand. */
function codesIn(line: string): string[] {
  const told = [...new Set(Array.from(line.slice(0, 4_000).matchAll(codeLike), ([word]) => word))];
  return told.filter((word) => patterns.some(({ codes, general }) => !general && codes?.includes(word)));
}

function clausesOf(line: string): string[] {
  const found = line.matchAll(clause).take(mostClauses);
  return Array.from(found, ({ index, 0: mark }) => line.slice(index + mark.length));
}

/** Whether neither a status nor JSON, a code or a place in a request says that it is a provider's answer. */
function isWordsAlone(failure: Failure, line: string): boolean {
  const { body, code, details = {} } = failure.signal ?? {};
  return body === line && code === undefined && Object.keys(details).length === 0 && !namesItem(failure);
}
