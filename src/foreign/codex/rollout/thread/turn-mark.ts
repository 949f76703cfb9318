import { isJsonObject, type JsonObject } from "../../../../lib/json.ts";
import { isOfAgents } from "../payload/agent-message.ts";
import { promptOf } from "../payload/prompt.ts";

/**
 * What an item of a thread's history means to a rollback. A string: the prompt that begins a turn ("" for another agent's message, which
 * begins one too). `null`: what Codex told the model about the turn that follows, which goes with that turn. `undefined`: all other
 * items.
 */
export type TurnMark = string | null | undefined;

/** How developer messages begin that tell what holds from the next turn on (0.169 takes each of them back, 2026-11). */
const tags = [
  "permissions instructions",
  "model_switch",
  "managed_developer_instructions",
  "persistent_mode",
  "apps_instructions",
  "collaboration_mode",
  "multi_agent_role",
  "multi_agent_mode",
  "environments_instructions",
  "git_attribution",
  "plugins_instructions",
  "realtime_conversation",
  "skills_instructions",
  "tools",
  "personality_spec",
  "token_budget",
  "context_window",
  "context_window_guidance",
  "rollout_budget",
];
const told = new RegExp(`^\\s*(?:<(?:${tags.join("|")})>|Approved command prefix saved:)`, "iu");

/** `prompt`: the text of a message with which the person began a turn. */
export function turnMark(
  kind: string,
  payload: JsonObject,
  prompt = kind === "message" ? promptOf(payload) : undefined,
): TurnMark {
  if (prompt !== undefined) return prompt;
  if (isOfAgents(kind, payload)) return "";
  if (kind !== "message") return undefined;
  const { role, content } = payload;
  // Other messages in the person's name are Codex's.
  if (role === "user") return null;
  if (role !== "developer" || !Array.isArray(content)) return undefined;
  const isTold = (part: unknown): boolean =>
    isJsonObject(part) && typeof part["text"] === "string" && told.test(part["text"]);
  return content.some(isTold) ? null : undefined;
}
