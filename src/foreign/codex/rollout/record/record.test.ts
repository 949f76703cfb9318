import { readdirSync, readFileSync } from "node:fs";
import { codexFixtures, codexRollouts } from "../../../../../test/kit/codex-home.ts";
import { fc } from "../../../../../test/kit/property.ts";
import { expect, test } from "vitest";
import { glance, glancedTime } from "./glance.ts";
import { readHeader } from "./header.ts";
import { linesIn } from "../bytes/lines.ts";
import { isCodexName, isCopy, readRolloutName } from "../../home/places.ts";
import { readRecord, type RolloutRecord, timeIn, timeOf } from "./record.ts";

function read(text: string | Buffer): ReturnType<typeof readRecord> {
  return readRecord({ bytes: Buffer.from(text as string), whole: true });
}

function firstOf(version: string): RolloutRecord {
  const [rollout] = codexRollouts(version).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const record = readRecord(linesIn(readFileSync(rollout!.path))[0]!);
  if (!record.readable) throw new Error("the first line of a fixture can't be read");
  return record;
}

test("every line that real versions wrote is read, and a glance at it says the same as all of it", () => {
  const seen = new Set<string>();
  for (const version of readdirSync(codexFixtures)) {
    for (const { path } of codexRollouts(version)) {
      for (const line of linesIn(readFileSync(path))) {
        const record = readRecord(line);
        if (!record.readable) throw new Error(`${path}:${line.index + 1} can't be read: ${record.why}`);
        seen.add(`${record.era} ${record.type}`);
        const glanced = glance(line.bytes);
        if (line.index === 0 && record.era === "bare") {
          expect(glanced).toBeUndefined();
          continue;
        }
        expect([glanced?.type, glanced?.kind, glanced?.ordinal]).toEqual([
          record.type,
          record.kind,
          record.ordinal,
        ]);
        expect(glancedTime(line.bytes, glanced!)).toBe(record.at);
        expect(line.bytes.subarray(glanced!.payload).toString().startsWith('{"')).toBe(true);
      }
    }
  }
  expect([...seen]).toEqual(
    expect.arrayContaining([
      "bare session_meta",
      "bare response_item",
      "bare state",
      "envelope compacted",
      "envelope world_state",
      "envelope token_usage_record",
    ]),
  );
});

test("the header of each era says what that version wrote and no more", () => {
  expect(readHeader(firstOf("0.29.0").payload)).toMatchObject({ origin: "unknown", branch: "main" });
  expect(readHeader(firstOf("0.29.0").payload)?.cwd).toBeUndefined();
  expect(readHeader(firstOf("0.36.0").payload)).toMatchObject({ cliVersion: "0.36.0", isPaginated: false });
  expect(readHeader(firstOf("0.169.0").payload)).toMatchObject({
    origin: "exec",
    modelProvider: "mock",
    isPaginated: true,
  });
});

test("a session that was asked for through Codex as an MCP server is an app's, as in Codex's own list", () => {
  expect(readHeader({ id: "a", source: "mcp", originator: "codex_cli_rs" })?.origin).toBe("app");
});

test("a glance at a line that somebody changed says what parsing it says, or nothing", () => {
  const line =
    '{"timestamp":"2026-11-20T21:04:49.123Z","ordinal":12,"type":"event_msg","payload":{"type":"token_count","info":null}}';
  fc.assert(
    fc.property(fc.nat(line.length - 20), fc.constantFrom(...'0159zZ_-.:"\\ {,é', ""), (at, character) => {
      const bytes = Buffer.from(line.slice(0, at) + character + line.slice(at + 1));
      const [glanced, record] = [glance(bytes), readRecord({ bytes, whole: true })];
      if (!glanced || !record.readable || glanced.payload === 0) return;
      const { type, kind, ordinal } = glanced;
      expect([type, kind ?? record.kind, ordinal]).toEqual([record.type, record.kind, record.ordinal]);
      expect(glancedTime(bytes, glanced)).toBe(record.at);
      expect(bytes.subarray(glanced.payload)[0]).toBe(0x7b);
    }),
    { numRuns: 3_000 },
  );
});

