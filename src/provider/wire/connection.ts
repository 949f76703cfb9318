import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";

/**
 * The connections of one provider. undici's own header and body timeouts are off, because a model may think for minutes: the idle
 * timeout is ours. Proxies of the environment (HTTPS_PROXY, NO_PROXY) are honoured, but never for this machine itself. HTTP/1.1 only:
 * a broken stream then breaks one request.
 */
export function dispatcherFor(url: URL, connectTimeoutMs: number): Dispatcher {
  const options = {
    connect: { timeout: connectTimeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  };
  return isLoopback(url.hostname) ? new Agent(options) : new EnvHttpProxyAgent(options);
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/iu.test(hostname);
}

/** The system's or undici's code for what broke a connection, from the error or from what caused it. */
export function errorCode(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    // Several addresses were tried (happy eyeballs): each has its own error.
    const inner =
      at instanceof AggregateError ? at.errors.map(errorCode).find((code) => code !== "") : undefined;
    if (inner) return inner;
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return "";
}
