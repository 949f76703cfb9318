import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LogRecord } from "../../session/event.ts";
import { describeItem } from "../../session/item.ts";
import type { SessionLog, SessionStore } from "../../store.ts";
import { memoryStore } from "../../store/memory/memory-store.ts";
import { portableLines, readPortable } from "./portable.ts";

const id = "01a1fb7c-0000-7000-8000-000000000001";
const settings = { provider: "p", model: "m", instructionsHash: "", approval: "ask" } as const;
const created = {
  type: "session-created",
  id,
  schema: 1,
  version: "0",
  workspace: { path: "/w" },
  settings,
} as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "throughline-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function exported(item: string): Promise<string> {
  const store = memoryStore({ version: "0" });
  const log = await store.create(id, { event: created }, "testing");
  const bytes = Buffer.from(item);
  await log.append({
    event: { type: "item-added", turn: 1, step: 1, ...describeItem(bytes)!, origin: "model" },
    item: bytes,
  });
  await log.release();
  const path = join(folder, "session.jsonl");
  let text = "";
  for await (const line of portableLines(store, id)) text += line;
  writeFileSync(path, text);
  return path;
}

const lines = (path: string): string[] => readFileSync(path, "utf8").split("\n").filter(Boolean);

async function imported(path: string): Promise<{ store: SessionStore; records: LogRecord[] }> {
  const store = memoryStore({ version: "0" });
  let log: SessionLog | undefined;
  for await (const append of (await readPortable(path)).events(id, "ask")) {
    if (log) await log.append(append);
    else log = await store.create(id, append, "testing");
  }
  await log?.release();
  const records: LogRecord[] = [];
  await store.read(id, { record: (record) => void records.push(record) });
  return { store, records };
}

it.each([
  ["a text with the separators that JSON takes raw", '{"type":"message","text":"a\u2028b\u2029c\u0085d"}'],
  ["a number that no double is", '{"type":"message","n":12345678901234567890,"x":1e400}'],
  ["white space and a member that is there twice", '{ "type": "message",\r "id": "m", "n": 1, "n": 2 }'],
])("an item comes out of an export byte for byte: %s", async (_what, item) => {
  const { store, records } = await imported(await exported(item));
  const [, added] = records;
  expect(Buffer.from(await store.body(id, added!.body!)).toString()).toBe(item);
  expect(added!.event).toMatchObject(describeItem(Buffer.from(item))!);
});

it("what a file from elsewhere says of an item is read from the item", async () => {
  const path = await exported('{"type":"message","id":"m","text":"x"}');
  const [head, first, line] = lines(path);
  writeFileSync(path, [head, first, line!.replace('"cut":[', '"cut":[3')].join("\n"));
  const { records } = await imported(path);
  expect(records[1]!.event).toMatchObject({ cut: [18, 27] });
});

it("a line that somebody edited, with its item not last, is taken", async () => {
  const path = await exported('{"type":"message","id":"m","text":"x"}');
  const [head, first, line] = lines(path);
  const { item, ...event } = JSON.parse(line!) as { item: object };
  writeFileSync(path, [head, first, JSON.stringify({ item, ...event })].join("\n"));
  const { store, records } = await imported(path);
  expect(Buffer.from(await store.body(id, records[1]!.body!)).toString()).toBe(JSON.stringify(item));
});

it("a line that isn't JSON, or no text, is named", async () => {
  const path = await exported('{"type":"message"}');
  const [head, first] = lines(path);
  for (const wrong of [Buffer.from('{"seq":1'), Buffer.from([0x7b, 0xff, 0x7d])]) {
    writeFileSync(path, Buffer.concat([Buffer.from(`${head}\n${first}\n`), wrong]));
    await expect(imported(path)).rejects.toThrow(/session\.jsonl:3 .*it is not JSON/u);
  }
});
