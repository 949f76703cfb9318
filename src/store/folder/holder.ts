import { isSystemError } from "../../lib/system.ts";
import { judge } from "../../session/lease.ts";
import type { Holder } from "../../store.ts";
import { fateOfOwner, leaseNumbers, readLease } from "./lease-file.ts";

/** Where the lease stands as far as one look tells: an owner that can't be looked at counts as holding. */
export function holderOf(folder: string): Holder {
  const fence = leaseNumbers(folder).at(-1);
  const file = fence === undefined ? undefined : readLease(folder, fence);
  if (fence === undefined || !file) return { state: "free", fence: fence ?? 0 };
  const { lease } = file;
  if (!lease) return { state: "held", fence };
  // Lists ask this of every session, and looking for a process costs more than the rest of it.
  if (lease.released) return { state: "free", fence };
  const verdict = judge(lease, { fate: fateOfOwner(lease.owner), unchangedMs: 0 });
  return verdict === "free" || verdict === "dead"
    ? { state: "free", fence }
    : { state: "held", fence, owner: lease.owner };
}

/** The same for those who only look at a session and can do without: a lease that can't be read is somebody's. Who acquires it is told more. */
export function holderIfSeen(folder: string): Holder {
  try {
    return holderOf(folder);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { state: "held", fence: leaseNumbers(folder).at(-1) ?? 0 };
  }
}
