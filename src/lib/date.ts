/** Dates as wires write them, for pure code, which has no `Date`. Times are milliseconds since 1970. */

/** An HTTP date (RFC 9110) or an RFC 3339 timestamp; anything else is `undefined`. */
export function parseDate(text: string): number | undefined {
  if (!/^(?:[A-Z][a-z]{2,8},? |\d{4}-\d\d-\d\dT)/u.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** `2026-11-20 14:03:07 UTC`. */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
