import type { Glance } from "./glance.ts";
import type { RolloutRecord } from "./record.ts";

/** Kinds that Codex stores among the items and never sends: snapshots for undo, and what it sets up anew for each request. */
export const ownKinds: ReadonlySet<string> = new Set([
  "ghost_snapshot",
  "additional_tools",
  "compaction_trigger",
  "configuration_update",
]);

/** Events that the fold has no use for: half of a rollout, recognised by their first bytes. */
const silentKinds: ReadonlySet<string> = new Set([
  "agent_message",
  "agent_reasoning",
  "agent_reasoning_raw_content",
  "agent_reasoning_section_break",
  "user_message",
  "item_completed",
  "item_started",
  "context_compacted",
  "exec_command_begin",
  "exec_command_end",
  "exec_command_output_delta",
  "patch_apply_begin",
  "patch_apply_end",
  "mcp_tool_call_begin",
  "mcp_tool_call_end",
  "web_search_begin",
  "web_search_end",
  "view_image_tool_call",
  "turn_diff",
  "background_event",
]);

/** Types of lines that the fold has no use for. */
export const silentTypes: ReadonlySet<string> = new Set([
  "world_state",
  "state",
  "inter_agent_communication_metadata",
  "dynamic_tools_updated",
  "retained_context",
  "security_risk_score",
  "realtime_item",
]);

/** Whether a skipped line is of a kind that Codex isn't known to write: a later version's, or another program's. */
export const isUnknownKind = (why: string): boolean =>
  !ownKinds.has(why) && !notKinds.has(why) && /^[\w.-]+$/u.test(why);

/** Reasons for skipping a line that aren't its kind. ("message": the system's messages are set up anew for each request.) */
const notKinds: ReadonlySet<string> = new Set([
  "json",
  "nul",
  "not-an-object",
  "git-lfs",
  "too-long",
  "no-type",
  "broken-archive",
  "message",
]);

/** Whether the first bytes of a line tell that the fold has no use for it. */
export const isSilent = ({ type, kind = "" }: Pick<Glance, "type" | "kind">): boolean =>
  silentTypes.has(type) || (type === "event_msg" && silentKinds.has(kind));

const deliveryMark = "codex:code-mode-delivery:v1:";

/**
 * Whether a message only tells what a tool has shown to the person in the model's name. The tool's call says it; Codex writes the message
 * for older versions to show, and sends nothing of it (codex-rs `rollout_payload`, measured with 0.169, 2026-11).
 */
export function isDelivery({ kind, payload, metadata }: RolloutRecord): boolean {
  const marker = metadata?.["delivered_assistant_message"];
  const isMarked = typeof marker === "string" && marker.startsWith(deliveryMark);
  return isMarked && kind === "message" && payload["role"] === "assistant";
}
