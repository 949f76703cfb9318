import type { Pattern } from "./pattern.ts";
import { account } from "./patterns/account.ts";
import { billing } from "./patterns/billing.ts";
import { context } from "./patterns/context.ts";
import { limits } from "./patterns/limits.ts";
import { malformed } from "./patterns/malformed.ts";
import { media } from "./patterns/media.ts";
import { outage } from "./patterns/outage.ts";
import { parameters } from "./patterns/parameters.ts";
import { pairing } from "./patterns/pairing.ts";
import { policy } from "./patterns/policy.ts";
import { sealed } from "./patterns/sealed.ts";
import { shape } from "./patterns/shape.ts";
import { thinking } from "./patterns/thinking.ts";
import { tools } from "./patterns/tools.ts";

/**
 * All patterns in order of precedence: the first that fits decides. Policy refusals come before any status. Limits come before patterns with
 * a text about tokens. Outages come last, because gateways wrap any refusal in a 5xx.
 */
export const patterns: readonly Pattern[] = [
  ...policy,
  ...billing,
  ...limits,
  ...sealed,
  ...thinking,
  ...pairing,
  ...media,
  ...shape,
  ...tools,
  ...malformed,
  ...context,
  ...account,
  ...parameters,
  ...outage,
];
