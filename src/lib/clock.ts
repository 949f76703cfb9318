/** Time as an argument: pure code receives a `Clock`, so that a test can hold it still. */
export interface Clock {
  /** Wall clock, milliseconds since 1970 (UTC). Never compared across hosts. */
  now(): number;
  /** Monotonic milliseconds of this process; only differences mean anything. */
  monotonic(): number;
}

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
