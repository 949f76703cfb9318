// Dates in the formats of wires, for pure code, which doesn't use `Date`. Times are milliseconds since 1970.

/** An HTTP date (RFC 9110) or an RFC 3339 timestamp; anything else is `undefined`. */
export function parseDate(text: string): number | undefined {
  if (!/^(?:[A-Z][a-z]{2,8},? |\d{4}-\d\d-\d\dT)/u.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** The largest time that is a date, and with a minus the smallest (ECMA-262, 21.4.1.1). */
const furthest = 8.64e15;

/** `2026-11-20T14:03:07.000Z`. A time beyond all dates, as a file from elsewhere may have, is the last one that is a date. */
export function isoTime(at: number): string {
  return new Date(Math.min(furthest, Math.max(-furthest, at))).toISOString();
}

/** `2026-11-20 14:03:07 UTC`. */
export function formatTime(at: number): string {
  return `${isoTime(at)
    .replace(/\.\d+Z$/u, "")
    .replace("T", " ")} UTC`;
}
