import fs, { mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFailure } from "../../failure.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { schemaVersion, type NewEvent } from "../../session/event.ts";
import { describeItem } from "../../session/item.ts";
import type { Append, SessionLog, SessionStore } from "../../store.ts";
import { folderStore } from "./folder-store.ts";

const calls = [
  "openSync",
  "readdirSync",
  "lstatSync",
  "fstatSync",
  "writeSync",
  "fsyncSync",
  "fdatasyncSync",
  "renameSync",
  "mkdirSync",
  "ftruncateSync",
  "rmSync",
] as const;
type Call = (...values: unknown[]) => unknown;
const system = fs as unknown as Record<string, Call>;
const others = ["close", "closeSync", "fdatasync"];
const real = Object.fromEntries([...calls, ...others].map((name) => [name, system[name]!]));

/** How many calls were made since the count began, and the one that fails. */
let made = 0;
let failing = Number.POSITIVE_INFINITY;
const open = new Set<unknown>();
/** Calls that fail every time. */
const broken = new Set<string>();

const eio = (syscall: string): Error => Object.assign(new Error("EIO"), { code: "EIO", syscall });

beforeEach(() => {
  failing = Number.POSITIVE_INFINITY;
  open.clear();
  broken.clear();
  for (const name of calls)
    system[name] = (...values) => {
      if (++made === failing || broken.has(name)) throw eio(name);
      // What is on the disk is not what is asked here, and would take most of the time.
      const value = name.endsWith("syncSync") ? undefined : real[name]!(...values);
      if (name === "openSync") open.add(value);
      return value;
    };
  system["fdatasync"] = (_fd, done) =>
    setImmediate(done as (error?: Error) => void, broken.has("fdatasyncSync") ? eio("fdatasync") : undefined);
  for (const name of ["close", "closeSync"])
    system[name] = (...values) => {
      open.delete(values[0]);
      return real[name]!(...values);
    };
  syncBuiltinESMExports();
});

afterEach(() => {
  Object.assign(fs, real);
  syncBuiltinESMExports();
});

const settings = { provider: "p", model: "m", instructionsHash: "", approval: "ask" } as const;
const created = (id: string, parent?: string): Append => ({
  event: {
    ...(parent !== undefined && { parent, rotated: true as const }),
    type: "session-created",
    id,
    schema: schemaVersion,
    version: "0",
    workspace: { path: "/w" },
    settings,
  },
});
const item = Buffer.from('{"type":"message","role":"user","content":"kept"}');
const added: NewEvent = {
  type: "item-added",
  turn: 1,
  step: 1,
  ...describeItem(item)!,
  origin: "input",
};

interface Case {
  store: SessionStore;
  log: SessionLog;
  /** Of a session that is not there yet. */
  other: string;
}

/** What is done to a session that this process owns, or, with `given back`, to one that nobody owns. */
const cases: Record<string, { isGivenBack: boolean; act(made: Case): Promise<unknown> }> = {
  append: { isGivenBack: false, act: ({ log }) => log.append({ event: added, item }) },
  acquire: {
    isGivenBack: true,
    async act({ store, log: { id } }) {
      const log = await store.acquire(id, { record: () => undefined }, { doing: "testing" });
      try {
        expect((await store.holder(id)).state, "who has acquired it has the lease").toBe("held");
      } finally {
        await log.release();
      }
    },
  },
  create: {
    isGivenBack: true,
    act: async ({ store, other }) => (await store.create(other, created(other), "testing")).release(),
  },
  rotate: {
    isGivenBack: false,
    async act({ store, log, other }) {
      async function* events(): AsyncGenerator<Append[]> {
        yield [created(other, log.id)];
      }
      await (await store.rotate(log, { id: other, events: events() }, "testing")).release();
    },
  },
};

