import { issuerOf } from "../provider/wire/issuer.ts";
import { accountHeaders } from "./answer/headers.ts";
import { responsesPath } from "./request/responses-path.ts";

/** A request for a response that `fetch` was asked for, with its body in memory, so that it can be sent again. */
export interface Asked {
  readonly url: string;
  /** The other settings of the request, with its method, and without headers and body. */
  readonly init: RequestInit;
  readonly body: Buffer;
  readonly headers: Headers;
  /** Who is asked (`provider.ts`): the base URL and a hash of the account. */
  readonly issuer: string;
}

/**
 * Reads what `fetch` was asked for: an address with its settings, or a `Request`, whose body is used up as `fetch` uses it up. `undefined`,
 * and nothing read, for what is no request for a response, or whose body is a form. Rejects when the body can't be read, or the signal has
 * aborted.
 */
export async function readAsked(
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Asked | undefined> {
  // Another package's fetch has a `Request` of its own class.
  const request = typeof input === "object" && "arrayBuffer" in input ? input : undefined;
  const address = request?.url ?? String(input);
  const method = init.method ?? request?.method ?? "GET";
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || method.toUpperCase() !== "POST" || !responsesPath.test(url.pathname)) return undefined;
  const isOwn = init.body !== undefined && init.body !== null;
  const source = isOwn ? init.body : request?.body;
  if (!source) return undefined;
  const signal = init.signal ?? request?.signal;
  signal?.throwIfAborted();
  const bytes = isOwn ? bytesOf(source) : request?.arrayBuffer().then((all) => Buffer.from(all));
  if (!bytes) return undefined;
  const body = await bytes;
  signal?.throwIfAborted();
  const headers = new Headers(init.headers ?? request?.headers);
  const account = accountHeaders.map((name) => headers.get(name)).find((value) => value !== null);
  url.search = "";
  url.pathname = url.pathname.replace(responsesPath, "");
  return {
    url: address,
    init: { ...(request && settingsOf(request)), ...init, method: "POST", ...(signal && { signal }) },
    body,
    headers,
    issuer: issuerOf(url.href, account),
  };
}

/** What a `Request` says beside its address, headers and body. */
function settingsOf({
  cache,
  credentials,
  integrity,
  keepalive,
  mode,
  redirect,
  referrer,
  referrerPolicy,
}: Request): RequestInit {
  return { cache, credentials, integrity, keepalive, mode, redirect, referrer, referrerPolicy };
}

/** A copy of a body's bytes; `undefined` for a kind that isn't read here, such as a form. */
function bytesOf(source: unknown): Promise<Buffer> | Buffer | undefined {
  if (typeof source === "string") return Buffer.from(source);
  if (source instanceof ArrayBuffer) return Buffer.from(source.slice(0));
  if (ArrayBuffer.isView(source))
    return Buffer.from(Buffer.from(source.buffer, source.byteOffset, source.byteLength));
  if (source instanceof Blob) return source.arrayBuffer().then((all) => Buffer.from(all));
  return isIterable(source) ? gathered(source) : undefined;
}

/** Whether it can be read piece by piece: a `ReadableStream` can, and `fetch` in Node takes any such object. */
function isIterable(source: unknown): source is AsyncIterable<Uint8Array | string> {
  return typeof source === "object" && source !== null && Symbol.asyncIterator in source;
}

async function gathered(pieces: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(all);
}
