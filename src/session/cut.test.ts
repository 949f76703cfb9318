import { describe, expect, it } from "vitest";
import { cutWindow } from "./cut.ts";
import type { ItemRecord } from "./event.ts";

type Made = [kind: string, step: number, more?: { call?: string; role?: string; origin?: "input" | "tool" }];

/** Items of 100 bytes each. */
function items(...made: Made[]): ItemRecord[] {
  return made.map(([kind, step, { call, role, origin } = {}], seq) => ({
    event: {
      type: "item-added",
      seq,
      fence: 1,
      at: 0,
      turn: 1,
      step,
      kind,
      origin: origin ?? "model",
      ...(call !== undefined && { call }),
      ...(role !== undefined && { role }),
    },
    offset: seq * 200,
    body: { offset: seq * 200 + 50, length: 100 },
  }));
}

const user: Made = ["message", 1, { role: "user", origin: "input" }];
const context: Made = ["message", 1, { role: "developer", origin: "input" }];

describe("a window that is cut", () => {
  it("keeps what was asked last as a message of its own, though the step after it is larger than the budget", () => {
    const call: Made = ["function_call", 2, { call: "a" }];
    const output: Made = ["function_call_output", 2, { call: "a", origin: "tool" }];
    const window = items(context, user, ["message", 1], user, call, output);
    expect(cutWindow(window, 100)).toMatchObject({ index: 3, keepFrom: 3 });
    // Not where it would be as much again.
    expect(cutWindow(window, 99)).toMatchObject({ index: 4 });
  });

  it("keeps as many steps of its end as fit", () => {
    const window = items(user, ["message", 1], ["message", 2], ["message", 3], ["message", 4]);
    expect(cutWindow(window, 250)).toMatchObject({ index: 3, keepFrom: 3, cutBytes: 300 });
  });

  it("keeps its last step whole, however large", () => {
    const window = items(user, ["message", 1], ["reasoning", 2], ["message", 2], ["message", 2]);
    expect(cutWindow(window, 50)).toMatchObject({ index: 2, cutBytes: 200 });
  });

  it("keeps a call with an output that came in a later step", () => {
    const call: Made = ["function_call", 1, { call: "a" }];
    const output: Made = ["function_call_output", 3, { call: "a", origin: "tool" }];
    const window = items(user, call, ["message", 2], output, ["message", 4]);
    expect(cutWindow(window, 250)?.index).toBe(4);
    expect(cutWindow(window.slice(0, 4), 100)?.index).toBe(1);
  });

  it("keeps a call without output and everything behind it", () => {
    const window = items(user, ["function_call", 1, { call: "a" }], ["message", 2], ["message", 3]);
    expect(cutWindow(window, 100)?.index).toBe(1);
  });

  it("weighs an image by what a model counts of it", () => {
    const [said, shown, answer, last] = items(user, ["message", 2], ["message", 3], ["message", 4]);
    const image: ItemRecord = {
      ...shown!,
      event: { ...shown!.event, media: { count: 1, largest: 5_000_000, total: 5_000_000 } },
      body: { offset: 0, length: 5_000_100 },
    };
    expect(cutWindow([said!, image, answer!, last!], 7_000)?.index).toBe(1);
  });

  it("isn't cut where only the context of the session would be summarised", () => {
    expect(cutWindow(items(context, user), 0)).toBeUndefined();
    expect(cutWindow(items(user), 0)).toBeUndefined();
    expect(cutWindow([], 0)).toBeUndefined();
  });
});
