import { describe, expect, it } from "vitest";
import { WrittenLog } from "../../test/property/written-log.ts";
import type { EventOf, LogRecord } from "./event.ts";
import { checkpointOf } from "./checkpoint.ts";
import { advance, createHistory, deliveredLimit, type History, resumeFrom } from "./history.ts";
import { summarize } from "./summary.ts";

const settings = { provider: "p", model: "m", instructionsHash: "h", approval: "all" as const };
const created = {
  type: "session-created",
  id: "s",
  schema: 1,
  version: "0",
  workspace: { path: "/w" },
  settings,
} as const;
const message = (text: string): object => ({ type: "message", role: "user", content: text });
const call = { type: "function_call", call_id: "c", name: "shell", arguments: "{}" };
const output = { type: "function_call_output", call_id: "c", output: "done" };

function newLog(): WrittenLog {
  const log = new WrittenLog();
  log.add(created);
  log.add({ type: "turn-started", turn: 1, source: "prompt", preview: "first line" });
  return log;
}

const seqsOf = (log: WrittenLog): number[] => log.history.items.map(({ event }) => event.seq);

describe("the window", () => {
  it("is empty after a clear, and so is what the next owner reads", () => {
    const log = newLog();
    log.addItem(message("one"), { turn: 1, step: 1, origin: "input" });
    log.endTurn();
    log.add({ type: "history-cleared", scrubbed: false });
    expect(seqsOf(log)).toEqual([]);
    expect(checkpointOf(log.history)).toMatchObject({
      fromSeq: 5,
      offset: log.records.at(-1)!.offset,
      cleared: true,
    });
    log.addItem(message("two"), { turn: 2, step: 1, origin: "input" });
    expect(seqsOf(log)).toEqual([5]);
  });

  it("loses after a rewind what came from there on, and keeps what comes later", () => {
    const log = newLog();
    for (const text of ["a", "b", "c"]) log.addItem(message(text), { turn: 1, step: 1, origin: "input" });
    log.add({ type: "history-rewound", toStep: 1, fromSeq: 3 });
    log.addItem(message("d"), { turn: 1, step: 1, origin: "input" });
    expect(seqsOf(log)).toEqual([2, 6]);
  });

  it("begins with the summary after a compaction, and a rewind doesn't reach behind it", () => {
    const log = newLog();
    for (const text of ["a", "b", "c"]) log.addItem(message(text), { turn: 1, step: 1, origin: "input" });
    const summary = new TextEncoder().encode('{"type":"message","role":"user","content":"sum"}');
    log.add({ type: "history-compacted", kind: "message", role: "user", keepFrom: 4 }, summary);
    expect(seqsOf(log)).toEqual([5, 4]);
    log.add({ type: "history-rewound", toStep: 1, fromSeq: 0 });
    expect(seqsOf(log)).toEqual([5]);
  });

  it("gets a new list when items leave it, so that a request in flight keeps its own", () => {
    const log = newLog();
    log.addItem(message("a"), { turn: 1, step: 1, origin: "input" });
    const before = log.history.items;
    log.addItem(message("b"), { turn: 1, step: 1, origin: "input" });
    expect(log.history.items).toBe(before);
    log.add({ type: "history-cleared", scrubbed: false });
    expect(before).toHaveLength(2);
  });
});

describe("a checkpoint", () => {
  it("doesn't grow with turns, steps, rewinds, rotated keys and delivered follow-ups", () => {
    const log = newLog();
    const sizeAfter = (rounds: number): number => {
      for (let round = 0; round < rounds; round++) {
        const seq = log.records.length;
        const followUp = `f${100_000 + seq}`;
        log.add({ type: "turn-started", turn: 2, source: "follow-up", followUp, preview: "p" });
        log.addItem(message("again"), { turn: 2, step: 2, origin: "input", followUp });
        const scope = { kind: "issuer" as const, issuer: "i", through: seq };
        log.add({
          type: "items-quarantined",
          turn: 2,
          rung: 1,
          why: "w",
          refusedBy: "i",
          scope,
          count: 1,
          notice: "n",
        });
        log.add({ type: "history-rewound", toStep: 1, fromSeq: seq + 1 });
      }
      return JSON.stringify(checkpointOf(log.history)).length;
    };
    const early = sizeAfter(deliveredLimit);
    expect(sizeAfter(2_000) - early).toBeLessThan(100);
    expect(log.history.delivered).toHaveLength(deliveredLimit);
  });
});

