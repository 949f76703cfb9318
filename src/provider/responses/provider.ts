import { ofInput } from "../../failure/named.ts";
import type { Provider } from "../../provider.ts";
import { wireProvider, type WireOptions } from "../wire/provider.ts";
import type { Wire } from "../wire/wire.ts";
import { requestBody } from "./body.ts";
import { ResponsesReader } from "./reader.ts";

/** Where the endpoint is, and whose key it gets. */
export type ResponsesOptions = WireOptions;

const wire: Wire = {
  path: "/responses",
  lastEvent: "response.completed",
  sendsSealed: true,
  body: requestBody,
  reader: () => new ResponsesReader(),
  placed: ofInput,
};

/** The OpenAI Responses API over server-sent events, `store: false` unless the request says otherwise. One HTTP request for each `stream`. */
export function responsesProvider(options: ResponsesOptions): Provider {
  return wireProvider(options, wire);
}
