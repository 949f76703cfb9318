/**
 * The rules of follow-ups (R31): delivered in the order of their ids, which are UUIDs version 7, and each exactly once. The order holds
 * within a mode: a message that steers the running turn overtakes those that wait for a turn of their own.
 */

/** "followup": a turn of its own. "steer": taken into the running turn at its next step boundary, or a turn when none runs. */
export type FollowUpMode = "followup" | "steer";

/** How often a delivery is begun before it counts as one that can't be made. */
export const deliveryLimit = 3;

/** The longest text that the Responses API takes ("string_above_max_length", 2026-11), in characters. */
export const longestText = 10_485_760;

/** What is to be done with the follow-ups that lie in a session's inbox. */
export interface Delivery<F> {
  /** To be delivered, in this order; the `item-added` that delivers one carries its id. */
  due: F[];
  /** Delivered already, by an owner that died before it could take them away: to be removed, never to be delivered. */
  done: F[];
}

/** Sorts out the inbox by the ids that the log remembers as delivered (`History.delivered`). */
export function sortInbox<F extends { readonly id: string }>(
  inbox: readonly F[],
  delivered: readonly string[],
): Delivery<F> {
  const known = new Set(delivered);
  const unique = new Map(inbox.map((followUp) => [followUp.id, followUp]));
  const inOrder = [...unique.values()].sort((left, right) =>
    left.id < right.id ? -1 : left.id > right.id ? 1 : 0,
  );
  return {
    due: inOrder.filter(({ id }) => !known.has(id)),
    done: inOrder.filter(({ id }) => known.has(id)),
  };
}

/** Why a follow-up will never be delivered, in words for the person; `undefined` for one that can be. */
export function undeliverable({ text, begun }: { text: string; begun: number }): string | undefined {
  if (text.trim() === "") return "its text is empty, which no provider takes";
  if (text.length > longestText)
    return `it has ${text.length} characters, and providers take at most ${longestText}`;
  if (begun >= deliveryLimit) return `its delivery was begun ${begun} times and never finished`;
  return undefined;
}
