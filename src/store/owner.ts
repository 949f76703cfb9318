import type { OwnerFacts } from "../failure/catalogue.ts";
import type { Owner } from "../session/event.ts";

/** The facts that messages give. */
export function factsOf({ host, pid, since, doing, tty, version }: Owner): OwnerFacts {
  return { host, pid, since, doing, version, ...(tty === undefined ? {} : { tty }) };
}
