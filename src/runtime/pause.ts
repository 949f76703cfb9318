import { linkedController, sleep } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";

/**
 * Waits until a time of the wall clock (milliseconds since 1970), also when the machine was suspended meanwhile, and no longer than it was
 * off when that clock is set back. Throws the reason of `lost` when the lease goes.
 */
export function pauseUntil(
  until: number,
  clock: Clock,
  signal: AbortSignal,
  lost: AbortSignal,
): Promise<"over" | "cancelled"> {
  const [whole, began] = [until - clock.now(), clock.monotonic()];
  // The monotonic clock stands still while the machine is suspended; the other one may be set.
  const left = (): number => Math.min(until - clock.now(), whole - (clock.monotonic() - began));
  return paused(signal, lost, async (ended) => {
    for (let ms = left(); ms > 0; ms = left()) await sleep(Math.min(ms, 30_000), ended);
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
