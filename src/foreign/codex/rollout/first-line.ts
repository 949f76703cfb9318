import { stringOf } from "../../../lib/json.ts";
import { uuidv7Time } from "../../../lib/ids.ts";
import { isThreadId } from "../home/places.ts";
import type { RolloutRecord } from "./record.ts";

/** A fork's lines are copied within so many milliseconds after its id was made. */
const soon = 10_000;

/** Whether the header has all that the newest version needs; bare ones are of versions that need less. */
export function isWholeHeader({ era, payload }: RolloutRecord): boolean {
  if (!isThreadId(payload["id"]) || typeof payload["timestamp"] !== "string") return false;
  if (era === "bare") return true;
  return ["cwd", "originator", "cli_version"].every((key) => typeof payload[key] === "string");
}

/**
 * Whether the header is a copy of an older thread's, so that the file's own header stood before it: forks and sub-agents have the
 * parent's on their second line (0.36 to 0.169). `thread`: the id in the file's name, which tells when it was made.
 */
export function isCopiedHeader({ payload, at }: RolloutRecord, thread: string | undefined): boolean {
  const [own, other] = [thread, payload["id"]].map((id) => uuidv7Time(stringOf(id).toLowerCase()));
  if (own === undefined || other === undefined || at === undefined) return false;
  return other < own && Math.abs(at - own) < soon;
}
