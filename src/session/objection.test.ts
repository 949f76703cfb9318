import { fc } from "../../test/kit/property.ts";
import { describe, expect, it } from "vitest";
import { sessionEvent, type SessionEvent } from "./event.ts";
import { isBelievable, objection } from "./objection.ts";

const item = {
  seq: 1,
  fence: 1,
  at: 1,
  type: "item-added",
  turn: 1,
  step: 1,
  kind: "message",
  origin: "input",
} as const;

describe("an event that is to be written", () => {
  it("is judged by the quick check for items exactly as by the schema", () => {
    const odd = fc.oneof(
      fc.constant(undefined),
      fc.string(),
      fc.double(),
      fc.constant(null),
      fc.array(fc.double()),
      fc.object(),
    );
    const members = fc.record(
      {
        turn: odd,
        step: odd,
        kind: odd,
        origin: odd,
        role: odd,
        call: odd,
        id: odd,
        name: odd,
        issuer: odd,
        model: odd,
        followUp: odd,
        cut: odd,
        sealed: odd,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.tuple(members, fc.subarray(Object.keys(item)), fc.boolean()), ([wrong, kept, all]) => {
        const keys = new Set<string>(kept);
        const good = Object.fromEntries(Object.entries(item).filter(([key]) => all || keys.has(key)));
        const event = { ...wrong, ...good } as unknown as SessionEvent;
        // The writer numbers and times events itself.
        const numbered = { ...event, seq: 1, fence: 1, at: 1 };
        expect(objection(numbered) === undefined).toBe(sessionEvent.safeParse(numbered).success);
      }),
      { numRuns: 2000 },
    );
  });

  it("is refused with the member that is wrong", () => {
    expect(objection({ ...item, turn: "one" } as unknown as SessionEvent)).toContain("turn");
  });
});

describe("an event without a checksum", () => {
  it.each([
    ["believed when the schema allows it", item, true],
    ["believed with members that the schema doesn't know", { ...item, colour: "green" }, true],
    ["believed when its type is unknown", { seq: 0, fence: 1, at: 1, type: "session-blessed" }, true],
    ["not believed without a number", { ...item, seq: undefined }, false],
    ["not believed with a number that is none", { ...item, seq: 1.5 }, false],
    ["not believed when a member is of the wrong kind", { ...item, kind: 7 }, false],
  ])("is %s", (_, event, believed) => {
    expect(isBelievable(event)).toBe(believed);
  });
});
