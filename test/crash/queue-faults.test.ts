// Whatever the system refuses while a follow-up is queued, or a rotation is taken back.
import fs, { mkdirSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { uuidv7 } from "../../src/lib/ids.ts";
import { created } from "../../src/store/conformance/events.ts";
import { folderStore } from "../../src/store/folder/folder-store.ts";
import { inProcess, type Said } from "../kit/in-process.ts";
import { temporaryFolder } from "../kit/temporary-folder.ts";

const calls = [
  "openSync",
  "writeSync",
  "fsyncSync",
  "renameSync",
  "readdirSync",
  "readFileSync",
  "fstatSync",
];
type Call = (...values: unknown[]) => unknown;
const system = fs as unknown as Record<string, Call>;
const real = Object.fromEntries(calls.map((name) => [name, system[name]!]));

let [made, failing] = [0, 0];

beforeEach(() => {
  for (const name of calls)
    system[name] = (...values) => {
      if (++made === failing) throw Object.assign(new Error("EMFILE"), { code: "EMFILE", syscall: name });
      return real[name]!(...values);
    };
  syncBuiltinESMExports();
});
afterEach(() => {
  Object.assign(fs, real);
  syncBuiltinESMExports();
});

/** What an act ends with whose nth call to the system fails. `isOver`: it makes fewer. */
async function withFailing<T>(nth: number, act: () => Promise<T>): Promise<{ ended: T; isOver: boolean }> {
  [made, failing] = [0, nth];
  try {
    return { ended: await act(), isOver: made < nth };
  } finally {
    failing = 0;
  }
}

it("a message is told as queued when it is, and as not queued when it isn't: it would be queued again, and delivered twice", async () => {
  const root = temporaryFolder();
  const [home, folder] = [join(root, "home"), join(root, "work")];
  mkdirSync(folder);
  const store = folderStore(home, { version: "0" });
  const id = uuidv7(Date.now());
  await (await store.create(id, created(id), "testing")).release();
  const queue = (text: string): Promise<Said> => inProcess(home, folder, ["queue", id, text]);
  // The first command loads what it needs.
  expect((await queue("first")).status).toBe(0);

  for (let nth = 1, isOver = false; !isOver; nth++) {
    const { ended, ...after } = await withFailing(nth, () => queue(`message ${nth}`));
    ({ isOver } = after);
    const told = ended.status === 0 ? [`message ${nth}`] : [];
    const [first, ...queued] = await store.queued(id);
    expect([nth, first?.text, ...queued.map(({ text }) => text)]).toEqual([nth, "first", ...told]);
    for (const each of queued) await store.dequeue(id, each.id);
  }
  await store.close();
});

it.each([
  ["waits", false],
  ["is being delivered", true],
])(
  "a message that %s and that a program queues again under its id stays queued where that fails",
  async (_, isBegun) => {
    const store = folderStore(join(temporaryFolder(), "home"), { version: "0" });
    const id = uuidv7(Date.now());
    await (await store.create(id, created(id), "testing")).release();
    const message = { id: uuidv7(Date.now()), at: 1, text: "once", mode: "followup" } as const;
    const queue = (): Promise<boolean> =>
      store.queue(id, message).then(
        () => true,
        () => false,
      );
    expect(await queue()).toBe(true);
    if (isBegun) expect(await store.begin(id, message.id)).toBe(true);
    let failed = 0;
    for (let nth = 1, isOver = false; !isOver; nth++) {
      const { ended, ...after } = await withFailing(nth, queue);
      ({ isOver } = after);
      if (!ended) failed++;
      expect([nth, (await store.queued(id)).map(({ text }) => text)]).toEqual([nth, ["once"]]);
    }
    expect(failed).toBeGreaterThan(3);
    await store.close();
  },
);

it("an undoing of a rotation that fails says whether the predecessor is back", async () => {
  const store = folderStore(join(temporaryFolder(), "home"), { version: "0" });
  const told = new Set<string>();
  for (let nth = 1, isOver = false; !isOver; nth++) {
    const [before, after] = [uuidv7(Date.now()), uuidv7(Date.now())];
    const predecessor = await store.create(before, created(before), "testing");
    const events = (async function* () {
      yield [created(after)];
    })();
    const successor = await store.rotate(predecessor, { id: after, events }, "testing");
    const undo = (): Promise<string> => store.undo(successor, predecessor, []).then(() => "", String);
    const { ended, ...rest } = await withFailing(nth, undo);
    ({ isOver } = rest);
    for (const log of [predecessor, successor]) await log.release();
    const isBack = (await store.head(before)) === before;
    const saysSo = ended === "" || ended.includes(`Session ${before} is back`);
    expect([nth, saysSo, ended]).toEqual([nth, isBack, ended]);
    told.add(ended === "" ? "done" : isBack ? "back" : "not back");
  }
  expect([...told].sort()).toEqual(["back", "done", "not back"]);
  await store.close();
});
