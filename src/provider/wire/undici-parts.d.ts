/**
 * What `connection.ts` takes of undici, file by file. Its entry would make its own agent the one that the whole process's `fetch` goes over
 * (undici 8.12, `lib/global.js`), which a library must not do to the program that imports it; and it loads fetch, WebSocket, caches and mocks,
 * half of the time of that import.
 */
declare module "undici/lib/dispatcher/agent.js" {
  import { Agent } from "undici";
  export default Agent;
}
declare module "undici/lib/dispatcher/env-http-proxy-agent.js" {
  import { EnvHttpProxyAgent } from "undici";
  export default EnvHttpProxyAgent;
}
declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";
  export default Pool;
}
declare module "undici/lib/dispatcher/dispatcher.js" {
  import { Dispatcher } from "undici";
  export default Dispatcher;
}
declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";
  export default buildConnector;
}
declare module "undici/lib/api/index.js" {
  import type { Dispatcher } from "undici";
  /** `request`, `stream`, `pipeline`, `upgrade`, `connect`. */
  const api: Partial<Dispatcher>;
  export default api;
}
