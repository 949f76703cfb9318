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
  const history = resumeFrom(end, JSON.parse(JSON.stringify(checkpoint)) as typeof checkpoint);
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
});
