import type { ReplayContract } from "../contract.ts";
import { openai } from "./openai.ts";

/**
 * Responses on Azure OpenAI and Azure AI Foundry.
 *
 * - Sealed reasoning is bound to the deployment and its region: another one answers `invalid_encrypted_content`
 *   (failures.md rows 1 and 2; github.com/anomalyco/opencode/issues/29879, 2026-06: a load balancer that changed the region), and a mixture
 *   "Conflicting authenticated continuation identities." (row 10). The issuer therefore names the deployment.
 * - Items refer to one another by id: a call whose reasoning is missing is refused with "was provided without its required 'reasoning'
 *   item" (failures.md row 22). Ids are kept, and go together with the reasoning that they depend on. One that another backend made is
 *   refused for its prefix ("[invalid_id_prefix] … Expected … 'ctc'", row 25), so that only those with their type's prefix are sent.
 * - Models that don't reason with sealed content refuse to be asked for it: 400 with param `include`, "Encrypted content is not supported
 *   with this model." (github.com/earendil-works/pi/issues/6228, 2026-07; github.com/microsoft/amplifier/issues/199, 2026-01). That is
 *   known of the model only once it has refused; the parameter is then left out (rung 2).
 */
export const azure: ReplayContract = {
  ...openai,
  name: "azure",
  itemIds: "keep-prefixed",
};
