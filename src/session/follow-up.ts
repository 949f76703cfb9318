/** The rules of follow-ups (R31): delivered in the order of their ids, which are UUIDs version 7, and each exactly once. */

/** What is to be done with the follow-ups that lie in a session's inbox. */
export interface Delivery<F> {
  /** To be delivered, in this order, one a turn; the `turn-started` that delivers one carries its id. */
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
