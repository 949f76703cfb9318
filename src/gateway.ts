/** `throughline/gateway`: the healing of requests for responses, as a `fetch` and as a server. */
export { openLedger, recovering } from "./gateway/recovering.ts";
export type { RecoveringOptions } from "./gateway/recovering.ts";
export type { ConversationMark, HealMemory } from "./gateway/memory/heal-memory.ts";
export type { Ledger, LedgerOptions } from "./gateway/memory/ledger.ts";
export type { GuardOptions } from "./gateway/guard.ts";
export type { Metrics } from "./gateway/metrics.ts";
export { startGateway } from "./gateway/server.ts";
export type { Gateway, GatewayOptions, UpstreamOptions } from "./gateway/server.ts";
