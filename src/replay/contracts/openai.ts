import type { ReplayContract } from "../contract.ts";

/**
 * OpenAI Responses with `store: false` and `include: ["reasoning.encrypted_content"]`.
 *
 * - Sealed reasoning is to be sent back, so that the model keeps its train of thought across the calls of a turn and across turns
 *   (https://platform.openai.com/docs/guides/reasoning, "Encrypted reasoning items", read 2026-11). What another organisation or backend
 *   sealed is refused with `invalid_encrypted_content` (failures.md rows 1 and 2, 2025–2026).
 * - Nothing is persisted, so an item id sent alone is answered with 404 "Items are not persisted when `store` is set to false"
 *   (failures.md row 24), and reasoning without its blob is such an id.
 * - `call_id` and `id` may have 64 characters: "string too long. Expected a string with maximum length 64" (failures.md row 25).
 */
export const openai: ReplayContract = {
  name: "openai",
  sealed: "replay-same-issuer",
  itemIds: "detach",
  callIdLimit: 64,
};
