import type { FailureClass } from "../failure/catalogue.ts";
import type { ItemRecord, Quarantine } from "../session/event.ts";
import { unknownOutcome } from "../replay/pair.ts";

/** What mends a pair that a provider refused: the output that the log lacks, or both halves in words. */
export type PairRepair =
  | { do: "answer"; record: ItemRecord; item: Uint8Array }
  | { do: "in-words"; quarantine: Quarantine };

/**
 * How to mend a refused pair. A call without output in the log gets one there (failures.md rows 27 and 28). A call that has its output,
 * and was sent with it, is refused for an unknown reason: call and outputs are told in words to this issuer, the least change that makes
 * another request. `undefined` when the window has nothing of the call.
 */
export function pairRepair(
  history: {
    readonly items: readonly ItemRecord[];
    /** By sequence number: the calls that nothing has answered. */
    readonly openCalls: { has(seq: number): boolean };
  },
  call: string,
  refusedBy: string,
  why: FailureClass,
): PairRepair | undefined {
  const items = history.items.filter(({ event }) => event.call === call);
  const open = items.find(({ event }) => history.openCalls.has(event.seq));
  if (open) return { do: "answer", record: open, item: unknownOutcome(open.event.kind, call) };
  if (items.length === 0) return undefined;
  const seqs = items.map(({ event }) => event.seq);
  return {
    do: "in-words",
    quarantine: { rung: 0, why, refusedBy, scope: { kind: "notes", seqs }, count: items.length },
  };
}
