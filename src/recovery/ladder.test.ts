import { describe, expect, it } from "vitest";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import type { SealRefusal } from "../failure/catalogue.ts";
import type { Quarantine } from "../session/event.ts";
import type { ReplayContract } from "../replay/contract.ts";
import { azure } from "../replay/contracts/azure.ts";
import { openai } from "../replay/contracts/openai.ts";
import { project, type Projection } from "../replay/project.ts";
import { climb } from "./ladder.ts";

const anyone: ReplayContract = { ...openai, name: "anyone", sealed: "replay" };

/** Items 0, 2, 4: reasoning rs_0, rs_1, rs_2, each with the message that it led to. */
function threeSteps(issuerOf: (step: number) => string = () => "here", seed?: string): WrittenLog {
  const log = new WrittenLog();
  for (const step of [0, 1, 2]) {
    const place = { turn: 1, step, issuer: issuerOf(step) };
    const id = `rs_${step}`;
    log.addItem(
      { type: "reasoning", id, summary: [], encrypted_content: sealedBlob(100 + step, seed ?? id) },
      place,
    );
    log.addItem({ type: "message", id: `msg_${step}`, role: "assistant", content: [] }, place);
  }
  return log;
}

const refusal = (data: SealRefusal): Failure => new Failure("sealed-reasoning-rejected", "refused", data);

function projected(log: WrittenLog, quarantines: readonly Quarantine[], contract = openai): Projection {
  return project(contract, { issuer: "here", quarantines }, log.history.items);
}

function climbed(
  data: SealRefusal,
  { log = threeSteps(), contract = openai, before = [] as Quarantine[] } = {},
): Quarantine | undefined {
  return climb(refusal(data), projected(log, before, contract), {
    upTo: log.history.lastSeq,
    climbed: before,
  });
}

/** Every rung until none is left. */
function allClimbed(given: { log?: WrittenLog; contract?: ReplayContract } = {}): Quarantine[] {
  const before: Quarantine[] = [];
  for (let next = climbed({}, given); next; next = climbed({}, { ...given, before })) {
    before.push(next);
    if (before.length > 9) throw new Error("it never ends");
  }
  return before;
}

