import { describe, expect, it, test } from "vitest";
import type { ItemRecord } from "./event.ts";
import { byteLength, shorten } from "./shorten.ts";
import { showable, type TranscriptEntry, writeTranscript } from "./transcript.ts";

const tool = (text: string): TranscriptEntry => ({ who: "output of c", text, weight: "tool" });
const words = (text: string): TranscriptEntry => ({ who: "person", text, weight: "words" });

describe("a transcript", () => {
  it("is whole where there is room", () => {
    expect(writeTranscript([words("Build it."), tool("ok")], 1_000)).toBe(
      "[person]\nBuild it.\n\n[output of c]\nok",
    );
  });

  it("loses the middle of long outputs first, and says how many bytes", () => {
    const text = writeTranscript([words("w".repeat(3_000)), tool(`begin${"x".repeat(50_000)}end`)], 8_000);
    expect(byteLength(text)).toBeLessThanOrEqual(8_000);
    expect(text).toContain("w".repeat(3_000));
    expect(text).toMatch(/begin.*\[… 47,960 bytes left out here …\].*end/su);
  });

  it("loses its oldest entries last, an earlier summary never", () => {
    const summary: TranscriptEntry = {
      who: "summary of what came before",
      text: "SUMMARY",
      weight: "summary",
    };
    const entries = [summary, ...Array.from({ length: 100 }, (_, n) => words(`${n}:${"w".repeat(100)}`))];
    const text = writeTranscript(entries, 2_000);
    expect(byteLength(text)).toBeLessThanOrEqual(2_100);
    expect(text).toMatch(
      /^\[summary of what came before\]\nSUMMARY\n\n\[… 8\d entries of [\d,]+ bytes left out here …\]/u,
    );
    expect(text).toContain("99:");
    expect(text).not.toContain("\n0:");
  });

  it("keeps its last entry, however little room there is", () => {
    expect(writeTranscript([words("first"), words("next"), words("last")], 1)).toBe(
      "[… 2 entries of 31 bytes left out here …]\n\n[person]\nlast",
    );
  });
});

describe("a shortened text", () => {
  it("keeps its head and more of its tail, and never half a character", () => {
    const text = shorten(`head${"😀".repeat(5_000)}tail`, 301);
    expect(text.startsWith("head")).toBe(true);
    expect(text.endsWith("tail")).toBe(true);
    expect(text.isWellFormed()).toBe(true);
    expect(byteLength(text)).toBeLessThan(400);
  });

  it.each(["x", "\n", "\0", '"\\', "ü", "漢", "😀"])("of %j alone takes the bytes that were told", (what) => {
    const long = what.repeat(600);
    const bytes = byteLength(JSON.stringify(shorten(long, 300)));
    expect(bytes).toBeGreaterThan(300);
    expect(bytes).toBeLessThan(300 + 80);
  });

  it("stays as it is when it would hardly get shorter", () => {
    expect(shorten("x".repeat(364), 300)).toBe("x".repeat(364));
  });
});

test("of a log of gigabytes only what a transcript may show is read: the newest, and summaries and context however old", () => {
  const record = (seq: number, more: object = {}): ItemRecord =>
    ({
      event: { type: "item-added", seq, kind: "function_call_output", ...more },
      body: { offset: 0, length: 100_000 },
    }) as unknown as ItemRecord;
  const context = record(1, { kind: "message", role: "user", context: true });
  const summary = record(0, { type: "history-compacted", kind: "message", role: "user" });
  const outputs = Array.from({ length: 100_000 }, (_, nth) => record(nth + 2));
  const { records, left, fitted } = showable([summary, context, ...outputs], 80_000);
  expect(records.slice(0, 2)).toEqual([summary, context]);
  expect(records.at(-1)).toBe(outputs.at(-1));
  expect(records.length).toBe(10_002);
  expect(left).toBe(90_000);
  const text = "x".repeat(100_000);
  expect(fitted(tool(text)).text.length).toBeLessThan(300);
  expect(fitted(words(text)).text.length).toBeLessThan(3_000);
});

test("what a transcript has room for is read, and stays as it is", () => {
  const record = { event: { type: "item-added", kind: "function_call_output" }, body: { length: 9_000 } };
  const records = Array.from({ length: 20 }, () => record as unknown as ItemRecord);
  const { records: shown, left, fitted } = showable(records, 80_000);
  const entry = tool("x".repeat(9_000));
  expect([shown, left, fitted(entry)]).toEqual([records, 0, entry]);
});
