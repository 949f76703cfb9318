import type { ReplayContract } from "../contract.ts";
import { openai } from "./openai.ts";

/**
 * A gateway that puts several issuers behind one URL (chosen with `contract = "proxy"` in the configuration).
 *
 * - Who sealed a blob can't be told from the URL, and the next request may reach another issuer: "reasoning `encrypted_content` was not
 *   issued to this caller" (failures.md row 9, 2026). Within a turn such gateways keep to one; so the current turn's reasoning is sent.
 */
export const proxy: ReplayContract = {
  ...openai,
  name: "proxy",
  sealed: { window: 1 },
};
