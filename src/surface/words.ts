/** Durations and times in words, the same everywhere. */

/** "0.4 s", "12 s", "3 min", "2 h 10 min", "24 days". */
export function duration(ms: number): string {
  if (ms < 60_000) return seconds(ms);
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}

/** "just now", "3 min ago". */
export function ago(ms: number): string {
  return ms < 5_000 ? "just now" : `${duration(ms)} ago`;
}
