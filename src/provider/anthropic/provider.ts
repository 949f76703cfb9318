import type { Provider } from "../../provider.ts";
import { wireProvider, type WireOptions } from "../wire/provider.ts";
import type { Wire } from "../wire/wire.ts";
import { type MessagesBody, requestBody } from "./body.ts";
import { acceptedFacts, asksForThinking } from "./models.ts";
import { placedFailure } from "./places.ts";
import { MessagesReader } from "./reader.ts";

/**
 * `baseUrl` with or without `/v1`: `https://api.anthropic.com`. The key goes out as `x-api-key`; an endpoint that wants a bearer token
 * gets it through `headers`.
 *
 * The issuer is the base URL with a hash of the key, as on the other wires. Anthropic documents its signatures as valid across its
 * platforms (API, Bedrock, Vertex) and binds them to no account; but behind a base URL there may be a gateway of several
 * upstreams, of which one refuses what another signed ("Invalid `signature` in `thinking` block" after switching;
 * github.com/ding113/claude-code-hub/issues/518, 2026-01), so only the same way back is trusted.
 */
export type AnthropicOptions = WireOptions;

/** The Anthropic Messages API over server-sent events. One HTTP request for each `stream`. */
export function anthropicProvider(options: AnthropicOptions): Provider {
  return wireProvider(options, wireAt(options.baseUrl));
}

const wireAt = (baseUrl: string): Wire<MessagesBody> => ({
  seals: "anthropic",
  path: /\/v1\/?$/u.test(new URL(baseUrl).pathname) ? "/messages" : "/v1/messages",
  lastEvent: "message_stop",
  // The refusals that mean sealed content without saying so are those of other backends.
  sendsSealed: false,
  takesSealed: ({ model, effort }) => asksForThinking(acceptedFacts(model), effort),
  headers: (apiKey) => ({
    "anthropic-version": "2023-06-01",
    ...(apiKey !== undefined && { "x-api-key": apiKey }),
  }),
  body: requestBody,
  reader: (request) => new MessagesReader(request),
  placed: (failure, { conversion }) => placedFailure(failure, conversion),
});
