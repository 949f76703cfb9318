import type { Settings } from "./event.ts";

/** Whether a session would be run alike with both. */
export function sameSettings(left: Settings, right: Settings): boolean {
  return (
    left.provider === right.provider &&
    left.model === right.model &&
    left.effort === right.effort &&
    left.instructionsHash === right.instructionsHash &&
    left.approval === right.approval
  );
}
