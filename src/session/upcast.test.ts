import { describe, expect, it } from "vitest";
import { declaredSchema, upcast } from "./upcast.ts";

describe("an event of an older schema", () => {
  it("goes through every step up to the current one, once", () => {
    const table = {
      [-1]: (event: object) => ({ ...event, steps: ["-1"] }),
      0: (event: object) => ({ ...event, zero: true }),
    };
    expect(upcast({ type: "x" }, -1, table)).toEqual({ type: "x", steps: ["-1"], zero: true });
    expect(upcast({ type: "x" }, 1, table)).toEqual({ type: "x" });
  });

  it("is told by the events that name a schema", () => {
    expect(declaredSchema({ type: "session-created", schema: 3 })).toBe(3);
    expect(declaredSchema({ type: "lease-taken", schema: 2 })).toBe(2);
    expect(declaredSchema({ type: "turn-ended", checkpoint: { schema: 4 } })).toBe(4);
    expect(declaredSchema({ type: "turn-ended" })).toBeUndefined();
    expect(declaredSchema({ type: "item-added", schema: 9 })).toBeUndefined();
  });
});
