// What was acknowledged is there after a loss of power at any moment, whatever the disk had done by itself until then.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { filesWith } from "../../../test/kit/secret.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { Append, FollowUp, LogVisitor, SessionLog, SessionStore } from "../../store.ts";
import { created, renamed } from "../conformance/events.ts";
import { leavings, Power } from "./fixtures/power.ts";
import { folderStore } from "./folder-store.ts";

const ignore: LogVisitor = { record: () => undefined };
const made = Date.UTC(2026, 10, 23);
const [id, other] = [uuidv7(made), uuidv7(made)];
const followUp: FollowUp = { id: uuidv7(made), at: made, text: "later", mode: "followup" };
const torn = '{"crc":"a line that was not written to its end';

let base: string;
let disk: string;
let store: SessionStore;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "power-"));
  disk = join(base, "disk");
  mkdirSync(disk);
  store = folderStore(join(disk, "home"), { version: "0" });
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function inFolder(name: string): string {
  const sessions = join(disk, "home", "sessions");
  return join(sessions, readdirSync(sessions)[0]!, id, name);
}

const makeSession = async (...names: string[]): Promise<SessionLog> => {
  const log = await store.create(id, created(id), "testing");
  await log.append(...names.map(renamed));
  return log;
};

const acquire = (from = store): Promise<SessionLog> =>
  from.acquire(id, ignore, { doing: "testing", force: true });

async function namesIn(left: SessionStore): Promise<string[]> {
  const names: string[] = [];
  await left.read(id, {
    record: ({ event }) => void (event.type === "session-renamed" && names.push(event.name)),
  });
  return names;
}

async function* eventsOf(...groups: Append[][]): AsyncGenerator<Append[]> {
  yield* groups;
}

interface Case {
  /** What is on the disk to begin with. */
  before?(): Promise<unknown>;
  /** `told`: says what was acknowledged. */
  act(told: (what: string) => void): Promise<unknown>;
  /** What is so of all that can be left, when this was acknowledged. */
  holds(left: SessionStore, told: readonly string[], home: string): Promise<void>;
}

