import type { AddressInfo, Server } from "node:net";
import { hasCode } from "./system.ts";

/** Has a server listen; resolves to its port, which the system chooses for 0. Rejects with what the system says. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Why nothing can listen on a port, in words; `undefined` where the port isn't to blame. */
export function portTrouble(error: unknown): string | undefined {
  if (hasCode(error, "EADDRINUSE")) return "the port is taken by another process";
  return hasCode(error, "EACCES") ? "the port may not be used by this user" : undefined;
}
