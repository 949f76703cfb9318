import type { Span } from "../rollout/span.ts";

/** A place where a record was: a line that is blank now or, with no bytes, a place between two lines. */
export interface Hole extends Span {
  /** The ordinal that it had, in a paginated rollout. */
  ordinal?: number;
}
