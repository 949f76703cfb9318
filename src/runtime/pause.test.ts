import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { Failure } from "../failure.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { pauseFor, pauseUntil } from "./pause.ts";

const never = new AbortController().signal;
const lost = new Failure("lease-lost", "It is another's.", {} as never);

const pauses: [string, (signal: AbortSignal, lost: AbortSignal) => Promise<string>][] = [
  ["for a time", (signal, gone) => pauseFor(60_000, signal, gone)],
  ["until a time", (signal, gone) => pauseUntil(Date.now() + 60_000, systemClock, signal, gone)],
];

it.each(pauses)(
  "a wait %s ends with a cancel, and as an owner's whose session is another's now",
  async (_, pause) => {
    const [cancel, gone] = [new AbortController(), new AbortController()];
    const cancelled = pause(cancel.signal, never);
    cancel.abort();
    expect(await cancelled).toBe("cancelled");
    const fenced = pause(never, gone.signal);
    gone.abort(lost);
    await expect(fenced).rejects.toBe(lost);
    // What was cancelled and lost at once may not be logged as cancelled.
    const both = pause(cancel.signal, gone.signal);
    await expect(both).rejects.toBe(lost);
  },
);

it("a wait until a time is over when the clock says so, not earlier, and leaves nothing that listens", async () => {
  const until = Date.now() + 40;
  const { signal } = new AbortController();
  expect(await pauseUntil(until, systemClock, signal, signal)).toBe("over");
  expect(Date.now()).toBeGreaterThanOrEqual(until);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(await pauseUntil(0, systemClock, never, never)).toBe("over");
});

describe("a wait until a time, where the clock is set meanwhile,", () => {
  /** The time of this machine, but for what its wall clock is set back by. */
  const setBack = (ms: () => number): Clock => ({
    now: () => Date.now() - ms(),
    monotonic: () => performance.now(),
  });

  it("takes no longer than it was to take when it is set back", async () => {
    let back = 0;
    const clock = setBack(() => back);
    const began = performance.now();
    const waiting = pauseUntil(clock.now() + 300, clock, never, never);
    back = 365 * 24 * 3_600_000;
    expect(await waiting).toBe("over");
    expect(performance.now() - began).toBeGreaterThanOrEqual(299);
  });

  it("is over as soon as it says so: the monotonic clock stands still while the machine is suspended", async () => {
    vi.useFakeTimers();
    try {
      let ahead = 0;
      const asleep: Clock = { now: () => ahead, monotonic: () => 0 };
      const waiting = pauseUntil(3_600_000, asleep, never, never);
      ahead = 3_600_000;
      // It is looked at again after half a minute at the latest.
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await Promise.race([waiting, "waiting"])).toBe("over");
    } finally {
      vi.useRealTimers();
    }
  });
});
