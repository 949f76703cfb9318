/** `throughline/gateway`: the healing of requests for responses, as a `fetch` and as a server. */
export { openLedger, recovering } from "./gateway/recovering.ts";
export type { RecoveringOptions } from "./gateway/recovering.ts";
export type { Ledger } from "./gateway/memory/ledger.ts";
export { startGateway } from "./gateway/server.ts";
export type { Gateway, GatewayOptions, UpstreamOptions } from "./gateway/server.ts";
