import { timeOfWallClock, wallClock } from "../lib/zone.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * "resets 4:20pm (Asia/Tbilisi)", "resets 3am (UTC)", "resets Dec 15, 3:30am (Europe/Paris)", "resets Dec 15 at 9 AM (…)"; Codex's "try
 * again at 9:47 PM", "try again at Nov 25th, 2026 9:47 PM".
 */
const pattern =
  /\b(?:resets|try again) (?:at )?(?:(?<month>[a-z]{3})[a-z]* (?<day>\d{1,2})(?:st|nd|rd|th)?(?:, (?<year>\d{4}))?,? (?:at )?)?(?<hour>\d{1,2})(?::(?<minute>\d\d))?(?: ?(?<half>[ap]m))?(?: \((?<named>[\w+/-]+)\))?/iu;

/**
 * When a plan's window opens again, as the limit's own words say it: the next time that the clock of the named zone shows it. `undefined`
 * for words that are no time, and without a zone, unless the person's own is given (`local`). Seen with Anthropic plans, 2025-10
 * to 2026-11 (failures.md row 37); older clients put seconds since 1970 behind a bar: "Claude AI usage limit reached|1757181600".
 */
export function resetInWords(message: string, now: number, local?: string): number | undefined {
  const seconds = /\blimit reached\|(\d{10})\b/iu.exec(message)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1000;
  const { month, day, year, hour, minute, half, named } = pattern.exec(message)?.groups ?? {};
  const zone = hour === undefined ? undefined : (named ?? local);
  const today = zone === undefined ? undefined : wallClock(now, zone);
  if (zone === undefined || !today || Number(hour) > 23 || Number(minute ?? 0) > 59) return undefined;
  const isAfternoon = half?.toLowerCase() === "pm";
  const clock = {
    ...today,
    hour: half === undefined ? Number(hour) : (Number(hour) % 12) + (isAfternoon ? 12 : 0),
    minute: Number(minute ?? 0),
  };
  if (month === undefined) {
    const at = timeOfWallClock(clock, zone);
    return at !== undefined && at <= now ? timeOfWallClock({ ...clock, day: today.day + 1 }, zone) : at;
  }
  const at = months.indexOf(month.toLowerCase());
  if (at < 0) return undefined;
  const dated = { ...clock, month: at + 1, day: Number(day), year: Number(year ?? today.year) };
  const found = timeOfWallClock(dated, zone);
  const isPast = found !== undefined && found <= now && year === undefined;
  return isPast ? timeOfWallClock({ ...dated, year: today.year + 1 }, zone) : found;
}
