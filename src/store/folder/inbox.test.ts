import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { risingIds, uuidv7 } from "../../lib/ids.ts";
import type { NewEvent } from "../../session/event.ts";
import type { SessionLog, SessionStore } from "../../store.ts";
import { created } from "../conformance/events.ts";
import { folderStore } from "./folder-store.ts";
import { inboxPath, putFollowUp } from "./inbox.ts";
import { newPath } from "./paths.ts";

let home: string;
let store: SessionStore;
let id: string;
let log: SessionLog;
const nextId = risingIds(Date.now);

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "inbox "));
  store = folderStore(home, { version: "0" });
  id = uuidv7(Date.now());
  log = await store.create(id, created(id), "testing");
});
afterEach(async () => {
  await store.close();
  rmSync(home, { recursive: true, force: true });
});

const folderOf = (of: string): string => newPath(home, of, Date.now());
const textsOf = async (of: string): Promise<string[]> => (await store.queued(of)).map(({ text }) => text);
const put = (of: string, text: string): boolean =>
  putFollowUp(folderOf(of), { id: nextId(), at: 0, text, mode: "followup" });

async function rotated(): Promise<SessionLog> {
  const next = nextId();
  const { event } = created(next);
  const head = { ...event, parent: log.id, rotated: true } as NewEvent;
  async function* events() {
    yield [{ event: head }];
  }
  return store.rotate(log, { id: next, events: events() }, "rotating");
}

describe("a follow-up that came while its session was rotated", () => {
  it("is the successor's where it lies, in order, and is taken out of there", async () => {
    put(id, "one");
    const successor = await rotated();
    put(successor.id, "three");
    // Its sender had looked before the rotation was committed.
    put(id, "four");
    expect(await textsOf(successor.id)).toEqual(["one", "three", "four"]);
    const four = (await store.queued(successor.id))[2]!;
    expect(await store.begin(successor.id, four.id)).toBe(true);
    expect(await store.dequeue(successor.id, four.id)).toBe(true);
    expect(await textsOf(successor.id)).toEqual(["one", "three"]);
    await successor.release();
  });

  it("goes to the successor when that is opened, and stays when the predecessor is removed", async () => {
    const successor = await rotated();
    await log.release();
    await successor.release();
    put(id, "late");
    await (await store.acquire(successor.id, { record: () => undefined }, { doing: "opening" })).release();
    expect(readdirSync(inboxPath(folderOf(id)))).toEqual([]);
    put(id, "later");
    await store.remove(id);
    expect(await textsOf(successor.id)).toEqual(["late", "later"]);
    expect((await store.list()).map((session) => session.id)).toEqual([successor.id]);
  });

  it("stays with the predecessor when the rotation was never committed", async () => {
    put(id, "one");
    const successor = await rotated();
    await successor.release();
    put(id, "two");
    // As if the process had been killed before it appended the event.
    const path = join(folderOf(id), "log.jsonl");
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, `${lines.slice(0, -2).join("\n")}\n`);
    const lost = folderOf(successor.id);
    for (const name of readdirSync(inboxPath(lost)))
      renameSync(join(inboxPath(lost), name), join(inboxPath(folderOf(id)), name));
    expect(await textsOf(id)).toEqual(["one", "two"]);
    expect(await textsOf(successor.id)).toEqual([]);
    expect((await store.list()).map((session) => session.id)).toEqual([id]);
    expect(await store.find(successor.id.slice(0, 35))).not.toContain(successor.id);
  });
});

describe("the inbox of a session", () => {
  it("shows a follow-up once that lies in two places of the chain", async () => {
    put(id, "one");
    const successor = await rotated();
    const [name] = readdirSync(inboxPath(folderOf(successor.id)));
    copyFileSync(join(inboxPath(folderOf(successor.id)), name!), join(inboxPath(folderOf(id)), name!));
    expect(await textsOf(successor.id)).toEqual(["one"]);
    expect(await store.dequeue(successor.id, name!.slice(0, 36))).toBe(true);
    expect(await textsOf(successor.id)).toEqual([]);
    await successor.release();
  });

  it("keeps a file that can't be read, and the list names it", async () => {
    put(id, "one");
    const broken = join(inboxPath(folderOf(id)), `${nextId()}.json`);
    writeFileSync(broken, '{"id":');
    expect(await textsOf(id)).toEqual(["one"]);
    expect((await store.list())[0]?.trouble).toContain(broken);
    expect(readFileSync(broken, "utf8")).toBe('{"id":');
    await log.release();
  });

  it("is rid of what a dead sender left, a day later", async () => {
    await log.release();
    const inbox = inboxPath(folderOf(id));
    mkdirSync(inbox, { recursive: true });
    const [old, fresh] = [join(inbox, `.${nextId()}.1`), join(inbox, `.${nextId()}.2`)];
    for (const path of [old, fresh]) writeFileSync(path, "{");
    utimesSync(old, new Date(), new Date(Date.now() - 25 * 3_600_000));
    await (await store.acquire(id, { record: () => undefined }, { doing: "opening" })).release();
    expect(readdirSync(inbox)).toEqual([fresh.slice(inbox.length + 1)]);
  });
});
