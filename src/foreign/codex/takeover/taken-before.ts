import { crc32 } from "node:zlib";
import { isJsonObject, parseJson } from "../../../lib/json.ts";
import { isFailureOf } from "../../../failure.ts";
import type { EventType, LogRecord, Settings } from "../../../session/event.ts";
import { advance, createHistory, type History, resumeFrom } from "../../../session/history.ts";
import type { Imported } from "../../../session/imported.ts";
import type { LogVisitor, SessionLog, SessionStore } from "../../../store.ts";
import { itemsOf } from "../../../session/items.ts";
import { linesOf } from "../rollout/file/lines-of.ts";
import type { RolloutFile } from "../home/places.ts";
import { type TurnMark, turnMark } from "../rollout/thread/turn-mark.ts";

// What the session that a thread became says of it, so that only what came since is taken over.

/** What the rollout holds after the part that was taken over. */
export interface Fresh {
  readonly bytes: number;
  /** Whether a rollback may be among it. */
  readonly isRolledBack: boolean;
}

/** `undefined`: the part that was taken over is gone or has changed. */
export async function freshIn(file: RolloutFile, imported: Imported): Promise<Fresh | undefined> {
  if (file.rollout !== imported.rollout) return undefined;
  if (file.form === "json")
    return file.bytes === imported.bytes ? { bytes: 0, isRolledBack: false } : undefined;
  let isFound = false;
  let isRolledBack = false;
  let end = imported.bytes;
  for await (const lines of linesOf(file.path, { from: imported.line })) {
    const [first] = lines;
    if (!isFound && first) {
      if (crc32(first.bytes.subarray(0, imported.bytes - imported.line)) !== imported.check) return undefined;
      isFound = true;
    }
    isRolledBack ||= lines.some((line) => line.offset >= imported.bytes && line.bytes.includes(rollback));
    const line = lines.at(-1);
    if (line) end = line.offset + line.length + line.ending.length;
  }
  return isFound ? { bytes: Math.max(0, end - imported.bytes), isRolledBack } : undefined;
}

const rollback = Buffer.from('"thread_rolled_back"');

/** What is known of a session that a thread was taken over into. */
export interface Known {
  readonly history: History;
  /** It has gone its own way since. */
  readonly movedOn: boolean;
  /** What came since was being taken over, and that was cut off: a part of it is in the history. */
  readonly isCutOff: boolean;
  /** The messages that it had when it was taken over; means nothing once it has gone its own way. */
  readonly messages: number;
  /** Settings that a person has changed since. */
  readonly chosen: Partial<Settings>;
}

/** `undefined`: the thread was not taken over before. */
export async function readKnown(store: SessionStore, id: string): Promise<Known | undefined> {
  let history = createHistory();
  let taken: Settings | undefined;
  let isBehind = false;
  let [movedOn, isCutOff, messages] = [false, false, 0];
  const visitor: LogVisitor = {
    checkpoint: (record) => {
      history = resumeFrom(record);
      movedOn = true;
    },
    record: (record: LogRecord) => {
      advance(history, record);
      const { type } = record.event;
      if (type === "session-imported") {
        [isBehind, movedOn, isCutOff] = [true, false, false];
        [taken, messages] = [history.settings, history.messages];
      } else if (!isBehind || movedOn || quiet.has(type)) return;
      else if (ofTaking.has(type) || (isCutOff && type === "history-rewound")) isCutOff = true;
      else [movedOn, isCutOff] = [true, false];
    },
  };
  try {
    await store.read(id, visitor, { from: "window" });
  } catch (error) {
    if (isFailureOf(error, "session-missing")) return undefined;
    throw error;
  }
  const chosen = taken ? changed(taken, history.settings) : {};
  return { history, movedOn, isCutOff, messages, chosen };
}

function changed(before: Settings, now: Settings): Partial<Settings> {
  const isOther = ([key, value]: [string, unknown]): boolean => value !== before[key as keyof Settings];
  return Object.fromEntries(Object.entries(now).filter(isOther));
}

/** Events that don't count as a session going its own way. */
const quiet: ReadonlySet<string> = new Set<EventType>([
  "lease-taken",
  "settings-changed",
  "session-renamed",
  "session-archived",
  "session-unarchived",
  "instructions-amended",
]);

/** Events that a session gets before a turn of its own begins only while something is taken over into it. */
const ofTaking: ReadonlySet<string> = new Set<EventType>(["item-added", "history-replaced"]);

/** For each item of the history's window, what it means to a rollback. */
export async function marksOf(log: SessionLog, { items }: History): Promise<TurnMark[]> {
  const marks: TurnMark[] = Array.from({ length: items.length }, () => undefined);
  const asked = items.flatMap((record, index) => {
    const { kind } = record.event;
    return kind === "agent_message" || kind === "message" ? [{ record, index }] : [];
  });
  let at = 0;
  for await (const { item } of itemsOf(
    asked.map(({ record }) => record),
    (refs) => log.bodies(refs),
  )) {
    const payload = parseJson(Buffer.from(item).toString("utf8"));
    const { record, index } = asked[at++]!;
    if (isJsonObject(payload)) marks[index] = turnMark(record.event.kind, payload);
  }
  return marks;
}
