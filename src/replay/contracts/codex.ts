import type { ReplayContract } from "../contract.ts";
import { openai } from "./openai.ts";

/**
 * The ChatGPT backend that Codex signs in to (`https://chatgpt.com/backend-api/codex`).
 *
 * - It opens only what it sealed itself; reasoning that another backend sealed ends in `invalid_encrypted_content`, or in a disguise
 *   without code ("Unsupported content type", `token_expired`; failures.md rows 1, 3, 11 and 12, 2026).
 * - `store` is always false there, so ids are detached as with the API.
 */
export const codex: ReplayContract = {
  ...openai,
  name: "codex",
};
