import type { ReplayContract } from "../contract.ts";

/**
 * Responses on Azure OpenAI and Azure AI Foundry.
 *
 * - Sealed reasoning is bound to the deployment and its region: another one answers `invalid_encrypted_content`
 *   (failures.md rows 1 and 2; github.com/anomalyco/opencode/issues/29879, 2026-06: a load balancer that changed the region), and a mixture
 *   "Conflicting authenticated continuation identities." (row 10). The issuer therefore names the deployment.
 * - Items refer to one another by id: a call whose reasoning is missing is refused with "was provided without its required 'reasoning'
 *   item" (failures.md row 22). Ids are kept, and go together with the reasoning that they depend on.
 */
export const azure: ReplayContract = {
  name: "azure",
  sealed: "replay-same-issuer",
  itemIds: "keep",
  callIdLimit: 64,
};
