/** How every stream of events begins, whatever its headers say: some servers name no type, or that of a text. */
const streamBeginning = /^(?:\xEF\xBB\xBF)?\s*(?:event|data|id|retry)?:/u;
/** How many bytes of the beginning are enough to see that. */
export const beginningBytes = 16;

/** Whether bytes begin like a stream of events. */
export const looksLikeStream = (start: Buffer): boolean =>
  streamBeginning.test(start.toString("latin1", 0, beginningBytes));
