import { entryOf } from "../lib/table.ts";
import type { ItemRecord } from "../session/event.ts";
import type { ReplayContract } from "./contract.ts";
import { isModelItem } from "./likeness.ts";
import { issuerOf } from "./seal.ts";

/** Prefixes of the ids that OpenAI gives, by item type (Responses API, 2025-03 to 2026-11). */
const prefixes: Readonly<Record<string, string>> = {
  message: "msg_",
  reasoning: "rs_",
  function_call: "fc_",
  custom_tool_call: "ctc_",
};

/**
 * Whether an item goes with its id, as far as that depends on the item alone. Where the provider keeps the state, an id that another one made
 * is one that it doesn't know.
 */
export function keepsId(record: ItemRecord, contract: ReplayContract, issuer: string): boolean {
  if (contract.itemIds === "detach") return false;
  if (contract.itemIds === "keep-prefixed") return hasOwnPrefix(record);
  return contract.chain === "none" || !isModelItem(record) || issuerOf(record) === issuer;
}

/** Whether an item's id has the prefix of its type; types that aren't listed may have any. */
function hasOwnPrefix({ event: { kind, id = "" } }: ItemRecord): boolean {
  return id.startsWith(entryOf(prefixes, kind) ?? "");
}
