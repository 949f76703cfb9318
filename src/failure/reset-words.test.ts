import { describe, expect, it } from "vitest";
import { resetInWords } from "./reset-words.ts";

const at = (time: string): number => Date.parse(time);

describe("a limit's own words", () => {
  it.each([
    [
      "You've hit your session limit · resets 4:20pm (Asia/Tbilisi)",
      "2026-05-04T10:00:00Z",
      "2026-05-04T12:20:00Z",
    ],
    [
      "You've hit your session limit · resets 4:20pm (Asia/Tbilisi)",
      "2026-05-04T13:06:40Z",
      "2026-05-05T12:20:00Z",
    ],
    ["You've hit your session limit · resets 12am (UTC)", "2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z"],
    ["You've hit your limit · resets 12:30pm (UTC)", "2026-05-04T12:00:00Z", "2026-05-04T12:30:00Z"],
    ["You've hit your limit · resets 15:05 (Europe/Paris)", "2026-05-04T12:00:00Z", "2026-05-04T13:05:00Z"],
    [
      "You've hit your weekly limit · resets Dec 15, 3:30am (America/New_York)",
      "2026-12-10T12:00:00Z",
      "2026-12-15T08:30:00Z",
    ],
    [
      "You've hit your weekly limit · resets Jan 2 at 9 AM (Asia/Kolkata)",
      "2026-12-30T12:00:00Z",
      "2027-01-02T03:30:00Z",
    ],
    // The clocks go forward in the night between; 3pm is an hour earlier then.
    ["You've hit your limit · resets 3pm (Europe/Berlin)", "2026-03-28T20:00:00Z", "2026-03-29T13:00:00Z"],
    ["Claude AI usage limit reached|1757181600", "2026-05-04T12:00:00Z", "2025-09-06T18:00:00Z"],
  ])("%s, read at %s, say %s", (words, now, expected) => {
    expect(new Date(resetInWords(words, at(now))!).toISOString()).toBe(new Date(expected).toISOString());
  });

  it.each([
    ["try again at 9:47 PM.", "2026-05-04T10:00:00Z", "2026-05-04T19:47:00Z"],
    ["try again at 9:47 AM.", "2026-05-04T10:00:00Z", "2026-05-05T07:47:00Z"],
    ["try again at Nov 3rd, 2026 12:05 AM.", "2026-10-30T10:00:00Z", "2026-11-02T23:05:00Z"],
    ["try again in 1 hour.", "2026-05-04T10:00:00Z", undefined],
  ])("that name no zone mean the person's own: %s", (words, now, expected) => {
    const told = resetInWords(
      `You\u{2019}ve hit your usage limit. Upgrade or ${words}`,
      at(now),
      "Europe/Berlin",
    );
    expect(told).toBe(expected && at(expected));
  });

  it.each([
    "You've hit your session limit · resets 4:20pm",
    "You've hit your usage limit. Upgrade or try again at 9:47 PM.",
    "You've hit your session limit · resets 4:20pm (Mars/Olympus)",
    "You've hit your session limit · resets 44:20pm (UTC)",
    "You've hit your limit · resets Foo 3, 4am (UTC)",
    "Overloaded",
  ])("without a time or a known zone say nothing: %s", (words) => {
    expect(resetInWords(words, at("2026-05-04T10:00:00Z"))).toBeUndefined();
  });
});
