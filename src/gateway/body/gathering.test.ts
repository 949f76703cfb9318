import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Gathering, Rests } from "./gathering.ts";
import { BodyMemory, segmentBytes } from "./held-body.ts";

/** What was handled and sent, in turn: a run by its text, a send as "|". Rests after each send, as an answer does that goes out. */
function watched(rests?: Rests): { gathering: Gathering; seen: string[]; add: (text: string) => void } {
  const seen: string[] = [];
  const gathering: Gathering = new Gathering(
    new BodyMemory(),
    rests,
    (run) => seen.push(run.toString()),
    () => {
      seen.push("|");
      gathering.rest();
    },
  );
  return { gathering, seen, add: (text) => gathering.add(Buffer.from(text)) };
}

const tick = (): Promise<void> => new Promise((resolve) => void process.nextTick(resolve));

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("the pieces of an answer", () => {
  test("that come with one read are one run", async () => {
    const { seen, add } = watched();
    add("a");
    add("b");
    expect(seen).toEqual([]);
    await tick();
    expect(seen).toEqual(["ab", "|"]);
    add("c");
    await tick();
    expect(seen).toEqual(["ab", "|", "c", "|"]);
  });

  test("of a burst go out together behind the first, and what comes later at once", async () => {
    const { seen, add } = watched(new Rests());
    add("first");
    await tick();
    expect(seen).toEqual(["first", "|"]);
    add("b");
    await tick();
    add("c");
    await tick();
    expect(seen).toEqual(["first", "|"]);
    vi.advanceTimersToNextTimer();
    expect(seen).toEqual(["first", "|", "bc", "|"]);
    vi.advanceTimersToNextTimer();
    add("later");
    await tick();
    expect(seen.slice(4)).toEqual(["later", "|"]);
    vi.advanceTimersToNextTimer();
    expect(seen).toHaveLength(6);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("rest no longer than a few milliseconds, and only where something was sent", async () => {
    const { gathering, seen, add } = watched(new Rests());
    add("held");
    gathering.drain();
    expect(seen).toEqual(["held"]);
    await tick();
    add("sent");
    vi.advanceTimersByTime(4);
    expect(seen).toEqual(["held", "|", "sent", "|"]);
  });

  test("don't wait for the end of a rest where there is no room for more, nor for the answer's end", async () => {
    const { gathering, seen, add } = watched(new Rests());
    add("first");
    await tick();
    const most = "x".repeat(segmentBytes - 1);
    add(most);
    add("yz");
    expect(seen).toEqual(["first", "|", most, "|"]);
    add("w".repeat(segmentBytes + 1));
    expect(seen.slice(4)).toEqual(["yz", "|", "w".repeat(segmentBytes + 1), "|"]);
    add("end");
    gathering.drain();
    expect(seen.slice(8)).toEqual(["end"]);
    vi.advanceTimersToNextTimer();
    expect(seen).toHaveLength(9);
  });

  test("of answers that rest at once share one timer", async () => {
    const rests = new Rests();
    const answers = Array.from({ length: 3 }, () => watched(rests));
    for (const { add } of answers) add("a");
    await tick();
    expect(vi.getTimerCount()).toBe(1);
    for (const { add } of answers) add("b");
    vi.advanceTimersToNextTimer();
    for (const { seen } of answers) expect(seen).toEqual(["a", "|", "b", "|"]);
  });

  test("rest longer while many answers do, and no longer than that", async () => {
    const rests = new Rests();
    const answers = Array.from({ length: 16 }, () => watched(rests));
    const one = answers[0]!;
    for (const { add } of answers) add("a");
    await tick();
    vi.advanceTimersByTime(4);
    for (const { add } of answers) add("b");
    await tick();
    one.add("c");
    vi.advanceTimersByTime(9);
    expect(one.seen).toEqual(["a", "|", "b", "|"]);
    vi.advanceTimersByTime(1);
    expect(one.seen.slice(4)).toEqual(["c", "|"]);
    one.add("d");
    vi.advanceTimersByTime(10);
    one.add("e");
    vi.advanceTimersByTime(4);
    expect(one.seen.slice(6)).toEqual(["d", "|", "e", "|"]);
  });
});
