import { isFailureOf } from "../../../failure.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import { holdersOf } from "../home/holders.ts";
import { readRolloutName } from "../home/places.ts";
import { prepareRepair } from "./prepare.ts";

/** What keeps a reader from what stands in a rollout, or shows it twice. Reasoning, seals and ids are the reader's own concern. */
const only: readonly FindingKind[] = [
  "header-broken",
  "header-missing",
  "byte-order-mark",
  "other-layout",
  "doubled-record",
  "ordinal-regressed",
  "unread-item",
  "lost-message",
  "lost-call",
  "unparsable-line",
  "invalid-utf8",
  "lone-surrogate",
  "untimed-record",
  "torn-tail",
  "nul-tail",
  "call-without-output",
  "output-without-call",
];

/**
 * A copy of a rollout as its repair would leave it, under `home` as of `prepareRepair`. The caller removes it. `undefined` where nothing in
 * it can be mended, a living process writes to it, or a repair of it was cut off.
 */
export async function mendedCopy(
  path: string,
  home: string,
): Promise<{ path: string; remove(): void } | undefined> {
  if (holdersOf([{ path, thread: readRolloutName(path)?.thread }]).has(path)) return undefined;
  try {
    const { folder, mended } = await prepareRepair(path, { home, only, seals: { which: "none" } });
    if (Object.keys(mended).length > 0) return { path: folder.repaired, remove: () => folder.remove() };
    folder.remove();
    return undefined;
  } catch (error) {
    if (isFailureOf(error, "session-damaged", "usage")) return undefined;
    throw error;
  }
}
