import { describe, expect, it } from "vitest";
import type { Quarantine } from "./event.ts";
import type { QuarantineScope } from "./quarantine-scope.ts";
import { reachOf, withQuarantine } from "./quarantine.ts";

const made = (scope: QuarantineScope, refusedBy = "here"): Quarantine => ({
  rung: 1,
  why: "w",
  refusedBy,
  scope,
  count: 1,
});
const kept = (...scopes: QuarantineScope[]): QuarantineScope[] =>
  scopes
    .reduce<Quarantine[]>((before, scope) => withQuarantine(before, made(scope)), [])
    .map(({ scope }) => scope);

describe("quarantines", () => {
  it("that a later one covers are not collected", () => {
    const covering: [QuarantineScope, QuarantineScope][] = [
      [
        { kind: "issuer", issuer: "a", through: 1 },
        { kind: "issuer", issuer: "a", through: 5 },
      ],
      [
        { kind: "transcript", through: 1 },
        { kind: "transcript", through: 5 },
      ],
      [
        { kind: "media", through: 3, seqs: [3] },
        { kind: "media", through: 5 },
      ],
      [
        { kind: "parameter", parameter: "thinking", turn: 1 },
        { kind: "parameter", parameter: "thinking", turn: 2 },
      ],
      [{ kind: "reasoning-text" }, { kind: "reasoning-text" }],
    ];
    for (const [earlier, later] of covering) expect(kept(earlier, later)).toEqual([later]);
  });

  it("that say something else stay", () => {
    const apart: [QuarantineScope, QuarantineScope][] = [
      [
        { kind: "issuer", issuer: "a", through: 1 },
        { kind: "issuer", issuer: "b", through: 5 },
      ],
      [
        { kind: "items", seqs: [1] },
        { kind: "items", seqs: [2] },
      ],
      [
        { kind: "media", through: 5 },
        { kind: "media", through: 5, seqs: [5] },
      ],
      [
        { kind: "parameter", parameter: "store", model: "m" },
        { kind: "parameter", parameter: "store", model: "n" },
      ],
      [
        { kind: "item-type", itemType: "a" },
        { kind: "item-type", itemType: "b" },
      ],
    ];
    for (const pair of apart) expect(kept(...pair)).toEqual(pair);
    const elsewhere = made({ kind: "transcript", through: 1 }, "elsewhere");
    expect(withQuarantine([elsewhere], made({ kind: "transcript", through: 5 }))).toHaveLength(2);
  });

  it("that hold for whatever comes outlive the items that they were made for", () => {
    expect(reachOf({ kind: "items", seqs: [3, 9] })).toBe(9);
    expect(reachOf({ kind: "media", through: 7, seqs: [2] })).toBe(2);
    expect(reachOf({ kind: "transcript", through: 7 })).toBe(7);
    for (const scope of [
      { kind: "sealed", through: 7 },
      { kind: "parameter", parameter: "store" },
      { kind: "item-type", itemType: "a" },
    ] as const)
      expect(reachOf(scope)).toBe(Number.POSITIVE_INFINITY);
  });

  it("that name every item of a long session are folded like any other", () => {
    const seqs = Array.from({ length: 300_000 }, (_, seq) => seq);
    expect(reachOf({ kind: "content", seqs })).toBe(299_999);
  });
});
