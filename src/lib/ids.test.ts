import { describe, expect, it } from "vitest";
import { risingIds, uuidv7Time } from "./ids.ts";

describe("rising ids", () => {
  it("rise within a millisecond, beyond the counter's end, and when the clock is set back", () => {
    let now = 1_700_000_000_000;
    const next = risingIds(() => now);
    const ids = Array.from({ length: 10_000 }, next);
    now -= 60_000;
    ids.push(next());
    now += 120_000;
    ids.push(next());
    expect(ids.every((id, at) => at === 0 || ids[at - 1]! < id)).toBe(true);
    expect(uuidv7Time(ids.at(-1)!)).toBe(now);
  });
});
