import type { ReplayContract } from "../contract.ts";
import { openai } from "./openai.ts";

/**
 * Responses on GitHub Copilot (`https://api.githubcopilot.com`, `https://api.business.githubcopilot.com`, …).
 *
 * - Blobs and item ids are bound to the connection on which they were made; replayed on another one they are refused, with code
 *   `invalid_request_body` or `thinking_signature_invalid` or without any (failures.md rows 6 and 7, 2026). So sealed reasoning isn't sent.
 */
export const copilot: ReplayContract = {
  ...openai,
  name: "copilot",
  sealed: "drop",
};
