/**
 * The named crash points. In production they do nothing. With `THROUGHLINE_CRASH_AT=<name>` (or `<name>:3` for the third time it is
 * passed) the process kills itself there with SIGKILL, so that tests can prove what survives. The lists are the whole list: the crash
 * suite walks them, so that a point that is never passed fails a test.
 */
export const crashPoints = [
  "session-folder-made",
  "lease-half-written",
  "lease-made",
  "lease-taken",
  "append-half-written",
  "append-not-synced",
  "turn-started",
  "request-projected",
  "item-appended",
  "tool-intended",
  "tool-spawned",
  "tool-finished",
  "output-appended",
  "patch-staged",
  "patch-recorded",
  "patch-half-applied",
  "patch-applied",
  "step-ended",
  "attempt-failed",
  "quarantine-appended",
  "compaction-appended",
  "turn-ended",
] as const;

/** The crash points in the delivery of follow-ups, in a rotation, and in taking one back, in the order in which they are passed. */
export const continuityPoints = [
  "follow-up-written",
  "follow-up-begun",
  "follow-up-committed",
  "rotation-begun",
  "rotation-built",
  "rotation-renamed",
  "rotation-committed",
  "rotation-forwarded",
  "undo-returned",
  "undo-committed",
] as const;

/** The crash points in `clear`, `delete` and `purge`, in the order in which they are passed. */
export const removalPoints = [
  "clear-appended",
  "rewrite-written",
  "rewrite-renamed",
  "scrub-swept",
  "removal-fenced",
  "removal-renamed",
  "removal-emptied",
  "rows-removed",
  "catalogue-vacuumed",
] as const;

/** The crash points in repairs of another tool's files, and in undoing them. */
export const repairPoints = [
  "repair-prepared",
  "repair-begun",
  "repair-index-forgotten",
  "repair-half-written",
  "repair-written",
  "repair-settled",
  "repair-recorded",
] as const;

/** The name of any crash point. */
export type CrashPoint =
  | (typeof crashPoints)[number]
  | (typeof continuityPoints)[number]
  | (typeof removalPoints)[number]
  | (typeof repairPoints)[number];

const [wanted, nth] = (process.env["THROUGHLINE_CRASH_AT"] ?? "").split(":");
let passed = 0;

/** Whether to die at this crash point now; for points that have to prepare their own damage first. */
export function crashesAt(point: CrashPoint): boolean {
  return wanted === point && ++passed === Number(nth ?? 1);
}

/** Dies here, without any clean-up, if the environment asks for it. */
export function crashPoint(point: CrashPoint): void {
  if (wanted && crashesAt(point)) process.kill(process.pid, "SIGKILL");
}
