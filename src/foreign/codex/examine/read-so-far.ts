import type { ReadSoFar } from "../home/misfits.ts";
import type { Examination } from "./examination.ts";

/** The facts of a rollout that are compared with Codex's index. */
export function readSoFar({
  bytes,
  ordinals,
  turns,
}: Pick<Examination, "bytes" | "ordinals" | "turns">): ReadSoFar {
  const isInOrder = ordinals.missing.count + ordinals.regressed + ordinals.unnumbered === 0;
  return { bytes, nextOrdinal: isInOrder ? ordinals.next : undefined, firstTurn: turns.firstOwn };
}
