import { z } from "zod";

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const words = `expected a duration like "250ms", "3s", "20m", "5h" or "24d"`;

/** "250ms", "1.5s", "20m", "5h", "24d", or a number of milliseconds; milliseconds once validated. */
export const duration = z
  .union([z.number().nonnegative(), z.string()], { error: words })
  .transform((value, context) => {
    if (typeof value === "number") return value;
    const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(value) ?? [];
    if (amount !== undefined && unit !== undefined) {
      return Math.round(Number(amount) * units[unit as keyof typeof units]);
    }
    context.addIssue({ code: "custom", message: `${words}, got "${value}"` });
    return z.NEVER;
  });
