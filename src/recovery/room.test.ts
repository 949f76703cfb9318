import { describe, expect, it } from "vitest";
import { WrittenLog } from "../../test/property/written-log.ts";
import { Failure } from "../failure.ts";
import { openai } from "../replay/contracts/openai.ts";
import { project } from "../replay/project.ts";
import { outputItem } from "../session/item.ts";
import { decide } from "./policy.ts";
import { compactionNotice, contextTokens, shadowNotice, trimNotice, trimOutputs } from "./room.ts";
import { Situation } from "./situation.ts";

const usage = { inputTokens: 900, cachedInputTokens: 0, outputTokens: 100, reasoningTokens: 0 };

/** One step whose tool answered with so many characters. */
function answered(length: number): WrittenLog {
  const log = new WrittenLog();
  const place = { turn: 1, step: 1 };
  log.addItem({ type: "message", role: "user", content: "x".repeat(4_000) }, { ...place, origin: "input" });
  log.addItem({ type: "function_call", call_id: "c", name: "t", arguments: "{}" }, place);
  log.addItem(outputItem("function_call", "c", "o".repeat(length)), { ...place, origin: "tool" });
  log.add({ type: "step-ended", ...place, usage });
  return log;
}

describe("the tokens of the next request", () => {
  it("are those of the last response and what came after it", () => {
    const { history } = answered(4_000);
    const size = history.items.at(-1)!.body.length;
    expect(contextTokens(history, 1)).toBe(1_000 + Math.ceil(size / 4));
  });

  it("are not those of what earlier steps did, which the last response counted", () => {
    const log = answered(4_000);
    const before = contextTokens(log.history, 1);
    const place = { turn: 1, step: 2 };
    log.addItem({ type: "function_call", call_id: "d", name: "t", arguments: "{}" }, place);
    log.addItem(outputItem("function_call", "d", "done"), { ...place, origin: "tool" });
    log.add({ type: "step-ended", ...place, usage });
    const size = log.history.items.at(-1)!.body.length;
    expect(contextTokens(log.history, 1)).toBe(1_000 + Math.ceil(size / 4));
    expect(before).toBeGreaterThan(1_900);
  });

  it("are counted by the bytes when the window was changed since", () => {
    const log = answered(4_000);
    const summary = new TextEncoder().encode('{"type":"message","role":"user","content":"s"}');
    log.add({ type: "history-compacted", kind: "message", role: "user", keepFrom: 1 }, summary);
    expect(contextTokens(log.history, 4_000)).toBe(1_000);
  });
});

describe("a request that is too long", () => {
  const overflow = new Failure("context-overflow", "m", {});
  const next = (situation: Situation, log = new WrittenLog()) =>
    decide(overflow, situation, {
      now: 0,
      random: 0.5,
      wait: false,
      projection: project(openai, { issuer: "here", quarantines: [] }, log.history.items),
      upTo: 0,
      canRotate: true,
    });

  it("is summarised, then shortened twice, and never sent again unchanged", () => {
    const situation = new Situation();
    expect([1, 2, 3, 4].map(() => next(situation))).toEqual([
      { do: "compact", how: "summarise" },
      { do: "compact", how: "trim" },
      { do: "compact", how: "trim" },
      { do: "stop", class: "context-overflow" },
    ]);
  });

  it("goes on in a successor, once, where leaving out what is sealed makes it shorter", () => {
    const log = new WrittenLog();
    const place = { turn: 1, step: 1, issuer: "here" };
    log.addItem({ type: "reasoning", summary: [], encrypted_content: `gAAAAA${"b".repeat(134)}` }, place);
    log.addItem({ type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] }, place);
    const situation = new Situation();
    const done = [1, 2, 3, 4, 5].map(() => next(situation, log).do);
    expect(done).toEqual(["compact", "compact", "compact", "rotate", "stop"]);
  });

  it("is summarised again when a step has succeeded, or when the summary could not be tried", () => {
    const situation = new Situation();
    next(situation);
    situation.progressed();
    expect(next(situation)).toEqual({ do: "compact", how: "summarise" });
    situation.forgetOverflow();
    expect(next(situation)).toEqual({ do: "compact", how: "summarise" });
  });
});

