import { expect, it } from "vitest";
import { Failure } from "../failure.ts";
import { systemClock } from "../lib/clock.ts";
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

it("a wait until a time is over when the clock says so, not earlier", async () => {
  const until = Date.now() + 40;
  expect(await pauseUntil(until, systemClock, never, never)).toBe("over");
  expect(Date.now()).toBeGreaterThanOrEqual(until);
  expect(await pauseUntil(0, systemClock, never, never)).toBe("over");
});
