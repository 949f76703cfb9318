import { describe, expect, it } from "vitest";
import { answer, call, output, prompt, reasoning } from "../../test/kit/items.ts";
import { here, setAside } from "../../test/kit/projected.ts";
import { projected, remedy, twoTurns } from "../../test/kit/remedies.ts";
import { WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import { anthropic } from "../replay/contracts/anthropic.ts";
import type { Quarantine } from "../session/event.ts";
import { climb } from "./ladder.ts";

describe("the first remedy of", () => {
  it("a signature of thinking: that of closed turns, and then that of the open loop", () => {
    const given = { contract: anthropic };
    expect(remedy("thinking-signature-rejected", { index: 1 }, given)).toMatchObject({
      scope: { kind: "issuer", issuer: here, through: 1 },
      count: 1,
    });
    expect(remedy("thinking-signature-rejected", { latest: true }, given)).toMatchObject({
      scope: { kind: "items", seqs: [6] },
    });
  });

  it("a signature of one block that isn't the first: that block, and the thinking of other closed turns stays", () => {
    const log = twoTurns();
    log.addItem(answer("msg_2"), { turn: 2, step: 2.5, issuer: here });
    log.addItem(prompt(), { turn: 3, step: 3, origin: "input" });
    expect(remedy("thinking-signature-rejected", { index: 6 }, { log, contract: anthropic })).toMatchObject({
      rung: 0,
      scope: { kind: "items", seqs: [6] },
    });
  });

  it("thinking of the open loop: all of it, also what stands before words in it, and where one block is named", () => {
    const log = new WrittenLog();
    log.addItem(prompt(), { turn: 1, step: 1, origin: "input" });
    for (const step of [1, 2]) {
      log.addItem(reasoning(`rs_${step}`), { turn: 1, step, issuer: here });
      if (step === 1) log.addItem(answer("msg_1"), { turn: 1, step, issuer: here });
      log.addItem(call(`c${step}`), { turn: 1, step, issuer: here });
      log.addItem(output(`c${step}`), { turn: 1, step, origin: "tool" });
    }
    for (const data of [{ latest: true }, { latest: true, index: 5 }] as const)
      expect(remedy("thinking-signature-rejected", data, { log, contract: anthropic })).toMatchObject({
        scope: { kind: "items", seqs: [1, 5] },
      });
  });

  it("thinking that is missing: what was set aside of the open loop is sent again; else no more is asked for in this turn", () => {
    const given = { contract: anthropic, log: twoTurns() };
    const off = { scope: { kind: "parameter", parameter: "thinking", turn: 2 } };
    expect(remedy("thinking-missing", {}, given)).toMatchObject(off);
    const asideAll = setAside({ kind: "issuer", issuer: here, through: 9 });
    const restored = climb(
      new Failure("thinking-missing", "refused", {}),
      projected(given.log, anthropic, [asideAll]),
      {
        upTo: 9,
        climbed: [],
      },
    )!;
    expect(restored).toMatchObject({ rung: 0, scope: { kind: "restored", seqs: [6] }, count: 1 });
    const sentSeqs = (quarantines: Quarantine[]): number[] =>
      Array.from(projected(given.log, anthropic, quarantines).elements(), ({ record }) => record.event.seq);
    // Of the closed turn nothing comes back.
    expect([sentSeqs([asideAll]).includes(6), sentSeqs([asideAll, restored]).includes(6)]).toEqual([
      false,
      true,
    ]);
    expect(sentSeqs([asideAll, restored]).includes(1)).toBe(false);
    // Refused again when it was sent again: it goes, and stays gone.
    const again = setAside({ kind: "items", seqs: [6] });
    expect(sentSeqs([asideAll, restored, again]).includes(6)).toBe(false);
    const next = climb(
      new Failure("thinking-missing", "refused", {}),
      projected(given.log, anthropic, [asideAll, restored, again]),
      { upTo: 9, climbed: [restored, again] },
    );
    expect(next).toMatchObject(off);
  });

  it("thinking that was changed: the loop gets back what it had lost, or else goes without", () => {
    const log = twoTurns();
    const part = setAside({ kind: "items", seqs: [6] });
    const refused = new Failure("thinking-signature-rejected", "refused", { latest: true });
    const climbedFrom = (quarantines: Quarantine[]): Quarantine | undefined =>
      climb(refused, projected(log, anthropic, quarantines), { upTo: 9, climbed: [] });
    expect(climbedFrom([part])).toMatchObject({ scope: { kind: "restored", seqs: [6] } });
    expect(climbedFrom([])).toMatchObject({ scope: { kind: "items", seqs: [6] } });
    const elsewhere = new Failure("thinking-signature-rejected", "refused", { index: 3 });
    expect(
      climb(elsewhere, projected(log, anthropic, [part]), { upTo: 9, climbed: [] })?.scope.kind,
    ).not.toBe("restored");
  });

  it("thinking that was changed: nothing but thinking of the loop comes back, whatever else was repaired before, and once", () => {
    const log = twoTurns();
    const refused = new Failure("thinking-signature-rejected", "refused", { latest: true });
    const before = [
      setAside({ kind: "items", seqs: [1, 6] }),
      setAside({ kind: "notes", seqs: [2, 3, 7, 8] }),
    ];
    const climbedFrom = (climbed: Quarantine[]): Quarantine | undefined =>
      climb(refused, projected(log, anthropic, before), { upTo: 9, climbed });
    const restored = climbedFrom(before);
    expect(restored).toMatchObject({ scope: { kind: "restored", seqs: [6] }, count: 1 });
    expect(climbedFrom([restored!])?.scope.kind).not.toBe("restored");
  });

  it("a block of the loop that is named as damaged itself: what was set aside of the loop stays away", () => {
    const log = new WrittenLog();
    log.addItem(prompt(), { turn: 1, step: 1, origin: "input" });
    for (const step of [1, 2]) {
      log.addItem(reasoning(`rs_${step}`), { turn: 1, step, issuer: here });
      log.addItem(call(`c${step}`), { turn: 1, step, issuer: here });
      log.addItem(output(`c${step}`), { turn: 1, step, origin: "tool" });
    }
    const aside = setAside({ kind: "items", seqs: [1] });
    const refused = new Failure("thinking-signature-rejected", "refused", { index: 3 });
    const latest = new Failure("thinking-signature-rejected", "refused", { latest: true });
    const wordless = setAside({ kind: "content", seqs: [1] });
    expect(
      climb(latest, projected(log, anthropic, [wordless]), { upTo: 6, climbed: [] }),
      "what lacks its words comes back, and counts alone",
    ).toMatchObject({ scope: { kind: "restored", seqs: [1] }, count: 1 });
    expect(climb(refused, projected(log, anthropic, [aside]), { upTo: 6, climbed: [aside] })).toMatchObject({
      scope: { kind: "items", seqs: [4] },
    });
  });
});
