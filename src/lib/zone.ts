/** Wall clocks of time zones, for pure code. Times are milliseconds since 1970. */

/** A time as a clock on the wall shows it. */
export interface WallClock {
  year: number;
  /** January is 1. */
  month: number;
  day: number;
  hour: number;
  minute: number;
}

/** What a clock on the wall shows in an IANA zone ("Asia/Tbilisi"); `undefined` for a zone that isn't known. */
export function wallClock(at: number, zone: string): WallClock | undefined {
  const parts = formatIn(zone)?.formatToParts(at);
  if (!parts) return undefined;
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return { year: of("year"), month: of("month"), day: of("day"), hour: of("hour"), minute: of("minute") };
}

/** The time at which the zone's clock shows this; days beyond the end of a month, and months beyond that of a year, count on. */
export function timeOfWallClock(clock: WallClock, zone: string): number | undefined {
  const { year, month, day, hour, minute } = clock;
  const asUtc = Date.UTC(year, month - 1, day, hour, minute);
  let at = asUtc;
  // The offset holds for the time that is looked for, not for the first guess, which is off by at most a day; the second round settles
  // it.
  for (let round = 0; round < 2; round++) {
    const shown = wallClock(at, zone);
    if (!shown) return undefined;
    at += asUtc - Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute);
  }
  return at;
}

function formatIn(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
