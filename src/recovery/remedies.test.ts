import { describe, expect, it } from "vitest";
import { sealedBlob, textOf, WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import type { FailureClass, FailureData } from "../failure/catalogue.ts";
import type { ReplayContract } from "../replay/contract.ts";
import { anthropic } from "../replay/contracts/anthropic.ts";
import { azure } from "../replay/contracts/azure.ts";
import { chat } from "../replay/contracts/chat.ts";
import { openai } from "../replay/contracts/openai.ts";
import { xai } from "../replay/contracts/xai.ts";
import { project, type Projection } from "../replay/project.ts";
import { requestInput } from "../replay/request-input.ts";
import type { Quarantine } from "../session/event.ts";
import { climb } from "./ladder.ts";
import { repairNotice } from "./notice.ts";
import { decide } from "./policy.ts";
import { Situation } from "./situation.ts";

const here = "https://here #1";
type Sent = { [key: string]: unknown; type: string };

const words = [{ type: "reasoning_text", text: "I think" }];
const reasoning = (id: string, more: object = {}): object => ({
  type: "reasoning",
  id,
  summary: [],
  encrypted_content: sealedBlob(100, id),
  ...more,
});
const call = (id: string, more: object = {}): object => ({
  type: "function_call",
  id: `fc_${id}`,
  call_id: id,
  name: "t",
  arguments: "{}",
  ...more,
});
const output = (id: string): object => ({ type: "function_call_output", call_id: id, output: `out ${id}` });
const answer = (id: string): object => ({
  type: "message",
  id,
  role: "assistant",
  content: [{ type: "output_text", text: id }],
});
const prompt = (...parts: object[]): object => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text: "go" }, ...parts],
});
const image = { type: "input_image", image_url: "data:image/png;base64,AAAA" };

/** Two turns: in each the user speaks, the model thinks and calls, and in the first it answers. */
function twoTurns(more: object = {}): WrittenLog {
  const log = new WrittenLog();
  for (const turn of [1, 2]) {
    const place = { turn, step: turn, issuer: here };
    log.addItem(prompt(), { turn, step: turn, origin: "input" });
    log.addItem(reasoning(`rs_${turn}`, more), place);
    log.addItem(call(`c${turn}`), place);
    log.addItem(output(`c${turn}`), { turn, step: turn, origin: "tool" });
    if (turn === 1) log.addItem(answer("msg_1"), { ...place, step: 1.5 });
  }
  return log;
}

function projected(
  log: WrittenLog,
  contract: ReplayContract,
  quarantines: readonly Quarantine[] = [],
): Projection {
  return project(contract, { issuer: here, model: "m", quarantines }, log.history.items);
}

function remedy<C extends FailureClass>(
  failureClass: C,
  data: FailureData[C],
  { log = twoTurns(), contract = openai, before = [] as Quarantine[] } = {},
): Quarantine | undefined {
  const failure = new Failure<FailureClass>(failureClass, "refused", data);
  return climb(failure, projected(log, contract, before), { upTo: log.history.lastSeq, climbed: before });
}

function setAside(scope: Quarantine["scope"]): Quarantine {
  return { rung: 0, why: "thinking-signature-rejected", refusedBy: here, scope, count: 1 };
}

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
    const log = twoTurns({ content: words });
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
    const sent = (quarantines: Quarantine[]): number[] =>
      Array.from(projected(given.log, anthropic, quarantines).elements(), ({ record }) => record.event.seq);
    // Of the closed turn nothing comes back.
    expect([sent([asideAll]).includes(6), sent([asideAll, restored]).includes(6)]).toEqual([false, true]);
    expect(sent([asideAll, restored]).includes(1)).toBe(false);
    // Refused again when it was sent again: it goes, and stays gone.
    const again = setAside({ kind: "items", seqs: [6] });
    expect(sent([asideAll, restored, again]).includes(6)).toBe(false);
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
    log.addItem({ type: "reasoning", summary: [], content: words }, { turn: 1, step: 1 });
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
    for (const turn of [1, 2]) log.addItem(prompt(image), { turn, step: turn, origin: "input" });
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
    log.addItem(prompt(image), { turn: 3, step: 3, origin: "input" });
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
    log.addItem(prompt(image), { turn: 3, step: 3, origin: "input" });
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

