import { advance, createHistory, resumeFrom } from "../session/history.ts";
import { summarize } from "../session/summary.ts";
import type { Summarize } from "./listing.ts";

/** A session's summary, folded from its log. */
export const summarizeLog: Summarize = async (id, read) => {
  let history = createHistory();
  let updated = 0;
  await read({
    checkpoint: (record, checkpoint) => {
      history = resumeFrom(record, checkpoint);
    },
    record: (record) => {
      advance(history, record);
      updated = Math.max(updated, record.event.at);
    },
  });
  // A folder that somebody copied holds a log of another id, and is found by its own.
  return { ...summarize(history, updated), id };
};