describe("outputs that are shortened", () => {
  it("lose half of the window at least, and three quarters of themselves the next time", () => {
    const log = answered(100_000);
    const small = { issuer: "here", model: "small" };
    const first = trimOutputs(log.history, small);
    expect(first).toMatchObject({
      count: 1,
      refusedBy: "here",
      scope: { kind: "outputs", keepBytes: 16_384, model: "small" },
    });
    log.add({ type: "items-quarantined", turn: 1, ...first!, notice: "n" });
    expect(trimOutputs(log.history, small)).toMatchObject({ scope: { keepBytes: 4_096 } });
    // Another issuer has not refused anything, and nor has another model, whose window may be larger.
    for (const other of [
      { issuer: "elsewhere", model: "small" },
      { issuer: "here", model: "large" },
    ])
      expect(trimOutputs(log.history, other)).toMatchObject({ scope: { keepBytes: 16_384 } });
  });

  it("are the shorter for the messages beside them, which nothing shortens", () => {
    const log = new WrittenLog();
    const place = { turn: 1, step: 1 };
    log.addItem(
      { type: "message", role: "user", content: "x".repeat(100_000) },
      { ...place, origin: "input" },
    );
    for (const call of ["a", "b", "c"]) {
      log.addItem({ type: "function_call", call_id: call, name: "t", arguments: "{}" }, place);
      log.addItem(outputItem("function_call", call, "o".repeat(100_000)), { ...place, origin: "tool" });
    }
    const [issuer, model] = ["here", "small"];
    const first = trimOutputs(log.history, { issuer, model });
    expect(first).toMatchObject({ count: 3, scope: { keepBytes: 16_384 } });
    log.add({ type: "items-quarantined", turn: 1, ...first!, notice: "n" });
    expect(trimOutputs(log.history, { issuer, model })).toMatchObject({
      count: 3,
      scope: { keepBytes: 256 },
    });
  });

  it("are told with their number and size, and that the log keeps them", () => {
    const trim = trimOutputs(answered(100_000).history, { issuer: "here", model: "small" })!;
    expect(trimNotice(trim)).toBe(
      "the context was still full; 1 tool output shortened to about 16,384 bytes each in requests; the log keeps them whole",
    );
  });

  it("are none where all are short", () => {
    expect(trimOutputs(answered(300).history, { issuer: "here", model: "small" })).toBeUndefined();
  });
});

describe("the line for a compaction", () => {
  const facts = { tokensBefore: 212_000, summarised: 180, summaryTokens: 1_200, kept: 12 };

  it("says why, what became of what, and that nothing is lost", () => {
    expect(compactionNotice({ why: "overflowed", ...facts })).toBe(
      "the context was full (about 212,000 tokens); 180 items summarised in about 1,200 tokens; the last 12 items kept whole; the log keeps everything",
    );
  });

  it.each([
    [{ why: "full" }, "the context was nearly full (about 212,000 tokens); 180 items"],
    [{ why: "asked", summarised: 1 }, "as asked (about 212,000 tokens); 1 item summarised"],
    [{ kept: 1 }, "about 1,200 tokens; the last item kept whole; the log keeps everything"],
  ] as const)("says so of %j", (given, words) => {
    expect(compactionNotice({ why: "overflowed", ...facts, ...given })).toContain(words);
  });
});

describe("the line for a compaction that can't be opened", () => {
  it("says what stands in its place, or that nothing does", () => {
    expect(shadowNotice(12)).toBe(
      "a compaction that another provider or account sealed can't be opened here; 12 visible items of the log stand in its place as text",
    );
    expect(shadowNotice(0)).toContain(
      "nothing visible stands before it in the log; a note says so in its place",
    );
  });
});
