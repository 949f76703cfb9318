// Rollouts that are taken over, and what came of them.
import type { TakenOver } from "../../src/foreign/codex/takeover/import.ts";
import { importThread } from "../../src/foreign/codex/takeover/import.ts";
import { threadAt } from "../../src/foreign/codex/takeover/find.ts";
import type { ImportPlan } from "../../src/foreign/codex/takeover/import-plan.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { LogRecord } from "../../src/session/event.ts";
import { advance, createHistory, type History } from "../../src/session/history.ts";
import type { SessionStore } from "../../src/store.ts";

/** Takes over the thread of the rollout that lies there, or what is new in it. */
export async function take(plan: ImportPlan, path: string): Promise<TakenOver> {
  const thread = await threadAt(path);
  if (!thread) throw new Error(`${path} is no thread`);
  return importThread(plan, thread);
}

/** A session as its log tells it. */
export interface Opened {
  readonly history: History;
  readonly records: readonly LogRecord[];
  /** The items of the window. */
  readonly items: readonly JsonObject[];
}

export async function opened(store: SessionStore, id: string): Promise<Opened> {
  const history = createHistory();
  const records: LogRecord[] = [];
  await store.read(id, {
    record: (record) => {
      advance(history, record);
      records.push(record);
    },
  });
  const items: JsonObject[] = [];
  for (const { body } of history.items)
    items.push(JSON.parse(Buffer.from(await store.body(id, body)).toString()) as JsonObject);
  return { history, records, items };
}
