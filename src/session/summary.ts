import type { Settings, Usage, Workspace } from "./event.ts";

/** How a session stands, for lists: what it is doing or why it stopped. */
export type SessionStatus = "idle" | "interrupted" | "limited" | "failed" | "cleared";

/** What a list says of a session; the catalogue keeps one row of it. Times are milliseconds since 1970. */
export interface SessionSummary {
  id: string;
  name?: string;
  /** First line of the first prompt. */
  title?: string;
  workspace: Workspace;
  settings: Settings;
  created: number;
  updated: number;
  status: SessionStatus;
  /** Why it stopped: failure class or reason. */
  reason?: string;
  /** When a limit ends. */
  until?: number;
  turns: number;
  steps: number;
  messages: number;
  repairs: number;
  usage: Usage;
  successor?: string;
}
