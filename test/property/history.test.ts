import { fc } from "../kit/property.ts";
import { describe, expect, it } from "vitest";
import type { EventOf, LogRecord } from "../../src/session/event.ts";
import { checkpointOf } from "../../src/session/checkpoint.ts";
import { advance, createHistory, type History, resumeFrom } from "../../src/session/history.ts";
import { commands, writeLog } from "./arbitrary-log.ts";

function fold(records: readonly LogRecord[], history: History = createHistory()): History {
  for (const record of records) advance(history, record);
  return history;
}

function isTurnEnd(record: LogRecord): record is LogRecord<EventOf<"turn-ended">> {
  return record.event.type === "turn-ended";
}

/** What a store does with `from: "window"`. */
function foldWindow(records: readonly LogRecord[]): History {
  const end = records.findLast(isTurnEnd);
  if (!end) return fold(records);
  const { checkpoint } = end.event;
  const history = resumeFrom(JSON.parse(JSON.stringify(end)) as typeof end);
  const open = new Set(checkpoint.openCalls);
  const isTold = ({ event, offset, body }: LogRecord): boolean =>
    offset < end.offset && !body && !(event.type === "tool-started" && open.has(event.callSeq));
  return fold(
    records.filter((record) => record.offset >= checkpoint.offset && !isTold(record)),
    history,
  );
}

describe("the fold of a log", () => {
  it("gives the same for a whole log, for the same log again, and for a prefix and then the rest", () => {
    fc.assert(
      fc.property(commands, fc.nat(), (told, cut) => {
        const { records, history } = writeLog(told);
        const at = cut % (records.length + 1);
        expect(fold(records)).toEqual(history);
        expect(fold(records.slice(at), fold(records.slice(0, at)))).toEqual(history);
      }),
    );
  });

  it("gives the same from the last checkpoint on, wherever the log is cut", () => {
    fc.assert(
      fc.property(commands, fc.nat(), (told, cut) => {
        const records = writeLog(told).records.slice(0, 1 + (cut % (told.length + 1)));
        const [whole, window] = [fold(records), foldWindow(records)];
        expect(window).toEqual(whole);
        expect(checkpointOf(window)).toEqual(checkpointOf(whole));
      }),
      { numRuns: 400 },
    );
  });

  it("gives the same window but for lines that were taken out before the end of its last turn", () => {
    fc.assert(
      fc.property(commands, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (told, taken) => {
        const { records } = writeLog(told);
        const all = records.slice(0, records.findLastIndex(isTurnEnd) + 1);
        fc.pre(all.length > 2);
        const gone = new Set(taken.map((nth) => 1 + (nth % (all.length - 2))));
        const [whole, left] = [fold(all), fold(all.filter(({ event }) => !gone.has(event.seq)))];
        // A summary that is lost takes nothing out of the window.
        fc.pre(whole.summarySeq === undefined || !gone.has(whole.summarySeq));
        const kept = (seqs: readonly number[]): number[] => seqs.filter((seq) => !gone.has(seq));
        const itemsOf = ({ items }: History): number[] => items.map(({ event }) => event.seq);
        expect(itemsOf(left)).toEqual(kept(itemsOf(whole)));
        expect([...left.openCalls.keys()]).toEqual(kept([...whole.openCalls.keys()]));
        expect([left.fromSeq, left.rewound, left.settings, left.name, left.delivered]).toEqual([
          whole.fromSeq,
          whole.rewound,
          whole.settings,
          whole.name,
          whole.delivered,
        ]);
      }),
      { numRuns: 400 },
    );
  });
});
