import { stringOf } from "../../../lib/json.ts";
import { uuidv7Time } from "../../../lib/ids.ts";
import { isThreadId } from "../home/places.ts";
import type { RolloutRecord } from "./record.ts";

/** Milliseconds within which a fork's lines are copied once it has its id. */
const soon = 10_000;

/** What the newest version needs of a header; a bare one is of versions that need less. */
export function isWholeHeader({ era, payload }: RolloutRecord): boolean {
  if (!isThreadId(payload["id"]) || typeof payload["timestamp"] !== "string") return false;
  if (era === "bare") return true;
  return ["cwd", "originator", "cli_version"].every((key) => typeof payload[key] === "string");
}

/**
 * Whether the header is that of an older thread, behind which the own one stood: forks and sub-agents have it on their second line (0.36 to 0.169).
 * `thread`: by the file's name, in whose id is the time at which such a line was written.
 */
export function isCopiedHeader({ payload, at }: RolloutRecord, thread: string | undefined): boolean {
  const [own, other] = [thread, payload["id"]].map((id) => uuidv7Time(stringOf(id).toLowerCase()));
  if (own === undefined || other === undefined || at === undefined) return false;
  return other < own && Math.abs(at - own) < soon;
}
