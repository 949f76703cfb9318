import type { LogRecord } from "../../session/event.ts";
import type { LogVisitor, SessionStore } from "../../store.ts";

/** For those who acquire a session and don't look at its log. */
export const ignore: LogVisitor = { record: () => undefined };

/** Every record of a session's log that counts. */
export async function readAll(store: SessionStore, id: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await store.read(id, { record: (record) => records.push(record) });
  return records;
}
