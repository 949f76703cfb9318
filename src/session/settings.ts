import type { Settings } from "./event.ts";

/** Whether both settings run a session in the same way. */
export function sameSettings(left: Settings, right: Settings): boolean {
  return (
    left.provider === right.provider &&
    left.model === right.model &&
    left.effort === right.effort &&
    left.instructionsHash === right.instructionsHash &&
    left.approval === right.approval
  );
}
