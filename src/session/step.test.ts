import { describe, expect, it } from "vitest";
import { WrittenLog } from "../../test/property/written-log.ts";
import type { LogRecord } from "./event.ts";
import { isConsistent, rewindPoint, type Step, Steps } from "./step.ts";

const usage = { inputTokens: 5, cachedInputTokens: 1, outputTokens: 2, reasoningTokens: 1 };
const call = (id: string): object => ({ type: "function_call", call_id: id, name: "shell", arguments: "{}" });
const output = (id: string): object => ({ type: "function_call_output", call_id: id, output: "done" });
const prompt = { type: "message", role: "user", content: "go" };
const answer = { type: "message", role: "assistant", content: [] };

function twoSteps(): WrittenLog {
  const log = new WrittenLog();
  log.addItem(prompt, { turn: 1, step: 1, origin: "input" });
  log.addItem(call("a"), { turn: 1, step: 1 });
  log.add({ type: "step-ended", turn: 1, step: 1, response: "resp_1", model: "m-1", usage });
  log.addItem(output("a"), { turn: 1, step: 1, origin: "tool" });
  log.addItem(answer, { turn: 1, step: 2 });
  log.add({ type: "step-ended", turn: 1, step: 2, usage });
  return log;
}

function stepsOf(records: readonly LogRecord[]): Step[] {
  const steps = new Steps();
  for (const record of records) steps.take(record);
  return steps.all;
}

describe("steps", () => {
  it("are the responses with the outputs of their calls; inputs start none", () => {
    expect(stepsOf(twoSteps().records)).toEqual([
      { step: 1, turn: 1, fromSeq: 1, toSeq: 3, unanswered: 0, state: "kept" },
      { step: 2, turn: 1, fromSeq: 4, toSeq: 5, unanswered: 0, state: "kept" },
    ]);
  });

  it("that were gone back from are cleared with the others, so that no fork brings them back", () => {
    const log = twoSteps();
    log.add({ type: "history-rewound", toStep: 1, fromSeq: 4 });
    log.add({ type: "history-cleared", scrubbed: false });
    expect(stepsOf(log.records).map(({ state }) => state)).toEqual(["cleared", "cleared"]);
  });

  it("can be gone back to where every call has its output", () => {
    const log = twoSteps();
    log.addItem(call("b"), { turn: 2, step: 3 });
    const steps = stepsOf(log.records);
    expect(steps.map(isConsistent)).toEqual([true, true, false]);
    expect([1, 2, 3, 4].map((step) => rewindPoint(steps, step))).toEqual([4, 6, undefined, undefined]);
  });

  it("give the output to the call of the latest step when call ids repeat", () => {
    const log = twoSteps();
    log.addItem(call("a"), { turn: 2, step: 3 });
    log.addItem(output("a"), { turn: 2, step: 3, origin: "tool" });
    expect(stepsOf(log.records).map(({ toSeq }) => toSeq)).toEqual([3, 5, 7]);
  });

  it("have calls of one id in one response answered one by one", () => {
    const log = new WrittenLog();
    for (const item of [call("a"), call("a")]) log.addItem(item, { turn: 1, step: 1 });
    log.addItem(output("a"), { turn: 1, step: 1, origin: "tool" });
    expect(stepsOf(log.records).map(isConsistent)).toEqual([false]);
    log.addItem(output("a"), { turn: 1, step: 1, origin: "tool" });
    expect(stepsOf(log.records).map(isConsistent)).toEqual([true]);
  });

  it("that left the window say how, and can't be gone back to", () => {
    const log = twoSteps();
    log.add({ type: "history-rewound", toStep: 1, fromSeq: 4 });
    log.addItem(answer, { turn: 2, step: 3 });
    log.add({ type: "history-cleared", scrubbed: false });
    const steps = stepsOf(log.records);
    expect(steps.map(({ state }) => state)).toEqual(["cleared", "cleared", "cleared"]);
    expect(rewindPoint(steps, 1)).toBeUndefined();
  });
});
