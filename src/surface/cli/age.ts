import { Failure } from "../../failure.ts";

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of `--older-than`: 30m, 12h, 7d, 4w. Throws `usage` for anything else. */
export function ageOf(option: string): number {
  const [, count, unit] = /^(\d+)([mhdw])$/u.exec(option) ?? [];
  const one = units[unit ?? ""];
  if (count === undefined || one === undefined)
    throw new Failure("usage", "--older-than takes an age: 30m, 12h, 7d, 4w. Nothing was changed.", {});
  return Number(count) * one;
}
