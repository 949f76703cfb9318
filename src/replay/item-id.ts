import type { SkimmedText } from "../lib/skimmed-text.ts";
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
 * Whether an item is sent with its id, as far as the item alone decides. Where the provider keeps state, it doesn't know the ids that
 * another one made.
 */
export function keepsId(record: ItemRecord, contract: ReplayContract, issuer: string): boolean {
  if (contract.itemIds === "detach") return false;
  if (contract.itemIds === "keep-prefixed") return hasPrefix(record.event.kind, record.event.id ?? "");
  return contract.chain === "none" || !isModelItem(record) || issuerOf(record) === issuer;
}

/** "Expected an ID that contains letters, numbers, underscores, or dashes", "with maximum length 64". */
const longestTaken = 64;

/** Whether OpenAI takes an item of this type with this id. */
export function isTakenId(kind: string, id: SkimmedText): boolean {
  return id.length > 0 && id.length <= longestTaken && id.isWord() && hasPrefix(kind, id);
}

/** Types that aren't listed may have any. */
function hasPrefix(kind: string, id: Pick<SkimmedText, "startsWith">): boolean {
  return id.startsWith(entryOf(prefixes, kind) ?? "");
}
