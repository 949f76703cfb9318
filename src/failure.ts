import type { FailureClass, FailureData } from "./failure/catalogue.ts";

const marker = Symbol.for("throughline.failure");

/** What a provider answered, kept as structured as it came: the classifier reads these members and never one flattened text. */
export interface FailureSignal {
  /** HTTP status; that of the upstream where a gateway wraps its answer; inside a 200 stream the one that the event names, if any. */
  status?: number;
  /** Lower-cased header names. Never holds credentials (they are request headers). */
  headers?: Readonly<Record<string, string>>;
  /** What it came from: an HTTP answer, a stream event, the transport under them, or this program itself. */
  source: "http" | "event" | "transport" | "local";
  /** The stream event's type (`error`, `response.failed`, `response.incomplete`). */
  event?: string;
  /** The error object's own `code`, `type` and `param`, as it wrote them. */
  code?: string;
  type?: string;
  param?: string;
  /** The provider's own words, from the innermost error object; the start of the body when it holds none. */
  message: string;
  /** The innermost error object as parsed: reset times, plan, incomplete reason. */
  details?: Readonly<Record<string, unknown>>;
  /** The raw body or event data, cut to 64 KiB. */
  body?: string;
}

/**
 * Everything that ends an attempt or refuses a command, with its class from the one catalogue and the data that its class promises.
 * Recognise it with `isFailure`, not with `instanceof`: two copies of the package may be loaded.
 */
export class Failure<C extends FailureClass = FailureClass> extends Error {
  readonly [marker] = true;
  /** What kind of failure it is; the catalogue says what is done about it. */
  readonly class: C;
  readonly data: FailureData[C];
  /** What the provider said, where it was one. */
  readonly signal?: FailureSignal;

  /** `message` says what happened, to which session or file, what was kept, and the next command to try. */
  constructor(
    failureClass: C,
    message: string,
    data: FailureData[C],
    options: { signal?: FailureSignal; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.class = failureClass;
    this.data = data;
    if (options.signal) this.signal = options.signal;
  }
}

/** Whether something that was thrown is a `Failure`, also one of another copy of this package. */
export function isFailure(value: unknown): value is Failure {
  return typeof value === "object" && value !== null && marker in value;
}

/** A failure of one class, with its data typed. */
export function isFailureOf<C extends FailureClass>(value: unknown, ...classes: C[]): value is Failure<C> {
  return isFailure(value) && (classes as FailureClass[]).includes(value.class);
}
