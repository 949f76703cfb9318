import { isJsonObject, type JsonObject, objectsIn } from "../../../../lib/json.ts";
import { toldText } from "./text-in.ts";

/** What a message of the model's may be. One that other programs call something else (final) Codex passes over (0.169). */
export const phases: ReadonlySet<unknown> = new Set(["commentary", "final_answer"]);

/** What tells that a review begins: an event (0.98 to 0.150), and the item of one since. */
export const reviewMarks: ReadonlySet<unknown> = new Set(["entered_review_mode", "EnteredReviewMode"]);

/**
 * The message item that an event tells a second time; `undefined` where the event tells no words. It gets no id: that would tie it to the
 * reasoning before it, which may be gone, too, and every request would be refused for it.
 */
export function toldMessage(role: "user" | "assistant", payload: JsonObject): JsonObject | undefined {
  const text = toldText(payload);
  if (text === "") return undefined;
  const telling = isJsonObject(payload["item"]) ? payload["item"] : payload;
  if (role === "user")
    return { type: "message", role, content: [{ type: "input_text", text }, ...imagesIn(telling)] };
  const { phase } = telling;
  return {
    type: "message",
    role,
    content: [{ type: "output_text", text }],
    ...(phases.has(phase) && { phase }),
  };
}

/** Pictures whose bytes the event holds; those that lie in files of their own are gone. */
function imagesIn({ content, images }: JsonObject): JsonObject[] {
  const ofParts = Array.isArray(content) ? objectsIn(content).map((part) => part["image_url"]) : undefined;
  const given: unknown[] = ofParts ?? (Array.isArray(images) ? images : []);
  return given.flatMap((url) => (typeof url === "string" ? [{ type: "input_image", image_url: url }] : []));
}
