import type { Clock } from "../lib/clock.ts";
import type { ToolState } from "../tool.ts";
import { settlementNotice } from "../tool/ledger.ts";
import { areTracesGone, type Calls, readCall, tracesGone } from "./calls.ts";
import type { Journal } from "./journal.ts";
import type { Observe } from "./update.ts";

/**
 * Starts again every call that the log leaves without output, and says of each what that does: run it, follow it, collect it, or answer
 * that its outcome is unknown (R26). Resolves when every output is in the log.
 */
export async function settleCalls(
  journal: Journal,
  calls: Calls,
  observe: Observe,
  clock: Clock,
): Promise<void> {
  try {
    for (const { record, started } of journal.history.openCalls.values()) {
      const item = await journal.log.body(record.body);
      const call = readCall(record, item);
      const tool = calls.toolNamed(call.name);
      const spool = journal.log.spool(record.event.seq);
      const state: ToolState =
        started && tool && areTracesGone(tool, spool)
          ? { state: "unknown", why: tracesGone }
          : ((await tool?.inspect({ spool })) ?? { state: "not-started" });
      const entry = { call, intended: started, tool, state };
      observe({ type: "notice", text: settlementNotice(entry, clock.now()) });
      calls.start(record, item, started);
    }
  } finally {
    await calls.settled();
  }
  await calls.drain();
}
