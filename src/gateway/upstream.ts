import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { Failure } from "../failure.ts";
import { dispatcherFor } from "../provider/wire/connection.ts";
import { isSecret } from "../lib/secret.ts";
import { issuerOf } from "../provider/wire/issuer.ts";
import { accountHeaders } from "./answer/headers.ts";
import { ownTokenIn } from "./guard.ts";

/** An endpoint that speaks the Responses API. */
export interface UpstreamOptions {
  /** Base URL without the wire's own path: `https://api.openai.com/v1`. A query (`?api-version=…`) is kept. */
  url: string;
  /** Sent in place of the client's own credential. Absent: the client's is passed on. */
  key?: string;
  /** A connection that takes longer (milliseconds) counts as refused; 10,000 unless told. */
  connectTimeoutMs?: number;
}

const issuersKept = 256;

/** Where requests go. A client's `/v1/…` is what lies under the base URL. */
export class Upstream {
  /** Without a query and without credentials: for logs and metrics. */
  readonly name: string;
  readonly origin: string;
  readonly key: string | undefined;
  /** The key, where it is one that no client is to see. */
  readonly secret: string | undefined;
  readonly dispatcher: Dispatcher;
  readonly #makeFresh: () => Dispatcher;
  #fresh: Dispatcher | undefined;
  readonly #baseUrl: string;
  readonly #basePath: string;
  readonly #query: string;
  /** Remembered by account, since a client sends the same one with every request. */
  readonly #issuers = new Map<string, string>();

  constructor({ url, key, connectTimeoutMs = 10_000 }: UpstreamOptions) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !/^https?:$/u.test(parsed.protocol) || parsed.username !== "" || parsed.password !== "") {
      throw new Failure(
        "configuration",
        `An upstream is a base URL like https://api.openai.com/v1, without /responses and without a password in it, not "${parsed ? parsed.host : url}".`,
        {},
      );
    }
    this.#baseUrl = url;
    this.origin = parsed.origin;
    // Many people give the endpoint's whole path where its base URL is asked for.
    this.#basePath = parsed.pathname.replace(/(?:\/responses)?\/*$/u, "");
    this.#query = parsed.search.slice(1);
    this.name = `${parsed.origin}${this.#basePath}`;
    this.key = key;
    this.secret = isSecret(key) ? key : undefined;
    this.dispatcher = dispatcherFor(parsed, connectTimeoutMs);
    this.#makeFresh = () => dispatcherFor(parsed, connectTimeoutMs, true);
  }

  /** Dispatches each request on a new connection, which the upstream can't be about to close: for those that can't be sent again. */
  get fresh(): Dispatcher {
    return (this.#fresh ??= this.#makeFresh());
  }

  async close(): Promise<void> {
    await Promise.all([this.dispatcher.destroy(), this.#fresh?.destroy()]);
  }

  /** The path for the upstream, from what the client asked for (`/v1/responses?x=1`). */
  path(asked: string): string {
    const mark = asked.indexOf("?");
    // A base URL that a client was given with a slash at its end leads to two.
    const given = (mark < 0 ? asked : asked.slice(0, mark)).replace(/^\/{2,}/u, "/");
    // A client whose base URL is the upstream's, but for the host, names the whole path.
    const isWhole =
      this.#basePath !== "" && (given === this.#basePath || given.startsWith(`${this.#basePath}/`));
    const path = (isWhole ? given.slice(this.#basePath.length) : given.replace(/^\/v1(?=\/|$)/u, "")).replace(
      /^\/{2,}/u,
      "/",
    );
    const query = [mark < 0 ? "" : asked.slice(mark + 1), this.#query]
      .filter((part) => part !== "")
      .join("&");
    return `${this.#basePath}${path}${query === "" ? "" : `?${query}`}` || "/";
  }

  /**
   * What takes the place of the client's own credential, by lower-case header: the key as `x-api-key` for who speaks Anthropic's wire, but
   * for clients with a bearer token, whose relay takes one. Where there is no key here the client's is passed on, unless it is the
   * gateway's own `token`.
   */
  credential(headers: IncomingHttpHeaders, token: string | undefined): Record<string, string | undefined> {
    if (this.key === undefined)
      return Object.fromEntries(ownTokenIn(headers, token).map((name) => [name, undefined]));
    const isAnthropic = headers["anthropic-version"] !== undefined && headers.authorization === undefined;
    return {
      authorization: isAnthropic ? undefined : `Bearer ${this.key}`,
      "x-api-key": isAnthropic ? this.key : undefined,
      "api-key": undefined,
      "chatgpt-account-id": undefined,
    };
  }

  /** The issuer of what it seals for this client: the base URL with a hash of the account, or of the key where no account is named. */
  issuer(headers: IncomingHttpHeaders): string {
    const given = accountHeaders.map((name) => headers[name]).find((value) => value !== undefined);
    const account = this.key ?? (Array.isArray(given) ? given[0] : given) ?? "";
    let issuer = this.#issuers.get(account);
    if (issuer === undefined) {
      issuer = issuerOf(this.#baseUrl, account);
      if (this.#issuers.size >= issuersKept) this.#issuers.clear();
      this.#issuers.set(account, issuer);
    }
    return issuer;
  }
}
