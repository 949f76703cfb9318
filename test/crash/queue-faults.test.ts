// Whatever the system refuses while a follow-up is queued.
import fs, { mkdirSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
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

afterEach(() => {
  Object.assign(fs, real);
  syncBuiltinESMExports();
});

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

  let [made, failing] = [0, 0];
  for (const name of calls)
    system[name] = (...values) => {
      if (++made === failing) throw Object.assign(new Error("EMFILE"), { code: "EMFILE", syscall: name });
      return real[name]!(...values);
    };
  syncBuiltinESMExports();
  for (let nth = 1, isOver = false; !isOver; nth++) {
    [made, failing] = [0, nth];
    const { status } = await queue(`message ${nth}`);
    isOver = made < nth;
    failing = 0;
    const told = status === 0 ? [`message ${nth}`] : [];
    const [first, ...queued] = await store.queued(id);
    expect([nth, first?.text, ...queued.map(({ text }) => text)]).toEqual([nth, "first", ...told]);
    for (const each of queued) await store.dequeue(id, each.id);
  }
  await store.close();
});
