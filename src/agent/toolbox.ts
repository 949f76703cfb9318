import type { Standing } from "../session/standing.ts";
import type { SessionSummary } from "../session/summary.ts";
import { applyPatch } from "../tool/apply-patch/apply-patch.ts";
import { listSessions } from "../tool/sessions/list-sessions.ts";
import { shellCommand } from "../tool/shell/shell-command.ts";
import type { Tool } from "../tool.ts";

/** The tools of the coding agent. `sessions` is asked when the model wants to know of its other sessions (R22). */
export function toolbox(sessions: () => Promise<readonly (SessionSummary & Standing)[]>): Tool[] {
  return [shellCommand, applyPatch, listSessions(sessions)];
}