describe("the ladder", () => {
  it("leaves out one blob when the error names it and it isn't the first", () => {
    const expected = {
      rung: 0,
      scope: { kind: "items", seqs: [2] },
      count: 1,
      oldestSealedAt: 101,
      refusedBy: "here",
    };
    expect(climbed({ item: "rs_1" })).toMatchObject(expected);
    expect(climbed({ index: 2 })).toMatchObject(expected);
    expect(climbed({ tail: sealedBlob(101, "rs_1").slice(-10) })).toMatchObject(expected);
  });

  it("leaves out those that end as the error says when the first isn't among them: those before them were opened", () => {
    const log = threeSteps(() => "here", "alike");
    const tail = sealedBlob(101, "alike").slice(-4);
    const other = sealedBlob(100, "other");
    expect(other.endsWith(tail)).toBe(false);
    Object.assign(log.history.items[0]!.event.sealed!, { tail: other.slice(-10) });
    expect(climbed({ tail }, { log })).toMatchObject({
      rung: 0,
      scope: { kind: "items", seqs: [2, 4] },
      count: 2,
    });
  });

  it("leaves out all of the issuer at once when the first is named, or may be, or none is named: its key was rotated", () => {
    const expected = {
      rung: 1,
      scope: { kind: "issuer", issuer: "here", through: 5 },
      count: 3,
      oldestSealedAt: 100,
    };
    expect(climbed({ item: "rs_0" })).toMatchObject(expected);
    const alike = threeSteps(() => "here", "alike");
    expect(climbed({ tail: sealedBlob(101, "alike").slice(-4) }, { log: alike })).toMatchObject(expected);
    expect(climbed({ item: "rs_9" })).toMatchObject(expected);
    expect(climbed({ index: 1 })).toMatchObject(expected);
    expect(climbed({})).toMatchObject(expected);
  });

  it("leaves out the one that bears signs of damage, also the first, and where none is named", () => {
    const log = threeSteps();
    Object.assign(log.history.items[0]!, { altered: true });
    const alone = { rung: 0, scope: { kind: "items", seqs: [0] }, count: 1 };
    expect(climbed({ item: "rs_0" }, { log })).toMatchObject(alone);
    expect(climbed({}, { log })).toMatchObject(alone);
    expect(climbed({ item: "rs_1" }, { log })).toMatchObject({ scope: { kind: "items", seqs: [2] } });
    const first = climbed({ item: "rs_0" }, { log })!;
    expect(climbed({ item: "rs_1" }, { log, before: [first] })).toMatchObject({ rung: 1, count: 2 });
  });

  it("takes a sign of damage for none when all have it", () => {
    const log = threeSteps();
    for (const { event } of log.history.items) if (event.sealed) event.sealed.odd = true;
    expect(climbed({ item: "rs_0" }, { log })).toMatchObject({ rung: 1, count: 3 });
    delete log.history.items[2]!.event.sealed!.odd;
    expect(climbed({ item: "rs_0" }, { log })).toMatchObject({
      rung: 0,
      scope: { kind: "items", seqs: [0] },
    });
  });

  it("takes one blob once, and then the issuer: a damaged blob costs two requests at most, a rotated key not one for each blob", () => {
    const first = climbed({ item: "rs_2" });
    expect(climbed({ item: "rs_1" }, { before: [first!] })).toMatchObject({ rung: 1, count: 2 });
  });

  it("takes one blob by itself also after a repair of another kind", () => {
    const other = { why: "sealed-reasoning-rejected", refusedBy: "here", count: 1 } as const;
    const before: Quarantine[] = [
      { ...other, rung: 1, scope: { kind: "issuer", issuer: "elsewhere", through: 5 } },
      { ...other, rung: 0, why: "duplicate-item", scope: { kind: "items", seqs: [5] } },
      { ...other, rung: 0, scope: { kind: "content", seqs: [5] } },
    ];
    for (const one of before)
      expect(climbed({ item: "rs_1" }, { before: [one] })).toMatchObject({ rung: 0, scope: { seqs: [2] } });
  });

  it("ends when nothing is left that would change the request", () => {
    expect(allClimbed().map(({ rung }) => rung)).toEqual([1, 2]);
  });

  it("detaches item ids last, where they are sent", () => {
    const log = threeSteps();
    // Without their reasoning the messages went without ids already.
    expect(allClimbed({ log, contract: azure }).map(({ rung }) => rung)).toEqual([1, 2]);
    const failure = new Failure("item-not-persisted", "not found", { item: "msg_1" });
    const next = climb(failure, projected(log, [], azure), { upTo: 5, climbed: [] });
    expect(next).toMatchObject({ rung: 3, scope: { kind: "item-ids", through: 5 } });
    expect(next).not.toHaveProperty("oldestSealedAt");
  });

  it("takes a foreign issuer first when none is named, and that of the named blob otherwise", () => {
    const log = threeSteps((step) => (step === 1 ? "elsewhere" : "here"));
    const scope = { kind: "issuer", issuer: "elsewhere", through: 5 };
    expect(climbed({}, { log, contract: anyone })).toMatchObject({ rung: 1, count: 1, scope });
    const own = { kind: "issuer", issuer: "here", through: 5 };
    expect(climbed({ item: "rs_0" }, { log, contract: anyone })).toMatchObject({ count: 2, scope: own });
  });

  it("changes the request with every rung that it gives", () => {
    const log = threeSteps();
    const before: Quarantine[] = [];
    for (let next = climbed({ item: "rs_1" }, { log }); next; next = climbed({}, { log, before })) {
      const [was, is] = [projected(log, before), projected(log, [...before, next])];
      expect([is.count, is.bytes, is.sealed]).not.toEqual([was.count, was.bytes, was.sealed]);
      before.push(next);
    }
    expect(before).toHaveLength(3);
  });

  it("has nothing for failures that are not about what is replayed", () => {
    const projection = projected(threeSteps(), []);
    expect(
      climb(new Failure("overloaded", "busy", {}), projection, { upTo: 5, climbed: [] }),
    ).toBeUndefined();
  });
});
