import { printableLine } from "./printable.ts";

// Counts, durations and sizes in words, the same everywhere.

/** "1 message", "2 messages". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** With tenths beneath ten seconds: "0.4 s", "12 s". */
export function secondsWords(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}

/** The two largest units, short beneath a day: "24 days", "2 h 10 m", "4 m", "12 s". */
export function durationWords(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} m`;
  if (minutes >= 24 * 60) return counted(Math.floor(minutes / (24 * 60)), "day");
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

/** "just now", "3 m ago". */
export function ago(ms: number): string {
  return ms < 5_000 ? "just now" : `${durationWords(ms)} ago`;
}

/** "812 bytes", "41 KB", "1.5 GB": decimal units. */
export function bytesWords(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, "byte");
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes / 1_000;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1_000;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A prompt quoted for a shell; `"…"` for one of several lines or too long to be shown. */
export const quotedPrompt = (prompt: string): string =>
  printableLine(prompt, 300) === prompt ? quoted(prompt) : '"…"';

/** A word quoted for a shell where it needs to be; also with a `~` first, which a shell would replace. */
export const quoted = (word: string): string =>
  /^(?!~)[\w./~-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
