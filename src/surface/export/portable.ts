import { isUtf8 } from "node:buffer";
import { Failure } from "../../failure.ts";
import { rolloutLines } from "../../foreign/codex/rollout/bytes/lines.ts";
import { isUuid } from "../../lib/ids.ts";
import { isJsonObject, type JsonObject, parseJson, stringOf } from "../../lib/json.ts";
import { parseExactJson, writeJson } from "../../lib/whole-json.ts";
import { sessionCreated } from "../../session/created.ts";
import {
  isItemRecord,
  type LogRecord,
  type NewEvent,
  type SessionEvent,
  type Settings,
  schemaVersion,
  type EventOf,
} from "../../session/event.ts";
import { describeAnew } from "../../session/item.ts";
import { objection } from "../../session/objection.ts";
import { declaredSchema } from "../../session/upcast.ts";
import type { Append, SessionStore } from "../../store.ts";
import { itemsOf } from "../../session/items.ts";
import { itemObjection } from "../../store/line.ts";
import { schemaNewer } from "../../store/reader.ts";
import { packageVersion } from "../version.ts";

/** How the first line of an exported session begins. */
const mark = { format: "throughline-session", version: 1 };

/** Whether a file is a session that `export --format throughline` wrote, by its first bytes. */
export const portableHead = JSON.stringify(mark).slice(0, -1);

/**
 * A session's log as lines that another machine can import: a first line that says what it is, then one event a line, with its item last.
 * `onLost`: how many lines of the log can't be read; each has a line that says so in its place.
 */
export async function* portableLines(
  store: SessionStore,
  id: string,
  onLost: (lines: number) => void,
): AsyncGenerator<string> {
  yield `${JSON.stringify({ ...mark, session: id })}\n`;
  const records: LogRecord[] = [];
  await store.read(id, { record: (record) => void records.push(record) });
  const items = itemsOf(records.filter(isItemRecord), (refs) => store.bodies(id, refs));
  const head = restoredHead(records);
  if (head) yield `${JSON.stringify(head)}\n`;
  let next = head ? 1 : 0;
  let lost = next;
  try {
    for (const record of records) {
      const { seq, fence, at } = record.event;
      for (; next < seq; next++, lost++)
        yield `${JSON.stringify({ seq: next, fence, at, type: "line-lost" } satisfies EventOf<"line-lost">)}\n`;
      next = seq + 1;
      const line = JSON.stringify(record.event);
      const item = isItemRecord(record) ? await items.next() : undefined;
      if (!item || item.done === true) yield `${line}\n`;
      else yield `${line.slice(0, -1)},"item":${Buffer.from(item.value.item).toString("utf8")}}\n`;
    }
    if (lost > 0) onLost(lost);
  } finally {
    await items.return(undefined);
  }
}

/** What the first line of a log said, by the end of the first turn, where it can't be read; `undefined` where it can, or no turn has ended. */
function restoredHead(records: readonly LogRecord[]): SessionEvent | undefined {
  const ended = records.map(({ event }) => event).find((event) => event.type === "turn-ended");
  if (records[0]?.event.seq === 0 || !ended) return undefined;
  const { created: at, ...said } = ended.checkpoint;
  return { seq: 0, fence: 1, at, ...sessionCreated({ ...said, version: packageVersion() }) };
}

/** An exported session that is being read. */
export interface Portable {
  /** The session's id where it was exported. */
  readonly id: string;
  /**
   * The events, to be appended to a new session with this id. `approval` replaces what the file says, wherever it says it: whether commands
   * run without asking is decided here, and not by whoever wrote the file. Can be called once.
   */
  events(id: string, approval: Settings["approval"]): AsyncGenerator<Append>;
  /** Closes the file, however far it was read. */
  close(): Promise<void>;
}

/**
 * Reads an exported session. Events keep their numbers, so that references between them hold; items keep their bytes, so that numbers of
 * more than 15 digits do. Throws `session-damaged`, with the line, for anything that isn't as `portableLines` writes it, and `schema-newer`
 * for what a newer version has written.
 */
