import type { Span } from "../rollout/bytes/lines.ts";

/** A call without output, or an output without call. */
export interface Unpaired extends Span {
  readonly call: string;
  /** The item's type: function_call, custom_tool_call_output, … */
  readonly kind: string;
  readonly name?: string;
  /** The event that tells the same call's command and output, where there is one (0.117 to 0.128, 0.148 and later). */
  event?: Span;
}