/** What an upstream that checks one thing after the other says of a request. */
function refusalOf(elements: readonly Sent[], isDead: (blob: unknown) => boolean): Failure | undefined {
  const at = (isMeant: (element: Sent) => boolean): number => elements.findIndex(isMeant);
  const dead = at(({ encrypted_content: blob }) => isDead(blob));
  if (dead >= 0) return new Failure("sealed-reasoning-rejected", "m", { index: dead });
  const long = at(
    ({ type, content }) => type === "reasoning" && Array.isArray(content) && content.length > 0,
  );
  if (long >= 0) return new Failure("reasoning-content-too-long", "m", { index: long });
  const pictured = at((element) => JSON.stringify(element).includes("image/png"));
  if (pictured >= 0) return new Failure("media-invalid", "m", { index: pictured });
  const strange = elements.find(({ type }) => type === "web_search_call");
  if (strange) return new Failure("item-type-unsupported", "m", { kind: strange.type });
  const calls = elements.filter(({ type }) => type === "function_call").map(({ call_id: id }) => id);
  const outputs = elements.filter(({ type }) => type === "function_call_output").map(({ call_id: id }) => id);
  const open = calls.find((id) => !outputs.includes(id));
  return open === undefined ? undefined : new Failure("call-without-output", "m", { call: String(open) });
}

describe("several poisons at once", () => {
  it("heal in one turn, one behind the other, and the good blobs stay in use", async () => {
    const log = new WrittenLog();
    for (const step of [1, 2, 3, 4]) {
      const place = { turn: 1, step, issuer: here };
      log.addItem(reasoning(`rs_${step}`, step === 3 ? { content: words } : {}), place);
      log.addItem(call(`c${step}`), place);
      if (step !== 4) log.addItem(output(`c${step}`), { ...place, origin: "tool" });
    }
    log.addItem({ type: "web_search_call", id: "ws_1" }, { turn: 1, step: 5 });
    log.addItem(prompt(image), { turn: 2, step: 6, origin: "input" });
    const isDead = (blob: unknown): boolean => blob === sealedBlob(100, "rs_2");

    const situation = new Situation();
    const quarantines: Quarantine[] = [];
    let requests = 0;
    for (;;) {
      requests++;
      const projection = projected(log, xai, quarantines);
      const input = await requestInput(projection, log.bodies());
      const refusal = refusalOf(JSON.parse(`[${await textOf(input.chunks())}]`) as Sent[], isDead);
      if (!refusal) break;
      const action = decide(refusal, situation, {
        now: 0,
        random: 0,
        wait: false,
        projection,
        upTo: log.history.lastSeq,
      });
      if (action.do !== "repair") throw new Error(`${refusal.class}: ${action.do}`);
      quarantines.push(action.quarantine);
    }
    expect(requests).toBe(5);
    expect(quarantines.map(({ rung, scope }) => `${rung} ${scope.kind}`)).toEqual([
      "0 items",
      "0 content",
      "0 media",
      "0 item-type",
    ]);
    // Three of four blobs are still sent, and so is everything else; the next turn is one request.
    expect(projected(log, xai, quarantines).sealedSent()).toEqual(new Map([[here, 3]]));
    expect(situation.repairs).toBe(4);
  });

  it("that never end are stopped after six repairs", () => {
    const situation = new Situation();
    const quarantines: Quarantine[] = [];
    const log = twoTurns({ content: words });
    log.addItem(prompt(image), { turn: 3, step: 3, origin: "input" });
    const classes: FailureClass[] = [
      "reasoning-content-too-long",
      "parameter-unsupported",
      "media-invalid",
      "sealed-reasoning-rejected",
      "sealed-reasoning-rejected",
      "sealed-reasoning-rejected",
      "sealed-reasoning-rejected",
    ];
    const done = classes.map((failureClass) => {
      const data = failureClass === "parameter-unsupported" ? { parameter: "store" } : {};
      const projection = projected(log, xai, quarantines);
      const given = { now: 0, random: 0, wait: false, projection, upTo: 20, canRotate: true };
      const action = decide(new Failure<FailureClass>(failureClass, "m", data as never), situation, given);
      if (action.do === "repair") quarantines.push(action.quarantine);
      return action.do;
    });
    expect(done).toEqual(["repair", "repair", "repair", "repair", "repair", "repair", "stop"]);
  });
});