describe("open calls", () => {
  it("know whether their tool may have run, and are gone once answered", () => {
    const log = newLog();
    const { event } = log.addItem(call, { turn: 1, step: 1 });
    expect([...log.history.openCalls]).toMatchObject([[event.seq, { started: false }]]);
    log.add({
      type: "tool-started",
      turn: 1,
      step: 1,
      callSeq: event.seq,
      call: "c",
      name: "shell",
      replay: "never",
    });
    expect(log.history.openCalls.get(event.seq)?.started).toBe(true);
    log.addItem(output, { turn: 1, step: 1, origin: "tool" });
    expect(log.history.openCalls.size).toBe(0);
  });
});

describe("a log of which lines are missing", () => {
  const withoutTypes = ({ records }: WrittenLog, ...types: string[]): History => {
    const history = createHistory();
    for (const record of records) if (!types.includes(record.event.type)) advance(history, record);
    return history;
  };

  it("brings back nothing that was cleared, if a turn has ended since", () => {
    const log = newLog();
    log.addItem(message("one"), { turn: 1, step: 1, origin: "input" });
    log.endTurn();
    log.add({ type: "history-cleared", scrubbed: false });
    log.addItem(message("two"), { turn: 2, step: 1, origin: "input" });
    log.endTurn();
    const history = withoutTypes(log, "history-cleared");
    expect(history.items.map(({ event }) => event.seq)).toEqual([5]);
    expect(history.fromSeq).toBe(5);
  });

  it("keeps what a summary stands for when the summary is missing, but not what was cleared before", () => {
    const log = newLog();
    log.addItem(message("cleared"), { turn: 1, step: 1, origin: "input" });
    log.add({ type: "history-cleared", scrubbed: false });
    for (const text of ["a", "b"]) log.addItem(message(text), { turn: 1, step: 1, origin: "input" });
    const summary = new TextEncoder().encode('{"type":"message","role":"user","content":"sum"}');
    log.add({ type: "history-compacted", kind: "message", role: "user", keepFrom: 5 }, summary);
    log.endTurn();
    const history = withoutTypes(log, "history-compacted");
    expect(history.items.map(({ event }) => event.seq)).toEqual([4, 5]);
    expect(history).not.toHaveProperty("summarySeq");
  });

  it("runs no call again whose start or output is among them", () => {
    const log = newLog();
    const { event } = log.addItem(call, { turn: 1, step: 1 });
    const place = { turn: 1, step: 1 };
    const started = { callSeq: event.seq, call: "c", name: "shell", replay: "never" } as const;
    log.add({ type: "tool-started", ...place, ...started });
    log.add({ type: "session-renamed", name: "n" });
    expect(withoutTypes(log, "tool-started").openCalls.get(event.seq)?.started).toBe(true);
    log.addItem(output, { ...place, origin: "tool" });
    log.endTurn();
    const isOutput = (record: LogRecord): boolean =>
      record.event.type === "item-added" && record.event.origin === "tool";
    const history = createHistory();
    for (const record of log.records) if (!isOutput(record)) advance(history, record);
    expect(history.openCalls.size).toBe(0);
  });

  it.each([
    ["in the same turn", false],
    ["in a later turn", true],
  ])("leaves a call open whose id another has that is among them and is answered %s", (_, isLater) => {
    const log = newLog();
    const open = log.addItem(call, { turn: 1, step: 1 });
    const lost = log.addItem(call, { turn: 1, step: 2 });
    if (isLater) log.endTurn();
    log.addItem(output, { turn: 1, step: 2, origin: "tool" });
    log.endTurn();
    const history = createHistory();
    for (const record of log.records) if (record !== lost) advance(history, record);
    expect([...log.history.openCalls.keys()]).toEqual([open.event.seq]);
    expect([...history.openCalls.values()]).toEqual([{ record: open, started: true }]);
  });

  it("knows a line that an export could not read as a missing one", () => {
    const log = newLog();
    const { event } = log.addItem(call, { turn: 1, step: 1 });
    log.add({ type: "line-lost" });
    expect(log.history.openCalls.get(event.seq)?.started).toBe(true);
  });
});

