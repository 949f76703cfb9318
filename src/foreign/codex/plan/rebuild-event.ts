import { isJsonObject, type JsonObject, objectsIn } from "../../../lib/json.ts";
import { textIn } from "../rollout/payload/text-in.ts";
import { turnOf } from "../rollout/payload/passthrough.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";

/** How Codex frames a picture in a prompt (0.146 and later); the event names its file alone. */
const frame = /^<image name=\[[^\]]*\](?: path="([^"]*)")?>$|^<\/image>$/u;

/** Rebuilds the event that repeats a message; `undefined` where the record doesn't tell its turn, as those of 0.148 and later do. */
export function lostEvent(
  role: "user" | "assistant",
  { payload, at = 0, ordinal }: RolloutRecord,
  thread: string,
): JsonObject | undefined {
  const { id, content, phase } = payload;
  if (ordinal === undefined && role === "user") return userMessage(content);
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

/** The event of a prompt in lines without ordinals (0.36 to 0.147). */
function userMessage(content: unknown): JsonObject {
  const parts = toldParts(content);
  return {
    type: "user_message",
    message: parts.flatMap(({ text }) => text ?? []).join(""),
    images: objectsIn(content).flatMap(({ image_url: url }) => url ?? []),
    local_images: parts.flatMap(({ path }) => path ?? []),
    text_elements: [],
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
