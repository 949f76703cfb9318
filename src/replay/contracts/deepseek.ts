import type { ReplayContract } from "../contract.ts";
import { chat } from "./chat.ts";

/**
 * DeepSeek's Chat Completions (`https://api.deepseek.com`).
 *
 * - In the thinking mode (the default) the `reasoning_content` of an exchange in which a tool was called has to be passed back in every later
 *   request, otherwise 400 "The `reasoning_content` in the thinking mode must be passed back to the API." (failures.md row 20); that of an
 *   exchange without tools is not needed and is ignored (https://api-docs.deepseek.com/guides/thinking_mode, read 2026-11;
 *   github.com/anomalyco/opencode/issues/24722, 2026). So it stays while a tool loop is open and afterwards, and is left out elsewhere.
 * - Text only: its messages have no image parts (https://api-docs.deepseek.com, chat completion, read 2026-11).
 */
export const deepseek: ReplayContract = {
  ...chat,
  name: "deepseek",
  reasoningText: "required",
  media: { where: "nowhere" },
};
