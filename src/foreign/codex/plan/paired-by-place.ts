import { isCallKind } from "../../../session/item.ts";
import type { Unpaired } from "../examine/unpaired.ts";
import { answerKind } from "../rollout/payload/answer.ts";

/** A call and the output that stands where its own would. */
export type PairByPlace = readonly [call: Unpaired, output: Unpaired];

/**
 * Calls and outputs that are each other's by their places: a program has given all of one side other ids. Behind some calls stand as many
 * outputs, of their kinds and in their order, `nearby` lines from one to the next at most.
 */
export function pairedByPlace(halves: readonly Unpaired[], nearby: number): PairByPlace[] {
  const pairs: PairByPlace[] = [];
  let calls: Unpaired[] = [];
  let outputs: Unpaired[] = [];
  const settle = (): void => {
    if (isLikely([...calls, ...outputs], calls.length, nearby))
      pairs.push(...calls.map((call, at) => [call, outputs[at]!] as const));
    [calls, outputs] = [[], []];
  };
  for (const half of halves.toSorted((left, right) => left.index - right.index)) {
    const isCall = isCallKind(half.kind);
    if (isCall && outputs.length > 0) settle();
    (isCall ? calls : outputs).push(half);
  }
  settle();
  return pairs;
}

/** Whether so many calls have each its output among the halves that follow on them. */
function isLikely(halves: readonly Unpaired[], calls: number, nearby: number): boolean {
  if (halves.length !== 2 * calls) return false;
  return halves.every(({ index, kind }, at) => {
    const before = halves[at - 1];
    const isNear = before === undefined || index - before.index <= nearby;
    return isNear && (at < calls || kind === answerKind(halves[at - calls]!.kind));
  });
}
