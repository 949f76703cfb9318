import type { IncomingHttpHeaders } from "node:http";

/** Headers that belong to one connection and are never passed on (RFC 9110, 7.6.1), with the two that proxies invented. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Carries the gateway's own token where `authorization` is the upstream's. */
export const tokenHeader = "x-throughline-token";

/**
 * Request headers that name the client's account, or else the key that stands for it. A ChatGPT login sends another token every hour and
 * the same account.
 */
export const accountHeaders = ["chatgpt-account-id", "api-key", "authorization"] as const;

/**
 * Request headers that aren't passed on: the gateway says its own, or they are meant for it alone. (`origin` names the page that asks; the
 * upstream is asked by the gateway.)
 */
const ownToGateway: ReadonlySet<string> = new Set(["host", "expect", "origin", tokenHeader]);

/** Answer headers that aren't passed on. Which pages may read an answer is the gateway's to say. */
const notAnswered: ReadonlySet<string> = new Set([
  ...hopByHop,
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
]);

/** Names that a `connection` header lists, in lower case. */
function listed(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || /^\s*(?:keep-alive|close)\s*$/iu.test(connection)) return none;
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}

const none: ReadonlySet<string> = new Set();

/**
 * Request headers that hold for the client's body alone, and are left out when another goes in its place. (A relay may answer an
 * idempotency key that it knows with what it answered before.)
 */
export const ofOneBody = [
  "content-encoding",
  "content-md5",
  "content-digest",
  "digest",
  "idempotency-key",
] as const;

const lowered = new Map<string, string>();
const loweredKept = 1_024;

/** Remembered, since clients send the same names again and again. */
function lowerCase(name: string): string {
  let lower = lowered.get(name);
  if (lower === undefined) {
    lower = name.toLowerCase();
    if (lowered.size < loweredKept) lowered.set(name, lower);
  }
  return lower;
}

/**
 * A client's headers as they go to the upstream: name and value by turns, in the client's order and spelling. `replaced` are headers, in
 * lower case, that take the place of the client's own; those that are `undefined` are left out. `connection` is the client's header of that
 * name.
 */
export function forwardedRequestHeaders(
  raw: readonly string[],
  connection: string | undefined,
  replaced: Readonly<Record<string, string | undefined>>,
): string[] {
  const named = listed(connection);
  const forwarded: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = lowerCase(raw[index]!);
    if (hopByHop.has(name) || ownToGateway.has(name) || named.has(name) || Object.hasOwn(replaced, name))
      continue;
    forwarded.push(raw[index]!, raw[index + 1]!);
  }
  for (const name in replaced) {
    const value = replaced[name];
    if (value !== undefined) forwarded.push(name, value);
  }
  return forwarded;
}

/**
 * An upstream's headers as they go to the client. A stream goes without its length, since an event may be added that tells how it ended.
 */
export function forwardedResponseHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = listed(headers.connection);
  const isStream = /^text\/event-stream\b/iu.test(headers["content-type"] ?? "");
  const forwarded: Record<string, string | string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && !notAnswered.has(name) && !named.has(name)) forwarded[name] = value;
  }
  if (isStream) delete forwarded["content-length"];
  return forwarded;
}
