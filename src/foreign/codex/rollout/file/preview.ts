import { isJsonObject } from "../../../../lib/json.ts";
import { rolloutLines } from "../bytes/lines.ts";
import { textIn } from "../payload/text-in.ts";
import { requestHead } from "../payload/title.ts";
import { readRecord, type RolloutRecord } from "../record/record.ts";

const [older, newer] = [Buffer.from("user_message"), Buffer.from("UserMessage")];
/** What stands for a prompt without words. */
export const picture = "[Image]";

/**
 * What Codex's state database has as `preview` of a rollout: the first prompt that an event tells (0.169, 2026-11-24). `undefined` where none
 * is told, as of a sub-agent. The file is read up to there.
 */
export async function previewIn(path: string): Promise<string | undefined> {
  for await (const lines of rolloutLines(path))
    for (const line of lines) {
      if (!line.bytes.includes(newer) && !line.bytes.includes(older)) continue;
      const record = readRecord(line);
      const preview = record.readable ? previewOf(record) : "";
      if (preview !== "") return preview;
    }
  return undefined;
}

function previewOf({ type, kind, payload }: RolloutRecord): string {
  const item = isJsonObject(payload["item"]) ? payload["item"] : {};
  const isItem = kind === "item_completed" && item["type"] === "UserMessage";
  if (type !== "event_msg" || !(isItem || kind === "user_message")) return "";
  const words = textIn(isItem ? item["content"] : payload["message"]);
  const asked = words.indexOf(requestHead);
  const prompt = asked < 0 ? words : words.slice(asked + requestHead.length);
  if (prompt.trim() !== "") return prompt.trim();
  const parts = isItem ? item["content"] : [payload["images"], payload["local_images"]].flat();
  return Array.isArray(parts) && parts.some(isPicture) ? picture : "";
}

/** Whether a part of an item is one, or what an older event lists: an address or a path. */
function isPicture(part: unknown): boolean {
  if (!isJsonObject(part)) return typeof part === "string";
  return part["type"] === "image" || part["type"] === "local_image";
}
