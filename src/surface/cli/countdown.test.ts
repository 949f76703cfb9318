import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { countDown } from "./countdown.ts";

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

describe("a countdown", () => {
  it("says on one line how long is left, and takes the line away", () => {
    const said: string[] = [];
    const stop = countDown({ err: (text) => said.push(text) }, 1_003_000);
    vi.advanceTimersByTime(5_000);
    expect(said).toHaveLength(6);
    expect(said[0]).toContain("3 s left");
    expect(said[2]).toContain("1 s left");
    expect(said.at(-1)).toContain("0 s left");
    expect(said.every((text) => text.startsWith("\r\u001B[K") && !text.includes("\n"))).toBe(true);
    stop();
    expect(said.at(-1)).toBe("\r\u001B[K");
    vi.advanceTimersByTime(5_000);
    expect(said).toHaveLength(7);
  });
});
