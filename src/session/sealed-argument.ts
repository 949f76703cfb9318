import { isJsonObject, parseJson } from "../lib/json.ts";
import { parseExactJson, writeJson } from "../lib/whole-json.ts";
import { describeSeal } from "./item.ts";

/**
 * What is sealed in a call's arguments: what an agent tells another is a Fernet token in their `message` (`spawn_agent`, `send_message` and
 * `followup_task` of Codex 0.138 on; openai/codex#26210, 2026-06). An `encrypted_function_args` that doesn't name it says that it is in words
 * (openai/codex#35845, 2026-07). `undefined` where nothing is sealed.
 */
export function sealedArgument(call: unknown): string | undefined {
  if (!isJsonObject(call)) return undefined;
  const { arguments: given, encrypted_function_args: told } = call;
  if (typeof given !== "string" || !given.includes(fernet)) return undefined;
  if (Array.isArray(told) && !told.includes("message")) return undefined;
  const value = parseJson(given);
  const message = isJsonObject(value) ? value["message"] : undefined;
  if (typeof message !== "string" || !message.startsWith(fernet)) return undefined;
  const { shape, odd } = describeSeal(message);
  return shape === "fernet" && odd !== true ? message : undefined;
}

/** The arguments of such a call with words in the place of what is sealed in them; `undefined` where nothing is. */
export function unsealedArguments(call: unknown, words: string): string | undefined {
  if (!isJsonObject(call) || sealedArgument(call) === undefined) return undefined;
  const given = parseExactJson(String(call["arguments"]));
  return isJsonObject(given) ? writeJson({ ...given, message: words }) : undefined;
}

const fernet = "gAAAAA";