describe("a window that is read from the checkpoint on", () => {
  function reopened({ records }: WrittenLog): History {
    const end = records.findLast(({ event }) => event.type === "turn-ended") as LogRecord<
      EventOf<"turn-ended">
    >;
    const { checkpoint } = end.event;
    const history = resumeFrom(end);
    for (const record of records) if (record.offset >= checkpoint.offset) advance(history, record);
    return history;
  }

  it("knows which open calls may have run", () => {
    const log = newLog();
    const { event } = log.addItem(call, { turn: 1, step: 1 });
    log.add({
      type: "tool-started",
      turn: 1,
      step: 1,
      callSeq: event.seq,
      call: "c",
      name: "shell",
      replay: "never",
    });
    log.endTurn();
    expect(reopened(log).openCalls.get(event.seq)?.started).toBe(true);
    expect(reopened(log)).toEqual(log.history);
  });

  it("goes on with what that tool's compaction left, after a turn too, and knows how far it was read", () => {
    const source = {
      format: "codex",
      id: "c",
      path: "/c",
      rollout: "c",
      bytes: 9,
      line: 1,
      check: 2,
      turn: 1,
    } as const;
    const log = newLog();
    const say = (text: string): number =>
      log.addItem(message(text), { turn: 1, step: 1, origin: "input" }).event.seq;
    say("a");
    log.add({ type: "history-rewound", toStep: 1, fromSeq: say("b") });
    log.add({ type: "history-replaced", count: 1 });
    const kept = [say("summary"), say("c")];
    log.add({ type: "session-imported", ...source });
    log.endTurn();
    expect(seqsOf(log)).toEqual(kept);
    expect(log.history.imported).toEqual({ ...source, at: expect.any(Number) });
    expect(reopened(log)).toEqual(log.history);
    log.add({ type: "history-rewound", toStep: 1, fromSeq: kept[1]! });
    log.endTurn();
    expect(seqsOf(log)).toEqual(kept.slice(0, 1));
    expect(reopened(log)).toEqual(log.history);
  });

  it.each([
    { type: "history-replaced", count: 3 },
    { type: "history-cleared", scrubbed: false },
  ] as const)("has after %o nothing of what was said of the items before it", (event) => {
    const log = newLog();
    const say = (text: string): number =>
      log.addItem(message(text), { turn: 1, step: 1, origin: "input" }).event.seq;
    const keepFrom = say("a");
    const summary = new TextEncoder().encode(JSON.stringify(message("sum")));
    log.add({ type: "history-compacted", kind: "message", role: "user", keepFrom }, summary);
    log.add({ type: "history-rewound", toStep: 1, fromSeq: say("b") });
    const { seq } = log.addItem(call, { turn: 1, step: 1 }).event;
    const scope = { kind: "issuer", issuer: "i", through: seq } as const;
    const why = { rung: 1, why: "w", refusedBy: "i", scope, count: 1, notice: "n" };
    log.add({ type: "items-quarantined", turn: 1, ...why });
    const usage = { inputTokens: 90_000, cachedInputTokens: 0, outputTokens: 9, reasoningTokens: 0 };
    const chain = { issuer: "i", model: "m", through: seq, digest: "d" };
    log.add({ type: "step-ended", turn: 1, step: 1, response: "r", usage, chain });
    expect(checkpointOf(log.history)).toMatchObject({
      quarantines: [{}],
      rewound: [[4, 4]],
      openCalls: [seq],
      contextTokens: 90_009,
      summarySeq: 3,
      chain: { response: "r" },
    });
    log.add(event);
    const left = checkpointOf(log.history);
    expect(left).toMatchObject({ quarantines: [], rewound: [], openCalls: [], usage });
    for (const gone of ["contextTokens", "summarySeq", "chain"]) expect(left).not.toHaveProperty(gone);
    const kept = say("kept");
    log.endTurn();
    expect(seqsOf(log)).toEqual([kept]);
    expect(reopened(log)).toEqual(log.history);
  });

  it("keeps what stands between two rewinds", () => {
    const log = newLog();
    const say = (text: string): number =>
      log.addItem(message(text), { turn: 1, step: 1, origin: "input" }).event.seq;
    say("a");
    log.add({ type: "history-rewound", toStep: 1, fromSeq: say("b") });
    say("c");
    log.add({ type: "history-rewound", toStep: 1, fromSeq: say("d") });
    log.endTurn();
    expect(seqsOf(log)).toEqual([2, 5]);
    expect(reopened(log)).toEqual(log.history);
  });
});

describe("the summary of a session", () => {
  it("says how it stands and why it stopped", () => {
    const log = newLog();
    expect(summarize(log.history, 9)).toMatchObject({
      id: "s",
      title: "first line",
      updated: 9,
      status: "interrupted",
      turns: 1,
    });
    const outcome = { kind: "limited", class: "usage-limit", message: "m", until: 77 } as const;
    log.add({ type: "turn-ended", turn: 1, outcome, checkpoint: checkpointOf(log.history) });
    expect(summarize(log.history, 9)).toMatchObject({ status: "limited", reason: "usage-limit", until: 77 });
    log.add({ type: "history-cleared", scrubbed: true });
    expect(summarize(log.history, 9)).toMatchObject({ status: "cleared" });
    expect(summarize(log.history, 9)).not.toHaveProperty("title");
  });
});
