import type { ReplayContract } from "../contract.ts";
import { openai } from "./openai.ts";

/**
 * Responses on xAI (`https://api.x.ai/v1`).
 *
 * - Sealed reasoning is sent back as it came: who stores the history locally passes "the encrypted thinking content" in the next request
 *   (https://docs.x.ai/docs/guides/chat, read 2026-11). Keys rotate, and the error has no code: 400 "Could not decrypt the provided
 *   encrypted_content. Ensure the value is the unmodified encrypted_content from a previous response." (failures.md row 8, 2026).
 * - Its words go with it: the value has to be "the unmodified" one.
 * - Ids are detached: with `store: false` nothing is kept that they could refer to.
 */
export const xai: ReplayContract = {
  ...openai,
  name: "xai",
  reasoningText: "with-seal",
};
