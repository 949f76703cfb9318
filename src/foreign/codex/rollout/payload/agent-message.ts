import { isJsonObject, type JsonObject, parseJson, stringOf } from "../../../../lib/json.ts";

/**
 * The item that a message between agents is to the model (codex-rs `to_model_input_item`). Up to about 0.143 it has a line of its own,
 * `inter_agent_communication`, and nothing else of it is in the rollout; since then it is stored as the item.
 */
export function agentMessage(payload: JsonObject): JsonObject {
  const { id, author, recipient, content, encrypted_content: sealed, trigger_turn: isTask } = payload;
  const text = (words: unknown): JsonObject => ({ type: "input_text", text: stringOf(words) });
  const head = `Message Type: ${isTask === true ? "NEW_TASK" : "MESSAGE"}\nTask name: ${stringOf(recipient)}\nSender: ${stringOf(author)}\nPayload:\n`;
  const parts =
    typeof sealed === "string"
      ? [text(head), { type: "encrypted_content", encrypted_content: sealed }]
      : [text(content)];
  return { type: "agent_message", ...(typeof id === "string" && { id }), author, recipient, content: parts };
}

/**
 * Whether what stands where something sealed does is words: a provider that seals nothing leaves the message of an agent as it is, and
 * Codex stores it there (0.140 to 0.169, 2026-11).
 */
export const isWords = (sealed: string): boolean =>
  /\s/u.test(sealed.trim()) || (sealed.length < 64 && !sealed.startsWith("gAAAA"));

/** The item with words as words, in a message's content or a tool's output; the same object where there are none of those. */
export function withWords(item: JsonObject): JsonObject {
  const list = Array.isArray(item["output"]) ? "output" : "content";
  const content = item[list];
  if (!Array.isArray(content)) return item;
  const isOpen = (part: unknown): part is JsonObject & { encrypted_content: string } =>
    isJsonObject(part) && typeof part["encrypted_content"] === "string" && isWords(part["encrypted_content"]);
  if (!content.some(isOpen)) return item;
  const parts = content.map((part: unknown) =>
    isOpen(part) ? { type: "input_text", text: part.encrypted_content } : part,
  );
  return { ...item, [list]: parts };
}

/**
 * Whether an item is what one agent said to another: a rollback counts it as it counts a prompt. Before it had a kind of its own (0.140) it
 * was stored as an answer whose one text is the message as JSON (codex-rs `is_user_turn_boundary`, read 2026-11).
 */
export function isOfAgents(kind: string, { role, content }: JsonObject): boolean {
  if (kind === "agent_message") return true;
  if (kind !== "message" || role !== "assistant" || !Array.isArray(content)) return false;
  const [part, ...more] = content as unknown[];
  const text = isJsonObject(part) && more.length === 0 ? part["text"] : undefined;
  if (typeof text !== "string" || !text.startsWith("{") || !text.includes('"trigger_turn"')) return false;
  const said = parseJson(text);
  return (
    isJsonObject(said) &&
    ["author", "recipient", "content"].every((name) => typeof said[name] === "string") &&
    typeof said["trigger_turn"] === "boolean"
  );
}
