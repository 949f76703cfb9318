import type { FailureSignal } from "../failure.ts";
import type { FailureClass, FailureData } from "./catalogue.ts";

/** What the classifier needs to know besides the signal. */
export interface ClassifyContext {
  /** Milliseconds since 1970, to make "in 20 s" a time. */
  now: number;
  /** Whether the refused request held sealed content: a refusal may mean that without saying so (`mayHideSeals`). */
  sealedSent?: boolean;
  /** The provider's name, for the message. */
  provider?: string;
}

/**
 * Whether a refusal may mean sealed content without saying so (failures.md row 11), so that it has to be known whether any was sent: to
 * find that out may take reading the request.
 */
export function mayHideSeals({ status }: FailureSignal): boolean {
  return status === 400;
}

/** A recorded answer of a provider. `source`: where it was seen, a public report where there is one. */
export interface Sample {
  source: string;
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** The body, or the event's data when `event` is given. Objects are sent as JSON. */
  body: string | object;
  event?: string;
  data?: object;
}

/**
 * A pattern by which a class is recognised: all of the conditions that it has must hold. `text` is matched with the provider's own message
 * from its first character on (`^`), so that what a message quotes never decides.
 */
export interface PatternOf<C extends FailureClass> {
  class: C;
  /** Rows of the design's failure list that it covers; row 0 is none of them. */
  rows: readonly number[];
  /** Error code or error type, lower case. */
  codes?: readonly string[];
  statuses?: readonly number[];
  /** Statuses with which the pattern never fits. */
  except?: readonly number[];
  param?: RegExp;
  /** A header of the answer, any whose lower-case name fits. */
  header?: readonly [name: RegExp, value: RegExp];
  text?: RegExp;
  /** Only when the request held sealed content. */
  sealedSent?: true;
  /** The pattern fits a kind of answer that can have many causes, so the words are searched for one first (`families.ts`). */
  general?: true;
  /** `now`: milliseconds since 1970. `told`: what the named groups of `text` have found. */
  data(signal: FailureSignal, now: number, told: Told): FailureData[C];
  samples: readonly Sample[];
}

/** A pattern of any class. */
export type Pattern = { [C in FailureClass]: PatternOf<C> }[FailureClass];

/** What the named groups of a pattern's `text` have found. */
export type Told = Readonly<Record<string, string | undefined>>;

/** A pattern that fits a signal, with what its `text` found. */
export interface Match {
  pattern: Pattern;
  told: Told;
}

// Words that gateways put before the upstream's message: "Provider returned error: …", "Error from provider (DeepSeek): …",
// "litellm.BadRequestError: AzureException BadRequestError - …", "The model returned the following errors: …", "invalid params, …",
// "[ApiIdParam] …" (OpenAI itself, 2026-07), "[deepseek/deepseek-reasoner] [400]: …", "<400> InternalError.Algo.InvalidParameter: …",
// "status_code=400, …", "Error code: 400 - …", "CC Switch local proxy failed while handling Codex endpoint /responses. Provider: …; model: …;
// upstream_status: HTTP 400; cause: …" (farion1231/cc-switch#5354).
const prefixes = new RegExp(
  `^(?:${[
    String.raw`(?:upstream (?:request failed|error)|error from provider(?: \([\w .-]{1,40}\))?|provider returned error|provider rejected the request|(?:(?:api|openrouter) )?error|(?:bad|invalid) request|the model returned the following errors)\s*:\s*`,
    String.raw`\[?invalid_request_error\]?:?\s+`,
    String.raw`[\w.]{1,80}(?:Error|Exception)(?: [\w.]{1,80}(?:Error|Exception))*\s*(?::|-)\s+`,
    String.raw`InternalError\.[\w.]{1,80}:\s+`,
    String.raw`\[[A-Z]\w{0,40}Param\]\s+`,
    String.raw`\[[\w./:-]{1,80}\]\s*\[\d{3}\]:\s*`,
    String.raw`(?:<\d{3}>|\[\d{3}\])\s*`,
    String.raw`status_code=\d{3},\s*`,
    String.raw`(?:Error code: )?\d{3} - `,
    String.raw`invalid params, `,
    String.raw`/[\w/]{1,60}: `,
    String.raw`CC Switch local proxy failed while handling .{1,240}?\bcause:\s*`,
  ].join("|")})+`,
  "iu",
);

/** A message without what gateways put before it. */
export const unwrapped = (message: string): string => message.replace(prefixes, "").trimStart();

/** The provider's message without what gateways put before it. */
export const words = (signal: FailureSignal): string => unwrapped(signal.message);

/** Whether every condition of the pattern holds for the signal; `undefined` if not. */
export function matchPattern(
  pattern: Pattern,
  signal: FailureSignal,
  context: ClassifyContext,
): Match | undefined {
  if (pattern.sealedSent && !context.sealedSent) return undefined;
  if (pattern.statuses && (signal.status === undefined || !pattern.statuses.includes(signal.status)))
    return undefined;
  if (pattern.except && signal.status !== undefined && pattern.except.includes(signal.status))
    return undefined;
  if (
    pattern.codes &&
    !pattern.codes.some((code) => code === signal.code?.toLowerCase() || code === signal.type?.toLowerCase())
  ) {
    return undefined;
  }
  if (pattern.param && !pattern.param.test(signal.param ?? "")) return undefined;
  if (pattern.header && !hasHeader(signal, pattern.header)) return undefined;
  if (!pattern.text) return { pattern, told: {} };
  const found = pattern.text.exec(words(signal));
  return found ? { pattern, told: found.groups ?? {} } : undefined;
}

const hasHeader = ({ headers = {} }: FailureSignal, [name, value]: readonly [RegExp, RegExp]): boolean =>
  Object.entries(headers).some(([key, text]) => name.test(key) && value.test(text));

/** For classes that carry no data. */
export const nothing = (): Record<never, never> => ({});

/** For data that stand in groups of `text` under their own names; those that found nothing are left out. */
export const asTold =
  <Name extends string>(...names: Name[]) =>
  (_signal: FailureSignal, _now: number, told: Told): { [N in Name]?: string } =>
    Object.fromEntries(names.flatMap((name) => (told[name] === undefined ? [] : [[name, told[name]]]))) as {
      [N in Name]?: string;
    };
