import type { ReplayContract } from "../contract.ts";
import { openai } from "./openai.ts";

/**
 * OpenAI Responses with `store: true`: the provider keeps each response, for 30 days, and a request names the last one
 * (`previous_response_id`) and sends what came after it (API reference, `POST /responses`, 2025-03 to 2026-11).
 *
 * - A response that isn't there, because it was deleted, is too old, or the organization keeps nothing, is refused with 400
 *   `previous_response_not_found`, "Previous response with id 'resp_…' not found." (failures.md row 43; github.com/maximhq/bifrost/issues/2441,
 *   2026-03); endpoints like it answer 404 "not_found_error" (github.com/digitalocean/gradient-python/issues/96, 2026-05). The whole input is
 *   the way back: sealed reasoning is asked for all the same, so that it has everything.
 * - Ids of items that the provider made are kept: it knows what belongs together by them. In the input that follows a missing response they
 *   are left out, as items are gone with their response: "Item with id 'rs_…' not found." (row 24).
 */
export const openaiStored: ReplayContract = {
  ...openai,
  name: "openai-stored",
  itemIds: "keep",
  chain: "previous-response",
};
