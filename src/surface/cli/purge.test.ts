import fs, { existsSync, mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { inProcess, type Said } from "../../../test/kit/in-process.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { NewEvent } from "../../session/event.ts";
import type { Append, SessionLog } from "../../store.ts";
import { created } from "../../store/conformance/events.ts";
import { ignore } from "../../store/conformance/reading.ts";
import { folderStore } from "../../store/folder/folder-store.ts";

const real = { rmSync: fs.rmSync, readdirSync: fs.readdirSync, openSync: fs.openSync };
const system = fs as unknown as Record<string, (...values: unknown[]) => unknown>;

/** Has a call fail from now on where its path is meant. */
function fail(name: keyof typeof real, isMeant: (path: string) => boolean): void {
  system[name] = (...values) => {
    const path = String(values[0]);
    if (isMeant(path)) throw Object.assign(new Error("EIO"), { code: "EIO", syscall: name, path });
    return (real[name] as (...given: unknown[]) => unknown)(...values);
  };
  syncBuiltinESMExports();
}
function mend(): void {
  Object.assign(fs, real);
  syncBuiltinESMExports();
}

let home: string;
let id: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "throughline-purge-"));
  id = uuidv7(Date.now());
  const store = folderStore(home, { version: "0" });
  await (await store.create(id, created(id), "testing")).release();
  await store.close();
});
afterEach(() => {
  mend();
  rmSync(home, { recursive: true });
});

const run = (...words: string[]): Promise<Said> => inProcess(home, home, words);
const left = (): string[] => {
  const sessions = join(home, "sessions");
  return (real.readdirSync(sessions) as string[]).flatMap((month) => real.readdirSync(join(sessions, month)));
};

it("a session that lost its name and could not be emptied is named by its id, which removes the rest", async () => {
  await run("name", id, "it");
  fail("rmSync", (path) => path.includes(".gone-") && existsSync(path));
  const first = await run("delete", "it");
  expect(first.status).toBe(1);
  expect(first.out).toContain(`deleted session ${id}`);
  expect(first.err).toContain("is left of a removal and can't be removed");
  expect(first.err).toContain(`Run it again: throughline delete ${id}\n`);
  expect(left()).toEqual([`.gone-${id}`]);
  mend();
  const again = await run("delete", id);
  expect(again.err).toContain("no session here has this id (any more)");
  expect(left()).toEqual([]);
});

it("a session that lost its name and was emptied at the second try is told as deleted", async () => {
  let tries = 0;
  fail("rmSync", (path) => path.includes(".gone-") && existsSync(path) && ++tries === 1);
  const { status, out } = await run("delete", id);
  expect([status, tries > 0]).toEqual([0, true]);
  expect(out).toContain(`deleted session ${id}`);
  expect(left()).toEqual([]);
});

it("a session whose removal a disk doesn't make durable is told as deleted, and as one that may be back", async () => {
  fail("openSync", (path) => /sessions.\d{4}-\d\d$/u.test(path));
  const { status, out, err } = await run("delete", id);
  expect(status).toBe(1);
  expect(out).toContain(`deleted session ${id}`);
  expect(err).toContain("may be back after a power failure");
});

it("what was deleted is told where it can't be looked for what is left", async () => {
  fail("readdirSync", (path) => path === join(home, "sessions") && left().length === 0);
  const { status, out, err } = await run("delete", id);
  expect(left()).toEqual([]);
  expect(status).toBe(1);
  expect(out).toContain(`deleted session ${id}`);
  expect(err).toContain("can't be looked for: the disk fails (EIO). Run it again: throughline delete");
});

it("what a session was rotated from stays with it when somebody has begun to use it while the question stood", async () => {
  const store = folderStore(home, { version: "0" });
  const successor = uuidv7(Date.now() + 1);
  const { event } = created(successor);
  async function* events(): AsyncGenerator<Append[]> {
    yield [{ event: { ...event, parent: id, rotated: true } as NewEvent }];
  }
  const log = await store.acquire(id, ignore, { doing: "testing" });
  const head = await store.rotate(log, { id: successor, events: events() }, "rotating");
  await log.release();
  await head.release();
  let used: SessionLog | undefined;
  const asked = await inProcess(home, home, ["purge", id, "--with-relatives"], undefined, async () => {
    used = await store.acquire(successor, ignore, { doing: "testing" });
    return true;
  });
  await used?.release();
  expect(asked.status).toBe(3);
  expect(asked.err).toContain(`left ${id}: it goes on in session ${successor}, which stays\n`);
  expect(left().sort()).toEqual([id, successor].sort());
  await store.close();
});
