import { describe, expect, it } from "vitest";
import { answer, call, output, prompt, reasoning, thoughts } from "../../test/kit/items.ts";
import { here } from "../../test/kit/projected.ts";
import { image, projected, remedy, twoTurns } from "../../test/kit/remedies.ts";
import { sealedBlob, WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import type { FailureClass, FailureData } from "../failure/catalogue.ts";
import type { ReplayContract } from "../replay/contract.ts";
import { azure } from "../replay/contracts/azure.ts";
import { chat } from "../replay/contracts/chat.ts";
import { openai } from "../replay/contracts/openai.ts";
import { xai } from "../replay/contracts/xai.ts";
import type { Quarantine } from "../session/event.ts";
import { repairNotice } from "./notice.ts";

/** Every remedy until none is left. */
function all<C extends FailureClass>(
  failureClass: C,
  data: FailureData[C],
  given: { log?: WrittenLog; contract?: ReplayContract } = {},
): string[] {
  const before: Quarantine[] = [];
  for (let next = remedy(failureClass, data, { ...given, before }); next;) {
    before.push(next);
    expect(repairNotice(new Failure<FailureClass>(failureClass, "m", data), next, 0)).toMatch(
      /^[^\n]{20,400}$/u,
    );
    next = remedy(failureClass, data, { ...given, before });
    if (before.length > 9) throw new Error("it never ends");
  }
  return before.map(({ rung, scope }) => `${rung} ${scope.kind}`);
}

describe("the first remedy of", () => {
  it("content that is too long: all reasoning goes without its words, and keeps its seal", () => {
    const log = twoTurns({ content: thoughts });
    expect(remedy("reasoning-content-too-long", { index: 1 }, { log, contract: xai })).toMatchObject({
      rung: 0,
      scope: { kind: "content", seqs: [1, 6] },
    });
    const unknown = twoTurns();
    expect(remedy("reasoning-content-too-long", { index: 1 }, { log: unknown, contract: xai })).toMatchObject(
      {
        scope: { kind: "content", seqs: [1] },
      },
    );
  });

  it("a sealed compaction: that one, and no reasoning, whether the error names it or nothing", () => {
    const log = twoTurns();
    log.addItem(
      { type: "compaction", id: "cmp_1", encrypted_content: sealedBlob(100, "cmp_1") },
      { turn: 2, step: 3, issuer: here },
    );
    for (const data of [{ item: "cmp_1" }, {}])
      expect(remedy("sealed-compaction-rejected", data, { log })).toMatchObject({
        rung: 0,
        scope: { kind: "items", seqs: [9] },
      });
    expect(remedy("sealed-compaction-rejected", {})?.scope.kind).toBe("issuer");
  });

  it("a response that isn't there: the whole input once, and always after a second miss", () => {
    const contract: ReplayContract = { ...openai, chain: "previous-response" };
    const first = remedy("chain-missing", {}, { contract });
    expect(first?.scope).toEqual({ kind: "chain", through: 8 });
    expect(remedy("chain-missing", {}, { contract, before: [first!] })?.scope).toEqual({ kind: "chain" });
    expect(remedy("chain-missing", {})).toBeUndefined();
  });

  it("a thought signature that is missing: the stored ones are sent", () => {
    const log = new WrittenLog();
    log.addItem(call("a", { thought_signature: "s" }), { turn: 1, step: 1, issuer: here });
    expect(remedy("thought-signature-missing", {}, { log, contract: chat })?.scope.kind).toBe(
      "thought-signatures",
    );
    expect(remedy("thought-signature-missing", {}, { contract: chat })?.scope.kind).toBe("transcript");
  });

  it("reasoning that is required: the stored words are sent", () => {
    const log = new WrittenLog();
    log.addItem({ type: "reasoning", summary: [], content: thoughts }, { turn: 1, step: 1 });
    log.addItem(call("a"), { turn: 1, step: 1 });
    expect(remedy("reasoning-required", {}, { log, contract: chat })?.scope.kind).toBe("reasoning-text");
  });

  it("unpaired reasoning: that item; and where it is an item that misses its reasoning, the ids", () => {
    expect(remedy("reasoning-unpaired", { item: "rs_2" })).toMatchObject({
      scope: { kind: "items", seqs: [6] },
    });
    const dependent = { item: "fc_c1", dependsOn: "rs_1" };
    expect(remedy("reasoning-unpaired", dependent, { contract: azure })?.scope.kind).toBe("item-ids");
  });

  it("a duplicate: all but the first", () => {
    const log = new WrittenLog();
    for (const step of [1, 2, 3]) {
      log.addItem(reasoning("rs_1"), { turn: 1, step, issuer: here });
      log.addItem(answer(`msg_${step}`), { turn: 1, step });
    }
    const other = new WrittenLog();
    for (const step of [1, 2]) log.addItem(answer("msg_9"), { turn: 2, step });
    expect(remedy("duplicate-item", { item: "rs_1" }, { log: other })).toBeUndefined();
    const quarantine = remedy("duplicate-item", { item: "msg_9" }, { log });
    expect(quarantine?.scope).toEqual({ kind: "items", seqs: [7] });
    const copied = twoTurns();
    copied.addItem(reasoning("rs_3", { encrypted_content: sealedBlob(100, "rs_1") }), {
      turn: 2,
      step: 3,
      issuer: here,
    });
    copied.addItem(answer("msg_2"), { turn: 2, step: 3 });
    const ofBlob = remedy("duplicate-item", { item: "rs_1" }, { log: copied });
    expect(ofBlob?.scope, "the same blob under another id").toEqual({ kind: "items", seqs: [9] });
  });

  it("an item that wasn't kept: ids are detached, and then the reasoning it names goes", () => {
    expect(all("item-not-persisted", { item: "rs_1" }, { contract: azure }).slice(0, 2)).toEqual([
      "3 item-ids",
      "0 items",
    ]);
  });

  it("an invalid id: item ids, and then call ids on calls and outputs alike", () => {
    const log = twoTurns();
    log.addItem(call(`c${"x".repeat(60)}`), { turn: 2, step: 3, issuer: here });
    expect(all("item-id-invalid", { index: 1 }, { log, contract: azure }).slice(0, 2)).toEqual([
      "3 item-ids",
      "3 call-ids",
    ]);
  });

  it("an unknown item type: items of that type, or of an unusual one when none is named, in words", () => {
    const log = twoTurns();
    log.addItem({ type: "web_search_call", id: "ws_1" }, { turn: 2, step: 3 });
    for (const data of [{ kind: "web_search_call" }, {}])
      expect(remedy("item-type-unsupported", data, { log })).toMatchObject({
        scope: { kind: "item-type", itemType: "web_search_call" },
        count: 1,
      });
    expect(remedy("item-type-unsupported", { kind: "function_call" }, { log })?.count).toBe(2);
    // The place is enough, and says more than that a type is unusual.
    expect(remedy("item-type-unsupported", { index: 1 }, { log })?.scope).toMatchObject({
      itemType: "reasoning",
    });
    // Every provider knows messages: where one is named, something else is meant.
    expect(remedy("item-type-unsupported", { index: 0 }, { log })?.scope).toMatchObject({
      itemType: "web_search_call",
    });
  });

  it("an item type that nothing names: what is sealed goes before everything but words does", () => {
    const log = twoTurns();
    log.addItem({ type: "web_search_call", id: "ws_1" }, { turn: 2, step: 3 });
    expect(all("item-type-unsupported", {}, { log })).toEqual(["0 item-type", "1 issuer", "5 transcript"]);
    expect(all("item-type-unsupported", { kind: "compaction_trigger" }, { log })).toEqual([
      "0 item-type",
      "5 transcript",
    ]);
  });

  it("call ids that are too long: hashed to the length that the error names, then to those that wires ask for", () => {
    const log = new WrittenLog();
    log.addItem(prompt(), { turn: 1, step: 1, origin: "input" });
    log.addItem(call("call_0123456789_0123456789"), { turn: 1, step: 1, issuer: here });
    log.addItem(output("call_0123456789_0123456789"), { turn: 1, step: 1, origin: "tool" });
    const before: Quarantine[] = [];
    for (const limit of [16, 9]) {
      const made = remedy("item-id-invalid", { limit: 16 }, { log, before });
      expect(made?.scope).toEqual({ kind: "call-ids", limit });
      before.push(made!);
    }
    expect(all("item-id-invalid", {}, { log })).toEqual(["3 call-ids", "5 transcript"]);
  });

  it("an invalid image: that of the item it names, then all", () => {
    const log = new WrittenLog();
    for (const turn of [1, 2]) log.addItem(prompt("go", image), { turn, step: turn, origin: "input" });
    expect(remedy("media-invalid", { index: 1 }, { log })?.scope).toMatchObject({ kind: "media", seqs: [1] });
    expect(all("media-invalid", { index: 1 }, { log })).toEqual(["0 media", "4 media"]);
    expect(all("media-invalid", {}, { log })).toEqual(["4 media"]);
  });

  it("an item that can't be read: that item in words, a call with its output", () => {
    const log = twoTurns();
    const index = [...projected(log, openai).elements()].findIndex(
      ({ record }) => record.event.call === "c1",
    );
    const quarantine = remedy("request-malformed", { index });
    expect(quarantine?.scope).toEqual({ kind: "notes", seqs: [2, 3] });
    expect(remedy("request-malformed", { index: 0 })?.scope).toEqual({ kind: "notes", seqs: [0] });
    expect(remedy("tool-arguments-invalid", { call: "c1" })?.scope).toEqual({ kind: "notes", seqs: [2, 3] });
  });

  it("a parameter: it is left out for this model, once, where a request can go without it", () => {
    const effort = { parameter: "reasoning.effort" };
    expect(all("parameter-unsupported", effort)).toEqual(["0 parameter"]);
    expect(remedy("parameter-unsupported", effort)?.scope).toEqual({
      kind: "parameter",
      parameter: "reasoning.effort",
      model: "m",
    });
    expect(remedy("parameter-unsupported", effort)?.count, "nothing sealed goes with it").toBe(0);
    for (const parameter of ["input", "input[3].phase", "tools", "text.format", "conversation.id", ""])
      expect(remedy("parameter-unsupported", { parameter }), parameter).toBeUndefined();
    for (const parameter of [
      "tools[web_search]",
      "tools[!function]",
      "tools[].strict",
      "text.verbosity",
      "messages.reasoning_content",
    ])
      expect(remedy("parameter-unsupported", { parameter })?.scope).toMatchObject({ parameter });
    expect(remedy("parameter-unsupported", {})).toBeUndefined();
  });

  it("`include`: no sealed reasoning is asked for or sent to this model (rung 2)", () => {
    for (const parameter of ["include", "include[0]"]) {
      const quarantine = remedy("parameter-unsupported", { parameter })!;
      expect(quarantine).toMatchObject({ rung: 2, scope: { parameter: "include", model: "m" }, count: 2 });
      const next = projected(twoTurns(), openai, [quarantine]);
      expect([next.sealed, next.sealedSent().size]).toEqual([false, 0]);
    }
  });
});

describe("the rungs after it", () => {
  it("lose more and more, and end with a plain transcript", () => {
    const log = twoTurns();
    log.addItem(prompt("go", image), { turn: 3, step: 3, origin: "input" });
    expect(all("sealed-reasoning-rejected", {}, { log })).toEqual([
      "1 issuer",
      "2 sealed",
      "4 media",
      "5 transcript",
    ]);
    expect(all("call-without-output", {})).toEqual(["5 transcript"]);
  });

  it("count what they change, and nothing else of the request", () => {
    const log = twoTurns();
    log.addItem(prompt("go", image), { turn: 3, step: 3, origin: "input" });
    const long = "c".repeat(50);
    log.addItem(call(long), { turn: 3, step: 3, issuer: here });
    log.addItem(output(long), { turn: 3, step: 3, origin: "tool" });
    const count = (
      failureClass: FailureClass,
      contract: ReplayContract,
      kind: string,
    ): number | undefined => {
      const before: Quarantine[] = [];
      for (;;) {
        const next = remedy(failureClass, {} as never, { log, contract, before });
        if (!next || next.scope.kind === kind) return next?.count;
        before.push(next);
        if (before.length > 9) throw new Error("it never ends");
      }
    };
    expect(count("item-id-invalid", azure, "item-ids"), "reasoning, calls and an answer").toBe(6);
    expect(count("item-id-invalid", azure, "call-ids"), "calls and outputs").toBe(6);
    expect(count("media-invalid", openai, "media")).toBe(1);
    expect(count("call-without-output", openai, "transcript"), "reasoning, calls and outputs").toBe(8);
  });

  it("are passed over where they wouldn't change the request", () => {
    const log = new WrittenLog();
    log.addItem(prompt(), { turn: 1, step: 1, origin: "input" });
    const classes: FailureClass[] = [
      "media-invalid",
      "item-id-invalid",
      "request-malformed",
      "call-without-output",
    ];
    for (const failureClass of classes) expect(all(failureClass, {} as never, { log })).toEqual([]);
    expect(all("sealed-reasoning-rejected", {}, { log })).toEqual(["2 sealed"]);
  });
});
