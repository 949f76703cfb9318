import { isJsonObject, type JsonObject, nonEmptyString, objectOf } from "../../../../lib/json.ts";
import type { Glance } from "./glance.ts";
import type { RolloutRecord } from "./record.ts";

/**
 * The folder that the first message of a bare rollout names, and an environment message since: `<cwd>…</cwd>`, in the oldest ones
 * `Current working directory: …`.
 */
export function folderIn({ content }: JsonObject): string | undefined {
  if (!Array.isArray(content)) return undefined;
  for (const part of content) {
    const text = isJsonObject(part) ? part["text"] : undefined;
    if (typeof text !== "string") continue;
    const found =
      /^\s*<environment_context>[^]*?(?:<cwd>([^<]+)<\/cwd>|Current working directory: (.+))/u.exec(text);
    if (found) return (found[1] ?? found[2])?.trim();
  }
  return undefined;
}

/** Whether a line may tell a folder, by its first bytes. */
export function tellsFolder({ type, kind }: Pick<Glance, "type" | "kind">): boolean {
  return type === "turn_context" || kind === "thread_settings_applied" || kind === "message";
}

/** The folder that a turn works in, as any line but the first tells it. */
export function folderTold({ type, kind, payload }: RolloutRecord): string | undefined {
  if (type === "response_item" && payload["role"] === "user") return folderIn(payload);
  if (type === "turn_context") return nonEmptyString(payload["cwd"]);
  if (kind === "thread_settings_applied") return nonEmptyString(objectOf(payload["thread_settings"])["cwd"]);
  return undefined;
}
