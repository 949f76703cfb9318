import { expect, test } from "vitest";
import { type Standing, standingAt, statusWords } from "./standing.ts";

const now = Date.parse("2026-11-23T12:00:00Z");
const limited: Standing = { status: "limited", reason: "usage-limit", until: now + 60_000, repairs: 0 };

test("a limit holds until its reset, and what it stopped is interrupted from then on", () => {
  expect(standingAt(limited, now)).toBe(limited);
  expect(statusWords(limited, now)).toBe("limited, resets in 1 m");
  const later = now + 60_000;
  expect(standingAt(limited, later)).toEqual({
    ...limited,
    status: "interrupted",
    reason: "limit has reset",
  });
  expect(statusWords({ ...limited, repairs: 2 }, later)).toBe("interrupted: limit has reset, healed 2×");
});

test("a limit whose end nobody knows holds on", () => {
  const { until: _, ...unknown } = limited;
  expect(statusWords(unknown, now + 1e12)).toBe("limited");
});
