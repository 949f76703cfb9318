import { linkedController, sleep } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";

/**
 * Waits until a time of the wall clock (milliseconds since 1970), also when the machine was suspended meanwhile. Throws the reason of
 * `lost` when the lease goes.
 */
export function pauseUntil(
  until: number,
  clock: Clock,
  signal: AbortSignal,
  lost: AbortSignal,
): Promise<"over" | "cancelled"> {
  return paused(signal, lost, async (ended) => {
    for (let left = until - clock.now(); left > 0; left = until - clock.now())
      await sleep(Math.min(left, 30_000), ended);
  });
}

/** Waits `ms` milliseconds (a minute at most) by the monotonic clock: a wall clock that is set back would stretch the wait. */
export function pauseFor(ms: number, signal: AbortSignal, lost: AbortSignal): Promise<"over" | "cancelled"> {
  return paused(signal, lost, (ended) => sleep(ms, ended));
}

async function paused(
  signal: AbortSignal,
  lost: AbortSignal,
  wait: (ended: AbortSignal) => Promise<void>,
): Promise<"over" | "cancelled"> {
  const { controller, dispose } = linkedController(signal, lost);
  try {
    await wait(controller.signal);
    return "over";
  } catch (error) {
    if (lost.aborted) throw lost.reason;
    if (signal.aborted) return "cancelled";
    throw error;
  } finally {
    dispose();
  }
}
