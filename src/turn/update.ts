import type { Failure } from "../failure.ts";
import type { ItemRecord, TurnOutcome, Usage } from "../session/event.ts";
import type { FollowUpMode } from "../session/follow-up.ts";
import type { ToolOutcome } from "../tool.ts";

/**
 * What a running session tells those who watch it (command line, terminal interface, a platform). Every `item` is durable when it is told;
 * deltas are not: a failed attempt tells the same text again with the next one.
 */
export type SessionUpdate =
  | { type: "session-opened"; id: string; resumed: boolean; name?: string }
  | { type: "notice"; text: string }
  | { type: "turn-started"; turn: number }
  | { type: "attempt-started"; turn: number; step: number; attempt: number }
  | { type: "text-delta"; text: string }
  | { type: "reasoning-delta"; text: string }
  | { type: "item"; record: ItemRecord; item: Uint8Array }
  | { type: "tool-started"; callSeq: number; name: string; input: string }
  | { type: "tool-progress"; callSeq: number; text: string }
  | { type: "tool-ended"; callSeq: number; name: string; outcome: ToolOutcome }
  | { type: "silent"; ms: number }
  | { type: "attempt-failed"; failure: Failure; action: string; delayMs?: number; notice: string }
  /** `class`: of the failure that made it necessary. */
  | { type: "repaired"; class: string; notice: string; rung: number; count: number }
  /** The session goes on as another one, to which all later updates belong. */
  | { type: "session-rotated"; from: string; to: string; notice: string }
  /** The log has it, and nobody will deliver it again. */
  | { type: "follow-up-delivered"; id: string; mode: FollowUpMode; text: string }
  | { type: "waiting"; until: number; notice: string }
  /** `usage`: of this turn. */
  | { type: "turn-ended"; outcome: TurnOutcome; usage: Usage };

/** Is told what a turn does as it does it, in order. It is not to throw. */
export type Observe = (update: SessionUpdate) => void;
