import { commonKinds } from "../../session/item.ts";
import type { ReplayContract } from "../contract.ts";

/**
 * Chat Completions, as OpenAI defined it and as compatible endpoints serve it.
 *
 * - No reasoning in the history: the wire has no member for it, and strict endpoints refuse unknown ones.
 * - Every `tool_calls` message is followed at once by a tool message for each call: "An assistant message with 'tool_calls' must be followed
 *   by tool messages responding to each 'tool_call_id'." (failures.md row 29; github.com/github/copilot-sdk/issues/1922, 2026: a user
 *   message between two tool messages is refused).
 * - A call id has 40 characters at most: "Invalid 'messages[36].tool_calls[0].id': string too long. Expected a string with maximum length 40"
 *   (github.com/vercel/ai/issues/8132, 2025-08; github.com/anomalyco/opencode/issues/12653, 2026-02). Tool messages name their call by id
 *   alone, so that it has to be the only one of its name.
 * - A tool message carries no image (github.com/github/copilot-sdk/issues/1922); messages of the user do.
 * - `developer` is a role of OpenAI's own newer models only; all know `system` (docs.litellm.ai, "drop_params" and role mapping, 2026).
 */
export const chat: ReplayContract = {
  name: "chat",
  sealed: "drop",
  reasoningText: "drop",
  itemIds: "detach",
  callIdLimit: 40,
  callIds: "word",
  openLoop: "nothing",
  adjacency: "after-step",
  itemTypes: commonKinds,
  media: { where: "messages" },
  roles: { developer: "system" },
  ends: "any",
  chain: "none",
};
