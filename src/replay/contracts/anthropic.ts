import type { ReplayContract } from "../contract.ts";
import { chat } from "./chat.ts";

/**
 * Anthropic Messages (`https://api.anthropic.com`).
 *
 * - Thinking goes back whole, with its signature, as long as the tool loop it belongs to is open; filtered, cut or rebuilt it is refused
 *   (https://platform.claude.com/docs/build-with-claude/thinking-tool-workflows, read 2026-11; failures.md rows 15–18). That of closed turns
 *   may be left out; it is sent as long as nobody refuses it, so that the prompt's beginning stays the same for the cache. Thinking without a
 *   signature, and thinking that somebody else signed, is never sent.
 * - "`tool_use` ids were found without `tool_result` blocks immediately after" (failures.md row 30).
 * - A call id matches `^[a-zA-Z0-9_-]+$` (github.com/maximhq/bifrost/issues/5097, 2026-07) and "`tool_use` ids must be unique"
 *   (github.com/anomalyco/opencode/issues/1279, 2025-07).
 * - "This model does not support assistant message prefill. The conversation must end with a user message."
 *   (github.com/ericc-ch/copilot-api/pull/261, 2026-06); the first message is the user's.
 * - An image has 5 MB at most ("image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes", failures.md row 49) and a request 100 of them
 *   ("Too much media: 0 document pages + 102 images > 100", github.com/anthropics/claude-code/issues/19822, 2026-01).
 * - A request has 32 MB at most (https://platform.claude.com/docs/en/api/errors, read 2026-11); tools and instructions count too, so that the
 *   history gets 30, and images 20 of them.
 * - Messages are the user's or the assistant's.
 */
export const anthropic: ReplayContract = {
  ...chat,
  name: "anthropic",
  sealed: "replay-same-issuer",
  reasoningText: "with-seal",
  callIdLimit: 64,
  openLoop: "thinking-signatures",
  media: { where: "anywhere", maxPartBytes: 5_242_880, maxParts: 100, maxTotalBytes: 20_000_000 },
  maxBytes: 30_000_000,
  roles: { developer: "user", system: "user" },
  ends: "user-at-both-ends",
};
