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
  /** One line for the person. */
  | { type: "notice"; text: string }
  /** Turns, steps and attempts count from 1: turns and steps through the whole session, attempts within their step. */
  | { type: "turn-started"; turn: number }
  | { type: "attempt-started"; turn: number; step: number; attempt: number }
  | { type: "text-delta"; text: string }
  | { type: "reasoning-delta"; text: string }
  | { type: "item"; record: ItemRecord; item: Uint8Array }
  /** `callSeq`: the sequence number of the call's item. */
  | { type: "tool-started"; callSeq: number; name: string; input: string }
  | { type: "tool-progress"; callSeq: number; text: string }
  | { type: "tool-ended"; callSeq: number; name: string; outcome: ToolOutcome }
  /** The provider has sent nothing for `ms` milliseconds; told again about every 15 s. */
  | { type: "silent"; ms: number }
  /** `action`: what is done about it, as `do` of `Action`. */
  | { type: "attempt-failed"; failure: Failure; action: string; delayMs?: number; notice: string }
  /**
   * The next request is another one. `class`: of the failure that made that necessary; `rung`: of the repair ladder, 0 loses least; `count`: how
   * many items it is about.
   */
  | { type: "repaired"; class: string; notice: string; rung: number; count: number }
  /** The session goes on as another one, to which all later updates belong. */
  | { type: "session-rotated"; from: string; to: string; notice: string }
  /** The log has it, and nobody will deliver it again. */
  | { type: "follow-up-delivered"; id: string; mode: FollowUpMode; text: string }
  /** For a limit to end. `until`: milliseconds since 1970. */
  | { type: "waiting"; until: number; notice: string }
  /** `usage`: of this turn. */
  | { type: "turn-ended"; outcome: TurnOutcome; usage: Usage };

/** Is told what a turn does as it does it, in order. It is not to throw. */
export type Observe = (update: SessionUpdate) => void;
