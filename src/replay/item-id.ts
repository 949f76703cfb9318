import type { ItemRecord } from "../session/event.ts";

/** Prefixes of the ids that OpenAI gives, by item type (Responses API, 2025-03 to 2026-11). */
const prefixes: Readonly<Record<string, string>> = {
  message: "msg_",
  reasoning: "rs_",
  function_call: "fc_",
  custom_tool_call: "ctc_",
};

/** Whether an item's id has the prefix of its type; types that aren't listed may have any. */
export function hasOwnPrefix({ event: { kind, id = "" } }: ItemRecord): boolean {
  return id.startsWith(prefixes[kind] ?? "");
}
