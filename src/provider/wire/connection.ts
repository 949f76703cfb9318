import type { buildConnector as connecting, Dispatcher, Pool as Pools } from "undici";
import api from "undici/lib/api/index.js";
import buildConnector from "undici/lib/core/connect.js";
import Agent from "undici/lib/dispatcher/agent.js";
import Dispatchers from "undici/lib/dispatcher/dispatcher.js";
import EnvHttpProxyAgent from "undici/lib/dispatcher/env-http-proxy-agent.js";
import Pool from "undici/lib/dispatcher/pool.js";
import { Failure } from "../../failure.ts";
import { isLoopback } from "../../lib/loopback.ts";
import { passingOverContinue } from "./interim.ts";

// As undici's entry does it.
Object.assign(Dispatchers.prototype, api);

/** Of an answer's head: rate limits, policies and cookies of several gateways in a row exceed Node's 16 KiB. */
const maxHeaderSize = 128 * 1024;

/**
 * The connections of one provider. undici's own header and body timeouts are off, because a model may think for minutes: the idle
 * timeout is ours. Proxies of the environment (HTTPS_PROXY, NO_PROXY) are honoured, but never for this machine itself. HTTP/1.1 only:
 * a broken stream then breaks one request. `isFresh`: each request has a connection of its own. Throws `configuration` for a proxy that is none.
 */
export function dispatcherFor(url: URL, connectTimeoutMs: number, isFresh = false): Dispatcher {
  const settings = {
    maxHeaderSize,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    ...(isFresh && { pipelining: 0 }),
  };
  const direct = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  if (isLoopback(url.hostname)) return new Agent({ ...settings, connect: passingOver(direct) });
  try {
    // The proxy agent makes its own connections; the ones for plain HTTP get none of the settings given here.
    return new EnvHttpProxyAgent({
      ...settings,
      factory: (origin, { connect }: Pools.Options) =>
        new Pool(origin, {
          ...settings,
          connect: passingOver(typeof connect === "function" ? connect : direct),
        }),
    });
  } catch (error) {
    const variable = proxyVariables.find((name) => !isProxy(process.env[name] ?? ""));
    if (variable === undefined) throw error;
    const message = `${variable} names no proxy: it looks like http://proxy.example:3128, with its http://. Nothing was sent. Set it so, or unset ${variable}.`;
    throw new Failure("configuration", message, {}, { cause: error });
  }
}

/** Whether undici takes it, or passes it over; curl and others take a host and a port alone too. */
const isProxy = (value: string): boolean =>
  value === "" || (/^(?:https?|socks5?):/iu.test(value.trim()) && URL.canParse(value));

function passingOver(connector: connecting.connector): connecting.connector {
  return (target, callback) =>
    connector(target, (...[error, socket]) =>
      error ? callback(error, null) : callback(null, passingOverContinue(socket)),
    );
}

/**
 * An error's words about a connection. They say when it was a proxy's, named by the environment: nobody would guess that from an address.
 */
export function connectionWords(error: Error): string {
  const { address, port } = addressOf(error);
  const variable = proxyVariables.find((name) => {
    const value = process.env[name] ?? "";
    if (port === undefined || !URL.canParse(value)) return false;
    const proxy = new URL(value);
    const isThere = proxy.hostname === address || isLoopback(proxy.hostname) === isLoopback(address ?? "");
    return isThere && Number(proxy.port || (proxy.protocol === "https:" ? 443 : 80)) === port;
  });
  const said = tlsWords(error) ?? error.message;
  return variable === undefined ? said : `${said}, the proxy that ${variable} names`;
}

/** OpenSSL's words without the thread, the routine and the line of its source, which Node's message has around them. */
function tlsWords(error: Error): string | undefined {
  const code = errorCode(error);
  if (!("reason" in error && typeof error.reason === "string") || !code.startsWith("ERR_SSL_"))
    return undefined;
  return code === "ERR_SSL_WRONG_VERSION_NUMBER"
    ? "what answers there speaks no TLS: its address may begin with http://"
    : error.reason;
}

const proxyVariables = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

function addressOf(error: unknown): { address?: string; port?: number } {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const one: unknown = at instanceof AggregateError ? at.errors[0] : at;
    if (one instanceof Error && "address" in one && "port" in one)
      return { address: String(one.address), port: Number(one.port) };
  }
  return {};
}

/** The system's or undici's code for what broke a connection, or PROXY_REFUSED, from the error or from what caused it. */
export function errorCode(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    // Several addresses were tried (happy eyeballs): each has its own error.
    const inner =
      at instanceof AggregateError ? at.errors.map(errorCode).find((code) => code !== "") : undefined;
    if (inner) return inner;
    // undici names in words alone what the proxy answered to CONNECT (407 without a password, 403 for a host that it doesn't lead to), and
    // its 407 where it is asked without a tunnel.
    if (/^Proxy (?:response \(4\d\d\)|Authentication Required)/u.test(at.message)) return "PROXY_REFUSED";
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return "";
}
