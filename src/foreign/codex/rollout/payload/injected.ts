import { type JsonObject, objectsIn } from "../../../../lib/json.ts";
import { textIn } from "./text-in.ts";

/** What is asked of an item to tell whether it is one. */
interface OutputMembers {
  readonly call_id?: unknown;
  readonly name?: unknown;
}

/**
 * Whether an item is a prompt that came from another session, an automation or a new task (the desktop app and `/btw`, since 0.150), or
 * what stands beside a prompt: a goal's objective, an editor's open files (0.169). Codex keeps it as the output of a tool that nobody
 * called, with the tool's name and without a call id. OpenAI takes such items; other providers refuse every request that has one
 * (openai/codex #41690, #42088, #43515, #45227, read 2026-11).
 */
export function isInjected(kind: string | undefined, { call_id: call, name }: OutputMembers): boolean {
  return (
    kind === "function_call_output" && typeof name === "string" && (typeof call !== "string" || call === "")
  );
}

/** The same as a message of the user's, which every provider takes. */
export function injectedMessage({ output }: JsonObject): JsonObject {
  const content = typeof output === "string" ? [{ type: "input_text", text: output }] : objectsIn(output);
  return { type: "message", role: "user", content };
}

/**
 * The message that an export has in its place. What stands beside a prompt (namespace `agent`, 0.169) becomes context under its name, as
 * older versions wrote it; everything else becomes a prompt.
 */
export function exportedMessage(item: JsonObject): JsonObject {
  const { name, namespace, output } = item;
  if (namespace !== "agent" || typeof output !== "string") return injectedMessage(item);
  const tag = `external_${String(name).replaceAll(/[^\w.:-]/gu, "_")}`;
  const text = `<${tag}>\n${output}\n</${tag}>`;
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

/** What was asked, without the words about who asked it. */
export function injectedPrompt({ output }: JsonObject): string {
  const text = textIn(output);
  return /<(input|instructions)>([^]*?)<\/\1>/u.exec(text)?.[2] ?? text;
}
