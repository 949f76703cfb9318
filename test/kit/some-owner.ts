import type { Owner } from "../../src/session/event.ts";

/** The owner of a lease: none that there is. */
export const someOwner: Owner = {
  host: "h",
  machine: "m",
  boot: "b",
  pidNamespace: "n",
  pid: 1,
  started: "1",
  version: "0",
  since: 0,
  doing: "x",
};
