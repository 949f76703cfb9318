import type { TurnOutcome, Usage } from "../../../../session/event.ts";
import type { RolloutHeader } from "../record/header.ts";
import type { ThreadItem } from "./thread-item.ts";

/** What a line of a rollout does to the thread, in terms of the history that the CLI rebuilds from it on resume. */
export type ThreadChange =
  | { readonly do: "begin"; readonly header: RolloutHeader }
  | { readonly do: "turn" }
  | { readonly do: "add"; readonly item: ThreadItem }
  /** A compaction: these items stand in the place of everything before. `summary`: in words, when it is not sealed. */
  | { readonly do: "replace"; readonly items: readonly ThreadItem[]; readonly summary?: string }
  /** A rollback: only the first `keep` items of the history are left. */
  | { readonly do: "cut"; readonly keep: number; readonly turns: number }
  /**
   * A rollback takes these compactions back (counted from 0), so what they replaced counts again: the lines have to be folded anew, with
   * these given as `undone`.
   */
  | { readonly do: "undo"; readonly compactions: readonly number[] }
  /** A compaction that the fold was told is taken back later: it has no effect. */
  | { readonly do: "undone" }
  | { readonly do: "end"; readonly outcome: TurnOutcome }
  | { readonly do: "set"; readonly model?: string; readonly effort?: string; readonly cwd?: string }
  | { readonly do: "use"; readonly total: Usage }
  /** What was asked first, as an event tells it. */
  | { readonly do: "tell"; readonly prompt: string }
  /** A line that can't be read, or an item that only Codex itself has a use for. */
  | { readonly do: "skip"; readonly why: string };

/** A change with where it comes from. */
export interface Changed {
  readonly change: ThreadChange;
  /** Milliseconds since 1970. */
  readonly at?: number;
}
