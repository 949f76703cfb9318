import { Failure } from "../../failure.ts";

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of an age in words: 30m, 12h, 7d, 4w; `undefined` for anything else. */
export function readAge(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)\s*([mhdw])$/u.exec(text.trim()) ?? [];
  const one = units[unit];
  return count === undefined || one === undefined ? undefined : Number(count) * one;
}

/** Milliseconds of `--older-than`. Throws `usage` for what is no age. */
export function ageOf(option: string): number {
  const age = readAge(option);
  if (age === undefined)
    throw new Failure("usage", "--older-than takes an age: 30m, 12h, 7d, 4w. Nothing was changed.", {});
  return age;
}
