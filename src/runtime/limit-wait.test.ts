import { expect, it } from "vitest";
import { clockTime } from "./limit-wait.ts";

it("a time of day has two digits for each part, in the first hours too", () => {
  for (let hour = 0; hour < 24; hour++)
    expect(clockTime(Date.UTC(2026, 10, 24, hour, 35, 5))).toMatch(/^\d\d:\d\d:05 \S/u);
});
