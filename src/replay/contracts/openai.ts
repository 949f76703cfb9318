import type { ReplayContract } from "../contract.ts";

/**
 * OpenAI Responses with `store: false` and `include: ["reasoning.encrypted_content"]`.
 *
 * - Sealed reasoning is to be sent back: the API's reference asks for reasoning items in `input` when the client manages the context,
 *   `encrypted_content` taken from `response.output_item.done` above all with `store: false` (OpenAPI document 2.3.0, `ReasoningItem`, as in
 *   the crate openai-client-base 0.16.0). What can't be opened, or not any more, is refused with `invalid_encrypted_content`
 *   (failures.md rows 1 and 2; github.com/openai/codex/issues/8119, 2025-12).
 * - Reasoning goes without its words: "Invalid 'input[201].content': array too long. Expected an array with maximum length 0"
 *   (failures.md row 14, 2026).
 * - Nothing is persisted, so an item id sent alone is answered with 404 "Items are not persisted when `store` is set to false"
 *   (failures.md row 24), and reasoning without its blob is such an id.
 * - `call_id` and `id` may have 64 characters: "string too long. Expected a string with maximum length 64" (failures.md row 25;
 *   github.com/AnswerDotAI/fastllm/issues/45, 2026-06).
 * - Pairs are matched by call id, wherever the output stands; unknown members of an item are refused, so that other wires' signatures are
 *   cut off.
 */
export const openai: ReplayContract = {
  name: "openai",
  sealed: "replay-same-issuer",
  reasoningText: "drop",
  itemIds: "detach",
  callIdLimit: 64,
  callIds: "any",
  openLoop: "nothing",
  adjacency: "any",
  itemTypes: "any",
  media: { where: "anywhere" },
  roles: {},
  ends: "any",
  chain: "none",
};
