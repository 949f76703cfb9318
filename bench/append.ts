import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type * as IdsModule from "../src/lib/ids.ts";
import type { Append } from "../src/store.ts";
import type * as StoreModule from "../src/store/folder/folder-store.ts";
import { encodeLine } from "../test/kit/log-line.ts";
import { median } from "./numbers.ts";
import { shipped } from "./shipped.ts";
import type { Bench, Row } from "./table.ts";

const { uuidv7 } = await shipped<typeof IdsModule>("lib/ids");
const { folderStore } = await shipped<typeof StoreModule>("store/folder/folder-store");

const inFlight = 16;

/** Durable appends of 2 KB events, beside a bare loop of write and fdatasync, and beside one INSERT a transaction in SQLite. */
export async function append({ scratch, quick }: Bench): Promise<Row[]> {
  const [rounds, count] = quick ? [3, 64] : [11, 200];
  const event = eventOf2KB();
  const line = encodeLine({ seq: 1_000, fence: 1, at: Date.now(), ...event.event }, event.item!).bytes;

  const store = folderStore(join(scratch, "append"), { version: "bench" });
  const id = uuidv7(Date.now());
  const settings = { provider: "bench", model: "bench", instructionsHash: "", approval: "all" as const };
  const created = {
    type: "session-created" as const,
    id,
    schema: 1,
    version: "bench",
    workspace: { path: scratch },
    settings,
  };
  const log = await store.create(id, { event: created }, "bench");
  const bare = openSync(join(scratch, "append.bare"), "a", 0o600);
  const database = new DatabaseSync(join(scratch, "append.sqlite"));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)",
  );
  const insert = database.prepare("INSERT INTO log (line) VALUES (?)");

  const ways = {
    bare: async () => {
      for (let at = 0; at < count; at++) {
        writeSync(bare, line);
        fdatasyncSync(bare);
      }
    },
    ours: async () => {
      for (let at = 0; at < count; at++) await log.append(event);
    },
    sqlite: async () => {
      for (let at = 0; at < count; at++) insert.run(line);
    },
    group: async () => {
      let left = count;
      const worker = async (): Promise<void> => {
        while (left-- > 0) await log.append(event);
      };
      await Promise.all(Array.from({ length: inFlight }, worker));
    },
  };
  type Way = keyof typeof ways;
  const rates: Record<Way, number[]> = { bare: [], ours: [], sqlite: [], group: [] };
  for (let round = -1; round < rounds; round++) {
    // The order rotates, so that no way always follows the same other one.
    const order = (Object.keys(ways) as Way[]).map((_, at, all) => all[(at + round + 1) % all.length]!);
    for (const way of order) {
      const began = performance.now();
      await ways[way]();
      if (round >= 0) rates[way].push((count * 1_000) / (performance.now() - began));
    }
  }
  database.close();
  closeSync(bare);
  await log.release();
  await store.close();

  const perSecond = (way: Way): string => `${median(rates[way]).toFixed(0)}/s`;
  const against = (way: Way, beside: Way): string =>
    median(rates[way].map((rate, at) => rate / rates[beside][at]!)).toFixed(2);
  const what = `append ${line.length} B, durable`;
  return [
    {
      measure: `${what}, one at a time`,
      ours: perSecond("ours"),
      beside: `${perSecond("bare")} write + fdatasync`,
      ratio: against("ours", "bare"),
      goal: "≥ 0.8",
    },
    {
      measure: `${what}, one at a time`,
      ours: perSecond("ours"),
      beside: `${perSecond("sqlite")} SQLite INSERT (WAL, FULL)`,
      ratio: against("ours", "sqlite"),
    },
    {
      measure: `${what}, ${inFlight} in flight`,
      ours: perSecond("group"),
      beside: `${perSecond("bare")} write + fdatasync`,
      ratio: against("group", "bare"),
    },
  ];
}

function eventOf2KB(): Append {
  const facts = { kind: "function_call_output", call: "call_0123456789abcdef01234567" };
  const item = (output: string): Uint8Array =>
    Buffer.from(JSON.stringify({ type: facts.kind, call_id: facts.call, output }));
  const event = { type: "item-added" as const, turn: 3, step: 21, ...facts, origin: "tool" as const };
  const empty = encodeLine({ seq: 1_000, fence: 1, at: Date.now(), ...event }, item("")).bytes.length;
  return { event, item: item("x".repeat(2048 - empty)) };
}