const cases: Record<string, Case> = {
  "a session that was made, and what was appended to it": {
    async act(told) {
      const log = await store.create(id, created(id), "testing");
      told("made");
      for (const name of ["one", "two"]) {
        await log.append(renamed(name));
        told(name);
      }
      await log.release();
    },
    async holds(left, [isMade, ...names]) {
      if (!isMade) return expect(["", id]).toContain((await left.list()).map((each) => each.id).join());
      expect(await namesIn(left)).toEqual(expect.arrayContaining(names));
      const log = await acquire(left);
      await log.append(renamed("after"));
      await log.release();
      expect((await namesIn(left)).at(-1)).toBe("after");
    },
  },
  "a torn end that was set aside, and what came after it": {
    async before() {
      await (await makeSession("one")).release();
      appendFileSync(inFolder("log.jsonl"), torn);
    },
    async act(told) {
      const log = await acquire();
      await log.append(renamed("two"));
      told("two");
      await log.release();
    },
    async holds(left, told, home) {
      expect(filesWith(home, torn)).not.toEqual([]);
      expect(await namesIn(left)).toEqual(expect.arrayContaining(["one", ...told]));
    },
  },
  "a last line that lacked its newline, and what came after it": {
    async before() {
      await (await makeSession("one")).release();
      const path = inFolder("log.jsonl");
      writeFileSync(path, readFileSync(path).subarray(0, -1));
    },
    async act(told) {
      const log = await acquire();
      await log.append(renamed("two"));
      told("two");
      await log.release();
    },
    holds: async (left, told) =>
      expect(await namesIn(left)).toEqual(expect.arrayContaining(["one", ...told])),
  },
  "a message that was queued, in a folder that came without an inbox": {
    async before() {
      await (await makeSession("one")).release();
      rmSync(inFolder("inbox"), { recursive: true });
    },
    async act(told) {
      await store.queue(id, followUp);
      told("queued");
    },
    holds: async (left, told) =>
      void (told.length > 0 && expect(await left.queued(id)).toMatchObject([followUp])),
  },
  "a queued message, through a rotation and its undoing": {
    before: async () => {
      await (await makeSession("one")).release();
      await store.queue(id, followUp);
    },
    async act(told) {
      const log = await acquire();
      const first: Append = { event: { ...created(other).event, parent: id, rotated: true } as never };
      const successor = await store.rotate(log, { id: other, events: eventsOf([first]) }, "testing");
      told("rotated");
      told("to be undone");
      await store.undo(successor, log, []);
      told("undone");
      for (const each of [successor, log]) await each.release();
    },
    async holds(left, told) {
      expect(await left.queued(await left.head(id))).toMatchObject([followUp]);
      const heads = [[id, other], [other], [id, other], [id]];
      expect(heads[told.length]).toContain(await left.head(id));
    },
  },
  "a message that was taken from the queue, or buried": {
    before: async () => {
      await (await makeSession("one")).release();
      for (const each of [followUp, { ...followUp, id: other }]) await store.queue(id, each);
    },
    async act(told) {
      await store.dequeue(id, followUp.id);
      told("dequeued");
      await store.bury(id, { ...followUp, id: other, why: "it failed" });
      told("buried");
    },
    async holds(left, [isTaken, isBuried]) {
      const queued = (await left.queued(id)).map((each) => each.id);
      const buried = (await left.buried(id)).map((each) => each.id);
      if (isTaken) expect(queued).not.toContain(followUp.id);
      expect(isBuried ? buried : [...queued, ...buried]).toContain(other);
      if (isBuried) expect(queued).not.toContain(other);
    },
  },
  "a log that is made anew": {
    before: async () => (await makeSession("one", "two")).release(),
    async act(told) {
      const log = await acquire();
      await store.rewrite(log, eventsOf([created(id), renamed("anew")], [renamed("more")]));
      told("rewritten");
      await log.release();
    },
    async holds(left, told) {
      const names = (await namesIn(left)).join();
      expect(told.length > 0 ? ["anew,more"] : ["one,two", "anew,more"]).toContain(names);
    },
  },
  "a scrub": {
    before: async () => {
      await (await makeSession("one", torn)).release();
      await store.queue(id, { ...followUp, text: torn });
    },
    async act(told) {
      const log = await acquire();
      await store.scrub(log, [created(id).event]);
      told("scrubbed");
      await log.release();
    },
    async holds(left, told, home) {
      expect(["one", ""]).toContain((await namesIn(left)).join().slice(0, 3));
      if (told.length > 0) expect(filesWith(home, JSON.stringify(torn).slice(1, -1))).toEqual([]);
    },
  },
  "the mark of an archived session, whose log can take no event": {
    async before() {
      await (await makeSession("one")).release();
      writeFileSync(inFolder("log.jsonl"), "another program's");
    },
    async act(told) {
      await store.shelve(id, true);
      told("archived");
      told("to be unarchived");
      await store.shelve(id, false);
      told("unarchived");
    },
    async holds(left, told) {
      const isShelved = (await left.list()).some(({ archived }) => archived);
      expect([[false, true], [true], [false, true], [false]][told.length]).toContain(isShelved);
    },
  },
  "a session that was removed": {
    before: async () => (await makeSession("planted")).release(),
    async act(told) {
      await store.remove(id);
      told("removed");
    },
    async holds(left, told, home) {
      if (told.length > 0) expect(filesWith(home, "planted")).toEqual([]);
      for (const listed of await left.list()) {
        expect(listed).toMatchObject({ id, name: "planted" });
        expect(listed.trouble).toBeUndefined();
      }
    },
  },
};

describe.each(leavings)("after a loss of power that left what was synced, and of the rest %s", (leaving) => {
  it.each(Object.entries(cases))("%s is as it was told", async (_name, { before, act, holds }) => {
    await before?.();
    const told: string[] = [];
    const moments: { place: string; told: string[] }[] = [];
    const power = new Power(disk, leaving, (leave) => {
      const place = join(base, String(moments.length));
      moments.push({ place, told: [...told] });
      leave(place);
    });
    power.begin();
    try {
      await act((what) => {
        told.push(what);
        power.lose();
      });
    } finally {
      power.end();
    }
    expect(moments.length, "it failed on the way").toBeGreaterThan(told.length);
    for (const { place, told: until } of moments) {
      const home = join(place, "home");
      const left = folderStore(home, { version: "0" });
      await holds(left, until, home).catch((error: unknown) => {
        throw new Error(`${place} after ${until.join() || "nothing"}: ${String(error)}`, { cause: error });
      });
      await left.close();
    }
  });
});
