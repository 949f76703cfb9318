import type { Span } from "../rollout/span.ts";

/** Where a record was: a line that is blank now, or, of no bytes, the place between two lines. */
export interface Hole extends Span {
  /** The ordinal that it had, in a paginated rollout. */
  ordinal?: number;
}