describe("whichever call to the system fails", () => {
  it.each(Object.entries(cases))(
    "%s says so in words, leaves nothing open or held, and loses nothing",
    async (_name, { isGivenBack, act }) => {
      const home = mkdtempSync(join(tmpdir(), "throughline-"));
      const store = folderStore(home, { version: "0" });
      for (let nth = 1; ; nth++) {
        failing = Number.POSITIVE_INFINITY;
        const [id, other] = [uuidv7(2 * nth), uuidv7(2 * nth + 1)];
        const log = await store.create(id, created(id), "testing");
        await log.append({ event: added, item });
        if (isGivenBack) await log.release();
        [made, failing] = [0, nth];
        const error = await act({ store, log, other }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        const isOver = made < nth;
        failing = Number.POSITIVE_INFINITY;
        expect([nth, error === undefined || isFailure(error), error]).toEqual([nth, true, error]);
        await log.release();
        expect([nth, open.size]).toEqual([nth, 0]);
        const types: string[] = [];
        const again = await store.acquire(
          id,
          { record: ({ event }) => types.push(event.type) },
          { doing: "testing" },
        );
        await again.release();
        expect([nth, again.report.damage]).toEqual([nth, []]);
        expect(types.slice(0, 2)).toEqual(["session-created", "item-added"]);
        if (error !== undefined) expect((await store.list()).map((session) => session.id)).toEqual([id]);
        if (isOver) break;
        rmSync(join(home, "sessions"), { recursive: true, force: true });
      }
      rmSync(home, { recursive: true, force: true });
    },
  );
});

it("an append that fails and can't be taken back is the writer's last: what the log holds has to be read again", async () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-"));
  const store = folderStore(home, { version: "0" });
  const id = uuidv7(1);
  const log = await store.create(id, created(id), "testing");
  await log.append({ event: added, item });
  for (const name of ["fdatasyncSync", "ftruncateSync"]) broken.add(name);
  const failure = await log.append({ event: added, item }).catch((error: unknown) => error);
  broken.clear();
  expect(isFailure(failure)).toBe(true);
  await expect(log.append({ event: added, item })).rejects.toBe(failure);
  expect(log.lost.reason).toBe(failure);
  await log.release();
  const again = await store.acquire(id, { record: () => undefined }, { doing: "testing" });
  expect([again.report.damage, again.report.nextSeq]).toEqual([[], 4]);
  await again.release();
  rmSync(home, { recursive: true, force: true });
});

it("a session isn't made where a sync on the way failed, which the system tells once", async () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-"));
  const store = folderStore(home, { version: "0" });
  const id = uuidv7(1);
  let syncs = 0;
  system["fdatasync"] = (_fd, done) =>
    setImmediate(done as (error?: Error) => void, ++syncs === 1 ? eio("fdatasync") : undefined);
  syncBuiltinESMExports();
  // So much that it is synced while more is written.
  const large = Buffer.from(JSON.stringify({ type: "message", text: "x".repeat(2 ** 23) }));
  async function* more(): AsyncGenerator<Append[]> {
    for (let group = 0; group < 3; group++) yield [{ event: added, item: large }];
  }
  const failed = await store
    .create(id, created(id), "testing", { more: more() })
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({ class: "store-unavailable" });
  expect(syncs).toBe(1);
  expect(await store.list()).toEqual([]);
  rmSync(home, { recursive: true });
});

it("too many open files are told as that, with what to do about them", async () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-files-"));
  const store = folderStore(home, { version: "1" });
  system["openSync"] = () => {
    throw Object.assign(new Error("EMFILE"), { code: "EMFILE", syscall: "open" });
  };
  syncBuiltinESMExports();
  const id = uuidv7(Date.now());
  const failed = await store.create(id, created(id), "testing").catch((error: unknown) => error);
  Object.assign(fs, real);
  syncBuiltinESMExports();
  expect(failed).toMatchObject({ class: "store-unavailable" });
  expect((failed as Error).message).toMatch(
    /too many files are open \(EMFILE\).*allow more open files \(ulimit -n\)/u,
  );
  rmSync(home, { recursive: true });
});
