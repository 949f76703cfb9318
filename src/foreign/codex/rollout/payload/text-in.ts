import { isJsonObject, stringOf } from "../../../../lib/json.ts";

/** The words of a message's parts, whatever the parts are called in items and in events. */
export function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  let text = "";
  for (const part of content) {
    const own = isJsonObject(part) ? part["text"] : undefined;
    if (typeof own === "string") text += own;
  }
  return text;
}

/** The words of the message that an event tells; since 0.148 its `item` has them. */
export function toldText({ message, item }: { readonly message?: unknown; readonly item?: unknown }): string {
  return isJsonObject(item) ? textIn(item["content"]) : stringOf(message);
}
