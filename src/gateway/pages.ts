import type { IncomingMessage, ServerResponse } from "node:http";
import { Failure } from "../failure.ts";

/** So long a browser may remember that a page may ask, in seconds. */
const rememberedSeconds = "7200";
const token = /^[\w!#$%&'*+.^`|~-]+$/u;
const tokens = /^[\w!#$%&'*+.^`|~, -]*$/u;

/**
 * The pages in a browser that may ask, by their origin (`http://localhost:3000`): each exactly as the browser names it, none of them by
 * default. Cookies are not taken from them (RFC 6454; the Fetch standard's CORS protocol).
 */
export class Pages {
  readonly #origins: ReadonlySet<string>;

  /** Throws `configuration` for what is no origin, and for those that any page has: `*` and `null`. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins.map(originNamed));
  }

  mayAsk(origin: string | undefined): boolean {
    return origin !== undefined && this.#origins.has(origin);
  }

  /**
   * Tells the browser that the page may read the answer. `true` when that was all that was asked, before the request itself, and it is
   * answered.
   */
  admit({ method, headers }: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = headers;
    if (origin === undefined || !this.mayAsk(origin)) return false;
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("vary", "origin");
    const asked = headers["access-control-request-method"];
    if (method !== "OPTIONS" || asked === undefined) {
      response.setHeader("access-control-expose-headers", "*");
      return false;
    }
    const names = headers["access-control-request-headers"] ?? "";
    response.writeHead(204, {
      ...(token.test(asked) && { "access-control-allow-methods": asked }),
      ...(names !== "" && tokens.test(names) && { "access-control-allow-headers": names }),
      ...(headers["access-control-request-private-network"] === "true" && {
        "access-control-allow-private-network": "true",
      }),
      "access-control-max-age": rememberedSeconds,
    });
    response.end();
    return true;
  }
}

/** As a browser writes it: lower case, without the usual port and without a path. */
function originNamed(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/u.test(url.protocol) && /^[^/]*\/\/[^/?#@*]+\/?$/u.test(text)) return url.origin;
  // Of programs that show pages of their own: app://…, tauri://localhost, vscode-webview://….
  if (
    url &&
    !/^(?:https?|file|data|blob|about):/iu.test(text) &&
    /^[a-z][a-z\d+.-]*:\/\/[^/?#@*]+$/iu.test(text)
  )
    return text.toLowerCase();
  throw new Failure(
    "configuration",
    `--allow-origin takes the origin of one page, like http://localhost:3000, not "${text}". Any page may be opened under "*" and "null", and spend your key.`,
    {},
  );
}
