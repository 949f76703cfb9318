import { valueEnd } from "../../../../lib/json.ts";
import { glance } from "./glance.ts";
import { isThreadId } from "../../home/places.ts";
import { bareKinds, type Era } from "./record.ts";

/** The types that Codex gave its lines (0.34 to 0.169), and that of a bare one beside the items. */
export const recordTypes: ReadonlySet<string> = new Set([
  "session_meta",
  "response_item",
  "event_msg",
  "turn_context",
  "compacted",
  "world_state",
  "token_usage_record",
  "inter_agent_communication",
  "inter_agent_communication_metadata",
  "dynamic_tools_updated",
  "retained_context",
  "realtime_item",
  "security_risk_score",
  "state",
]);

/** The members of a record that tell whose it is. */
interface AskedRecord {
  readonly era: Era;
  readonly type: string;
  readonly kind?: string | undefined;
  readonly payload: { readonly [Name in "id" | "role" | "content" | "call_id"]?: unknown };
}

/**
 * Whether a line is one as Codex writes them. Other programs keep sessions, events and tables in lines of JSON too (Claude Code, `codex exec
 * --json`, hooks, Codex's own history and index): a file that holds nothing else is no rollout, whatever is missing in it.
 */
export function isOfCodex({ era, type, kind = "", payload }: AskedRecord): boolean {
  if (!recordTypes.has(type)) return false;
  if (era !== "bare") return true;
  if (type === "session_meta") return isThreadId(payload["id"]);
  if (type !== "response_item") return type === "state";
  if (kind === "message") return typeof payload["role"] === "string" && Array.isArray(payload["content"]);
  return bareKinds.has(kind) && typeof payload["call_id"] === "string";
}

/** Whether a line that is no record begins with one, as Codex has written them since 0.34. Where it is cut off, nothing is left of it. */
export function beginsWithRecord(line: Buffer): boolean {
  const glanced = glance(line);
  const isBegun = glanced !== undefined && glanced.timeEnd > 0 && recordTypes.has(glanced.type);
  return isBegun && valueEnd(line, 0) !== undefined;
}
