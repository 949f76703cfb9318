import { isJsonObject, type JsonObject, stringOf } from "../../../lib/json.ts";
import { textIn } from "./text-in.ts";

/**
 * The message item that an event tells a second time; `undefined` where the event tells no words. It gets no id: that would tie it to the
 * reasoning before it, which may be gone, too, and every request would be refused for it.
 */
export function toldMessage(role: "user" | "assistant", payload: JsonObject): JsonObject | undefined {
  const item = isJsonObject(payload["item"]) ? payload["item"] : undefined;
  const text = item ? textIn(item["content"]) : stringOf(payload["message"]);
  if (text === "") return undefined;
  if (role === "user")
    return { type: "message", role, content: [{ type: "input_text", text }, ...imagesIn(item ?? payload)] };
  const { phase } = item ?? payload;
  return {
    type: "message",
    role,
    content: [{ type: "output_text", text }],
    ...(typeof phase === "string" && { phase }),
  };
}

/** Pictures whose bytes the event holds; those that lie in files of their own are gone. */
function imagesIn({ content, images }: JsonObject): JsonObject[] {
  const given = Array.isArray(content)
    ? content.filter(isJsonObject).map((part) => part["image_url"])
    : Array.isArray(images)
      ? images
      : [];
  return given.flatMap((url) => (typeof url === "string" ? [{ type: "input_image", image_url: url }] : []));
}
