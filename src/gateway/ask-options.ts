import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import { forwardedRequestHeaders, ofOneBody } from "./answer/headers.ts";
import type { HeldBody } from "./body/held-body.ts";
import type { Upstream } from "./upstream.ts";

/** How an upstream is asked for what a client asked for: undici's options. `healed` goes in place of the body that the client `sent`. */
export function askOptions(
  upstream: Upstream,
  request: IncomingMessage,
  { sent, healed, token }: { sent: HeldBody; healed: Buffer | undefined; token: string | undefined },
): Dispatcher.DispatchOptions {
  const pieces = sent.pieces();
  return {
    origin: upstream.origin,
    path: upstream.path(request.url ?? "/"),
    method: "POST",
    // Compressed answers could not be looked at.
    headers: forwardedRequestHeaders(request.rawHeaders, request.headers.connection, {
      ...upstream.credential(request.headers, token),
      "content-length": String((healed ?? sent).length),
      "accept-encoding": "identity",
      ...(healed && Object.fromEntries(ofOneBody.map((name) => [name, undefined]))),
    }),
    // undici takes any iterable; its type names fewer.
    body: healed ?? ((pieces.length > 1 ? pieces : (pieces[0] ?? null)) as Buffer | null),
  };
}
