import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "../lib/loopback.ts";
import type { OwnAnswer } from "./answer/answer.ts";
import { tokenHeader } from "./answer/headers.ts";
import type { Pages } from "./pages.ts";

/** Who may ask. */
export interface GuardOptions {
  /** Without it only loopback is listened on. */
  token?: string;
  /** Host names, beside loopback's, under which the gateway may be asked. */
  allowedHosts?: readonly string[];
  /** Origins of pages in a browser that may ask: `http://localhost:3000`. Default: none. */
  allowedOrigins?: readonly string[];
}

/** Whether a request may pass. `undefined`: it may. `raw`: its headers as they came, name and value by turns. */
export type Guard = (headers: IncomingHttpHeaders, raw: readonly string[]) => OwnAnswer | undefined;

/**
 * Guards against pages in a browser, which reach loopback under their own origin, or under a name that they rebound to 127.0.0.1: a
 * request must name a host that is this gateway, and come from no page but those that may ask. With a token, an address may stand for the
 * host as well, and every request needs the token: as `x-throughline-token`, or as its API key where the gateway has the upstream's.
 */
export function makeGuard({ token, allowedHosts = [] }: GuardOptions, pages: Pages): Guard {
  const names = new Set(allowedHosts.map((name) => name.toLowerCase()));
  const expected = token === undefined ? undefined : digest(token);
  return (headers, raw) => {
    // Of two hosts Node keeps the first, and another reader may keep the last: RFC 9112, 3.2 has them refused.
    if (namesTwoHosts(raw))
      return {
        status: 400,
        code: "host_not_allowed",
        message: "The request names two hosts.",
        // What follows on the connection may be meant for somebody else.
        headers: { connection: "close" },
      };
    const host = hostName(headers.host);
    const isKnown =
      names.has(host) ||
      isLoopback(host) ||
      (expected !== undefined && isIP(host.replace(/^\[|\]$/gu, "")) !== 0);
    if (!isKnown)
      return {
        status: 421,
        code: "host_not_allowed",
        message:
          "This gateway isn't known under that host name. Ask it as 127.0.0.1, or start it with --allow-host NAME.",
      };
    const site = headers["sec-fetch-site"];
    const isOfPage = headers.origin !== undefined || (site !== undefined && site !== "none");
    if (isOfPage && !pages.mayAsk(headers.origin))
      return {
        status: 403,
        code: "origin_not_allowed",
        message:
          "This gateway doesn't answer this page in a browser. If it is yours: --allow-origin with its origin.",
      };
    if (
      expected === undefined ||
      given(headers).some((candidate) => timingSafeEqual(digest(candidate), expected))
    )
      return undefined;
    return {
      status: 401,
      code: "token_required",
      message: `This gateway needs its token, in the header ${tokenHeader}.`,
    };
  };
}

/** Headers in which clients send an API key: OpenAI's, Azure's and Anthropic's. */
const keyHeaders = ["authorization", "api-key", "x-api-key"] as const;

/** The headers whose API key is the gateway's own token, which is nobody else's to see. */
export function ownTokenIn(headers: IncomingHttpHeaders, token: string | undefined): string[] {
  if (token === undefined) return [];
  const own = digest(token);
  return keyHeaders.filter((name) => keysIn(headers, name).some((key) => timingSafeEqual(digest(key), own)));
}

/** The tokens that a request may mean as the gateway's. */
const given = (headers: IncomingHttpHeaders): string[] =>
  [tokenHeader, ...keyHeaders].flatMap((name) => keysIn(headers, name));

function keysIn(headers: IncomingHttpHeaders, name: string): string[] {
  const value = headers[name];
  return typeof value === "string" ? [bearerOf(value)] : [];
}

const bearerOf = (authorization: string): string => authorization.replace(/^Bearer\s+/iu, "");

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function namesTwoHosts(raw: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < raw.length; at += 2)
    if (raw[at]!.length === 4 && raw[at]!.toLowerCase() === "host") count++;
  return count > 1;
}

function hostName(host: string | undefined): string {
  // A name may end with the root's dot.
  return (host ?? "").toLowerCase().replace(/\.?(?::\d+)?$/u, "");
}
