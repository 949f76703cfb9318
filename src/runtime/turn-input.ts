import type { NewEvent } from "../session/event.ts";
import type { FollowUp } from "../store.ts";

/** What a turn begins with: nothing, to go on where the session stopped. */
export interface TurnInput {
  prompt: string | undefined;
  /** The follow-up whose text the prompt is. */
  followUp?: FollowUp;
}

/** What is logged in one append with an input. */
export interface InputPlace {
  followUp?: FollowUp | undefined;
  /** Events that stand before it: the start of its turn. */
  before?: readonly NewEvent[];
}
