import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { textIn } from "../rollout/payload/text-in.ts";
import { turnOf } from "../rollout/payload/passthrough.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";

/** How Codex frames a picture in a prompt (0.146 and later); the event names its file alone. */
const frame = /^<image name=\[[^\]]*\](?: path="([^"]*)")?>$|^<\/image>$/u;

/** Rebuilds the event that repeats a message (0.148 and later); `undefined` where the record doesn't tell its turn. */
export function lostEvent(
  role: "user" | "assistant",
  { payload, at = 0 }: RolloutRecord,
  thread: string,
): JsonObject | undefined {
  const { id, content, phase } = payload;
  const turn = turnOf(payload);
  if (turn === undefined || typeof id !== "string") return undefined;
  const told =
    role === "user"
      ? { type: "UserMessage", id, content: toldParts(content) }
      : { type: "AgentMessage", id, content: [{ type: "Text", text: textIn(content) }] };
  const item = typeof phase === "string" ? { ...told, phase } : told;
  return {
    type: "item_completed",
    thread_id: thread,
    turn_id: turn,
    item,
    started_at_ms: at,
    completed_at_ms: at,
  };
}

function toldParts(content: unknown): JsonObject[] {
  if (!Array.isArray(content)) return [{ type: "text", text: textIn(content), text_elements: [] }];
  return content.filter(isJsonObject).flatMap(({ text }): JsonObject[] => {
    if (typeof text !== "string") return [];
    const framed = frame.exec(text);
    if (framed === null) return [{ type: "text", text, text_elements: [] }];
    return framed[1] === undefined ? [] : [{ type: "local_image", path: framed[1] }];
  });
}
