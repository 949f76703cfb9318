import type { FailureClass } from "../failure/catalogue.ts";
import type { ItemRecord, Quarantine } from "../session/event.ts";
import { unknownOutcome } from "../replay/pair.ts";

/** What mends a pair that a provider refused: the output that the log lacks, or both halves in words. */
export type PairRepair =
  | { do: "answer"; record: ItemRecord; item: Uint8Array }
  | { do: "in-words"; quarantine: Quarantine };

/**
 * A call that is open in the log gets its output there (failures.md rows 27 and 28). One that is answered, and was sent so, is refused for
 * a reason that nobody can see: the call and its outputs go in words to this issuer, which is the least that changes the request. `undefined` when the error names no call of the window.
 */
export function pairRepair(
  history: {
    readonly items: readonly ItemRecord[];
    /** By sequence number: the calls that nothing has answered. */
    readonly openCalls: { has(seq: number): boolean };
  },
  call: string | undefined,
  refusedBy: string,
  why: FailureClass,
): PairRepair | undefined {
  if (call === undefined) return undefined;
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
