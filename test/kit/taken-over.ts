// Rollouts that are taken over, and what came of them.
import type { TakenOver } from "../../src/foreign/codex/takeover/import.ts";
import { importThread } from "../../src/foreign/codex/takeover/import.ts";
import { threadAt } from "../../src/foreign/codex/takeover/find.ts";
import type { ImportPlan } from "../../src/foreign/codex/takeover/import-plan.ts";
import { linesIn } from "../../src/foreign/codex/rollout/bytes/lines.ts";
import { Taking } from "../../src/foreign/codex/takeover/taking.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { LogRecord } from "../../src/session/event.ts";
import { advance, createHistory, type History } from "../../src/session/history.ts";
import { itemsOf } from "../../src/session/items.ts";
import type { SessionStore } from "../../src/store.ts";
import { visibleItems } from "../../src/store/visible-items.ts";

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

/** The items that a session shows, as its log has them. */
export async function shownItems(store: SessionStore, id: string): Promise<string[]> {
  const items: string[] = [];
  const visible = await visibleItems(store, id);
  for await (const { item } of itemsOf(visible, (refs) => store.bodies(id, refs)))
    items.push(Buffer.from(item).toString());
  return items;
}

/** What a session is called that is made of these lines. */
export function titleTaken(lines: string): string | undefined {
  const taking = new Taking(() => "codex");
  taking.take(linesIn(Buffer.from(lines)), 0);
  const source = { format: "codex", id: "", path: "", rollout: "", bytes: 0, line: 0, check: 0 } as const;
  const carried = taking.end(source, 0).find(({ event }) => event.type === "history-carried")?.event;
  return carried?.type === "history-carried" ? carried.title : undefined;
}