test("a time is read from its bytes as from its text", () => {
  const text = "2024-02-29T23:59:59.999Z";
  fc.assert(
    fc.property(fc.nat(text.length), fc.constantFrom(..."01235679Zz+-: .", ""), (at, character) => {
      for (const given of [text, text.slice(0, at) + character + text.slice(at + 1)]) {
        const bytes = Buffer.from(`"${given}"`);
        expect(timeIn(bytes, 1, bytes.length - 1)).toBe(timeOf(given));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("lines of unknown types are kept whole", () => {
  expect(read('{"timestamp":"2026-01-01T00:00:00Z","type":"novelty","payload":{"x":[1]}}')).toMatchObject({
    type: "novelty",
    payload: { x: [1] },
  });
  expect(read('{"foreign":1}')).toMatchObject({ type: "", payload: { foreign: 1 } });
});

test("members in another order are read all the same", () => {
  const sorted =
    '{"payload":{"role":"user","type":"message"},"timestamp":"2026-01-01T00:00:00Z","type":"response_item"}';
  expect(glance(Buffer.from(sorted))).toBeUndefined();
  expect(read(sorted)).toMatchObject({ type: "response_item", kind: "message", era: "envelope" });
});

test("what stands in the way of a line is looked past and named", () => {
  expect(read("\uFEFF{}")).toMatchObject({ readable: true, flaw: "bom" });
  expect(read("\0\0{}\0")).toMatchObject({ readable: true, flaw: "nul" });
  expect(read(Buffer.from('{"type":"x\xff"}', "latin1"))).toMatchObject({ readable: true, flaw: "utf8" });
  expect(read("\0\0\0\0")).toMatchObject({ why: "nul" });
  expect(read(" \t")).toMatchObject({ why: "blank" });
  expect(read('{"torn')).toMatchObject({ why: "json" });
  expect(read("[1]")).toMatchObject({ why: "not-an-object" });
  expect(read("version https://git-lfs.github.com/spec/v1")).toMatchObject({ why: "git-lfs" });
});

test("no bytes make reading throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.json(), (bytes, json) => {
      readRecord({ bytes: Buffer.from(bytes), whole: true });
      const record = read(json);
      if (record.readable) readHeader(record.payload);
      glance(Buffer.from(bytes));
    }),
  );
});

test("names of rollouts of all times are understood, and no others", () => {
  const id = "01a1fab7-6ca0-7853-978f-a8ff0a61dcf0";
  expect(readRolloutName(`/x/rollout-2026-11-20T20-48-07-${id}.jsonl`)).toEqual({
    thread: id,
    rollout: id,
    made: "2026-11-20T20-48-07",
    form: "jsonl",
  });
  const base = "01a1fab7-7476-7820-b213-d50764a0aadc";
  expect(readRolloutName(`rollout-2026-11-20T20-48-07-${id}_${base}.jsonl.zst`)).toMatchObject({
    rollout: base,
    form: "jsonl.zst",
  });
  expect(readRolloutName(`rollout-2025-05-02-${id}.json`)).toMatchObject({ thread: id, form: "json" });
  expect(readRolloutName(`rollout-2026-11-20T20-48-07-${id}.jsonl.bak`)).toBeUndefined();
  expect(readRolloutName("session_index.jsonl")).toBeUndefined();
});

test("what file managers and sync programs put behind the ids is part of no id", () => {
  const id = "01a1fab7-6ca0-7853-978f-a8ff0a61dcf0";
  const base = "01a1fab7-7476-7820-b213-d50764a0aadc";
  const made = "2026-11-20T20-48-07";
  for (const more of [" (1)", "-copy", "_copy", " 2", "的副本", ".sync-conflict-20261123-101010-ABCDEFG"]) {
    const [own, later] = [id, `${id}_${base}`].map((ids) => `rollout-${made}-${ids}${more}.jsonl`);
    expect(readRolloutName(own!)).toEqual({ thread: id, rollout: id, made, form: "jsonl" });
    expect(readRolloutName(later!)).toEqual({ thread: id, rollout: base, made, form: "jsonl" });
    expect([own!, later!].map(isCopy)).toEqual([true, true]);
    expect(isCodexName(own!)).toBe(false);
  }
  expect(isCopy(`rollout-${made}-${id}_${base}.jsonl.zst`)).toBe(false);
});

test("names that other programs give, and Codex looks for by the id, are understood too", () => {
  const id = "01a1fab7-6ca0-7853-978f-a8ff0a61dcf0";
  const made = "2026-11-20T20-48-07";
  for (const begin of [`${made}.123Z-`, `${made}-123Z-`, `${made}Z-`]) {
    expect(readRolloutName(`rollout-${begin}${id}.jsonl`)).toEqual({
      thread: id,
      rollout: id,
      made,
      form: "jsonl",
    });
    expect(isCodexName(`rollout-${begin}${id}.jsonl`)).toBe(false);
  }
  expect(readRolloutName(`rollout-1759572000000-${id}.jsonl`)).toMatchObject({ thread: id, made: "" });
  expect(readRolloutName(`rollout-${id}.jsonl`)).toMatchObject({ thread: id, made: "" });
  expect(isCodexName(`rollout-${made}-${id}.jsonl`)).toBe(true);
  // 0.169 refuses both: "does not have a canonical rollout filename".
  expect(isCodexName(`ROLLOUT-${made}-${id.toUpperCase()}.JSONL`)).toBe(false);
  expect(isCodexName(`rollout-${made}-${id}.json`)).toBe(false);
});
