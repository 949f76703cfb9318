import type { ModelOutput } from "./model.ts";

/** About what the APIs count: 4 bytes a token. */
export const tokens = (bytes: number): number => Math.ceil(bytes / 4);

/** The tokens of what the model says: of its reasoning, and of all else. */
export function outputTokens(outputs: readonly ModelOutput[]): { reasoning: number; visible: number } {
  const counts = { reasoning: 0, visible: 0 };
  for (const output of outputs) {
    const count = tokens(Buffer.byteLength("text" in output ? output.text : output.input));
    counts[output.type === "reasoning" ? "reasoning" : "visible"] += count;
  }
  return counts;
}
