import { quoted } from "../../../lib/words.ts";
import type { Examination } from "../examine/examination.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { type Finding, harmless, needsRepair } from "../findings/finding.ts";
import { editsOf, rounds } from "./rounds.ts";
import type { PlanOptions } from "./plan-options.ts";

/** Kinds of damage whose repair inserts or removes bytes. */
const moving: ReadonlySet<FindingKind> = new Set([
  "call-without-output",
  "output-without-call",
  "lost-message",
  "lost-call",
  "lost-event",
  "untimed-record",
  "unread-item",
  "segment-long",
]);

/**
 * Adapts the findings of a file that another one goes on from. Nothing before that place may move, so some damage can't be repaired
 * there, and another way is named. Ordinals given twice before it do no harm (0.169 doesn't rebuild the index of such a file,
 * 2026-11-21).
 */
export function heldStill(
  findings: readonly Finding[],
  found: Examination,
  options: PlanOptions,
  thread: string | undefined,
): Finding[] {
  const { pin } = options;
  const isConcerned = findings.some(
    (finding) => needsRepair(finding) && (moving.has(finding.kind) || finding.kind === "ordinal-regressed"),
  );
  if (pin === undefined || !isConcerned) return [...findings];
  const planned = new Set<FindingKind>();
  for (const round of rounds) for (const { kind } of editsOf(round, found, options)) planned.add(kind);
  return findings.map((finding) => {
    const { kind } = finding;
    if (kind === "ordinal-regressed" && (found.ordinals.firstWrong?.at ?? Infinity) < pin.offset) {
      const detail = "before the place at which another file goes on from this one, where it does no harm";
      return planned.has(kind) ? finding : harmless(finding, detail);
    }
    if (!moving.has(kind) || !needsRepair(finding) || planned.has(kind)) return finding;
    // Codex shows such a file from its index, which it doesn't rebuild.
    if (kind === "lost-event")
      return harmless(finding, "before the place at which another file goes on from this one");
    return {
      ...finding,
      mends: `no repair: nothing in the file may move, as another one goes on from byte ${pin.offset} of it, and there is no room in between. To go on with all that can be read: throughline resume ${quoted(thread ?? options.path)}`,
    };
  });
}
