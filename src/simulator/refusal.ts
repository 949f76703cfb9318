import type { JsonObject } from "../lib/json.ts";

/**
 * An answer that is no response. `body` goes out as JSON (or as it is, when it is a string) with `status`, or, with `as`, inside a
 * stream with status 200: as an `error` event or as `response.failed`.
 */
export interface Refusal {
  readonly kind: "refusal";
  readonly status: number;
  readonly body: JsonObject | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: "event" | "failed";
  /** What it is about, for the record of requests. */
  readonly about: string;
}

export function isRefusal(value: object): value is Refusal {
  return "kind" in value && value.kind === "refusal";
}

export function refuse(
  status: number,
  error: JsonObject & { message: string },
  options: { headers?: Record<string, string>; as?: "event" | "failed" | undefined; about?: string } = {},
): Refusal {
  // All refusals of input have one type, which says nothing.
  const named = error["code"] ?? (error["type"] === "invalid_request_error" ? undefined : error["type"]);
  const about = options.about ?? String(named ?? error.message);
  return {
    kind: "refusal",
    status,
    body: { error },
    about,
    ...(options.headers && { headers: options.headers }),
    ...(options.as && { as: options.as }),
  };
}

/** A 400 with the type that the API gives to all of them. */
export function invalidRequest(
  message: string,
  options: { param?: string | null; code?: string | null; status?: number; about?: string } = {},
): Refusal {
  const { param = null, code = null, status = 400, about } = options;
  return refuse(
    status,
    { message, type: "invalid_request_error", param, code },
    about === undefined ? {} : { about },
  );
}

/** The first refusal of one of the values. */
export function firstRefusal<T>(
  values: readonly T[],
  check: (value: T, at: number) => Refusal | undefined,
): Refusal | undefined {
  for (const [at, value] of values.entries()) {
    const refusal = check(value, at);
    if (refusal) return refusal;
  }
  return undefined;
}

/** The error object that a refusal carries, for the stream events that repeat it. */
export function errorOf(refusal: Refusal): JsonObject {
  if (typeof refusal.body === "string")
    return { message: refusal.body, type: "server_error", param: null, code: null };
  const error = refusal.body["error"];
  return typeof error === "object" && error !== null ? (error as JsonObject) : refusal.body;
}