export async function readPortable(path: string): Promise<Portable> {
  const lines = linesOf(path);
  const close = async (): Promise<void> => void (await lines.return(undefined));
  const { value: first } = await lines.next();
  const head = first && parseJson(first.toString("utf8"));
  const found = isJsonObject(head) ? stringOf(head["session"]) : "";
  if (!isUuid(found)) {
    await close();
    throw damaged(path, 1, "it doesn't say which session it is");
  }
  async function* events(id: string, approval: Settings["approval"]): AsyncGenerator<Append> {
    let seq = 0;
    for await (const bytes of lines) {
      const line = seq + 2;
      const read = readLine(bytes);
      if (!read) throw damaged(path, line, "it is not JSON");
      if (read.event["seq"] !== seq++) throw damaged(path, line, `event ${seq - 1} is missing before it`);
      const schema = declaredSchema(read.event) ?? 0;
      if (schema > schemaVersion) throw schemaNewer(path, schema);
      yield appendOf(read, { id, approval }, (why) => damaged(path, line, why));
    }
  }
  return { id: found, events, close };
}

/** Bytes of the longest line that is read; no log has a longer one. */
const longest = 2 ** 28;

/** The lines of a file, split at "\n" alone: U+2028 and U+2029 stand unescaped in texts. */
async function* linesOf(path: string): AsyncGenerator<Buffer, undefined> {
  for await (const batch of rolloutLines(path, { longest })) for (const { bytes } of batch) yield bytes;
  return undefined;
}

interface PortableLine {
  event: JsonObject;
  item?: Uint8Array;
}

const itemMark = Buffer.from(',"item":');

/**
 * Reads a line's event and item. The item's bytes are kept where it stands last; in an edited line it may stand elsewhere, and is
 * serialised anew.
 */
function readLine(line: Buffer): PortableLine | undefined {
  if (!isUtf8(line)) return undefined;
  const at = line.indexOf(itemMark);
  if (at >= 0) {
    const event = parseJson(`${line.toString("utf8", 0, at)}}`);
    const bytes = line.subarray(at + itemMark.length, line.lastIndexOf(0x7d));
    if (isJsonObject(event) && isJsonObject(parseJson(bytes.toString("utf8"))))
      return { event, item: Uint8Array.from(bytes) };
  }
  const whole = parseExactJson(line.toString("utf8"));
  if (!isJsonObject(whole)) return undefined;
  const { item, ...event } = whole;
  return { event, ...(isJsonObject(item) && { item: new TextEncoder().encode(writeJson(item)) }) };
}

/** An event as it is appended here: a checkpoint loses its offset, which is of the old file, and what the event says of its item is read anew. */
function appendOf(
  { event: value, item }: PortableLine,
  { id, approval }: { id: string; approval: Settings["approval"] },
  wrong: (why: string) => Failure,
): Append {
  const { seq: _seq, fence: _fence, at, ...rest } = value;
  const told = item ? describeAnew(rest, item) : rest;
  if (!told) throw wrong("its item has no type");
  const event = told as unknown as NewEvent;
  const why = objection(event) ?? itemObjection(event.type, item !== undefined);
  if (why !== undefined) throw wrong(why);
  if (event.type === "session-created") event.id = id;
  if (event.type === "session-created" || event.type === "settings-changed")
    event.settings.approval = approval;
  if (event.type === "turn-ended") {
    const { settings } = event.checkpoint;
    event.checkpoint = { ...event.checkpoint, offset: 0, id, settings: { ...settings, approval } };
  }
  return { event, ...(item && { item, sound: true }), ...(typeof at === "number" && { at }) };
}

function damaged(path: string, line: number, why: string): Failure {
  const message = `${path}:${line} is not as an exported session has it: ${why}. Nothing was made. Export the session again where it is whole: throughline export --format throughline`;
  return new Failure("session-damaged", message, { path });
}
