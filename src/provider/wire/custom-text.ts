import { isJsonObject, parseJson } from "../../lib/json.ts";

/**
 * The text of a custom tool's call, on wires that have only functions: `input` of its arguments, or the one string that the model gave under
 * another name, or what it wrote in place of JSON.
 */
export function customText(written: string): string {
  const parsed = parseJson(written);
  if (typeof parsed === "string") return parsed;
  if (!isJsonObject(parsed)) return written;
  const members = Object.values(parsed);
  const text = parsed["input"] ?? (members.length === 1 ? members[0] : undefined);
  return typeof text === "string" ? text : written;
}
