import type { ReplayContract } from "../contract.ts";
import { chat } from "./chat.ts";

/**
 * Gemini, through its Chat Completions (`https://generativelanguage.googleapis.com/v1beta/openai`).
 *
 * - The first call of each step carries its thought signature back, unchanged, or the request is refused: "Function call is missing a
 *   thought_signature in functionCall parts." (failures.md row 19; https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11).
 *   One that another issuer signed ends in "Thought signature is not valid." (row 17) and is cut off.
 * - "the number of function response parts is equal to the number of function call parts" (row 31): all outputs of a step right after it.
 * - A function call comes after a turn of the user or a function response, and the last turn is the user's
 *   (https://ai.google.dev/gemini-api/docs/function-calling, read 2026-11).
 * - A request with inline data has 20 MB at most (https://ai.google.dev/gemini-api/docs/image-understanding, read 2026-11).
 */
export const gemini: ReplayContract = {
  ...chat,
  name: "gemini",
  openLoop: "thought-signatures",
  media: { where: "messages", maxTotalBytes: 14_000_000 },
  maxBytes: 20_000_000,
  ends: "user-at-both-ends",
};
