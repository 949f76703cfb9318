import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { LogRecord, SessionEvent } from "../../session/event.ts";
import type { Append, LogVisitor, ReadReport, SessionStore } from "../../store.ts";
import { created, itemAdded, renamed } from "../conformance/events.ts";
import { encodeLine } from "../../../test/kit/log-line.ts";
import { Child } from "./fixtures/spawn-child.ts";
import { folderStore } from "./folder-store.ts";

const isRoot = process.getuid?.() === 0;
const canMount =
  isRoot && process.platform === "linux" && spawnSync("unshare", ["--mount", "true"]).status === 0;

let base: string;
let home: string;
let id: string;
let store: SessionStore;
const children: Child[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "faults "));
  home = join(base, "höme of ☂");
  id = uuidv7(Date.now());
  store = folderStore(home, { version: "0" });
});

afterEach(async () => {
  for (const each of children.splice(0)) await each.kill();
  await store.close();
  rmSync(base, { recursive: true, force: true });
});

function child(options?: ConstructorParameters<typeof Child>[2]): Child {
  const made = new Child(home, id, options);
  children.push(made);
  return made;
}

const ignore: LogVisitor = { record: () => undefined };
const folder = (): string => join(home, "sessions", readdirSync(join(home, "sessions"))[0]!, id);
const logFile = (): string => join(folder(), "log.jsonl");

async function makeSession(...names: string[]): Promise<void> {
  const log = await store.create(id, created(id), "testing");
  for (const name of names) await log.append(renamed(name));
  await log.release();
}

async function readNames(): Promise<{ names: string[]; records: LogRecord[]; report: ReadReport }> {
  const records: LogRecord[] = [];
  const report = await store.read(id, { record: (record) => records.push(record) });
  return { names: namesIn(records), records, report };
}

const namesIn = (records: readonly LogRecord[]): string[] =>
  records.flatMap(({ event }) => (event.type === "session-renamed" ? [event.name] : []));

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

it("the log that an owner was making anew when it was killed goes with the next owner", async () => {
  await makeSession("one");
  for (const name of ["log.rewritten", "log.rewritten.1"])
    writeFileSync(join(folder(), name), "half of a log");
  await (await store.acquire(id, ignore, { doing: "testing" })).release();
  expect(readdirSync(folder()).filter((name) => name.startsWith("log."))).toEqual(["log.jsonl"]);
  expect((await readNames()).names).toEqual(["one"]);
});

describe("an owner that opens a session", () => {
  const lengths: [string, string][] = [
    ["short", "two"],
    ["longer than what is read at once", "two".repeat(100_000)],
  ];

  it.each(lengths)(
    "sets a torn last line aside, durably and named, and goes on behind the last whole one: %s",
    async (_length, last) => {
      await makeSession("one", last);
      const whole = readFileSync(logFile());
      truncateSync(logFile(), whole.length - 10);
      const torn = readFileSync(logFile()).subarray(whole.lastIndexOf(0x0a, -2) + 1);
      const log = await store.acquire(id, ignore, { doing: "testing" });
      expect(log.report.damage).toMatchObject([{ kind: "torn-tail", from: 0, to: torn.length }]);
      expect(readFileSync(join(folder(), "log.torn")).subarray(0, torn.length).equals(torn)).toBe(true);
      await log.append(renamed("three"));
      await log.release();
      const { names, report } = await readNames();
      expect([names, report.damage]).toEqual([["one", "three"], []]);
    },
  );

  it.each(lengths)("keeps a last line that lacks nothing but its newline: %s", async (_length, last) => {
    await makeSession("one", last);
    truncateSync(logFile(), statSync(logFile()).size - 1);
    const log = await store.acquire(id, ignore, { doing: "testing" });
    const [next] = await log.append(renamed("three"));
    expect(readFileSync(logFile()).subarray(next!.offset).toString()).toMatch(/^\{"crc"/u);
    await log.release();
    const { names, report } = await readNames();
    expect([names, report.damage]).toEqual([["one", last, "three"], []]);
  });

  it("goes on behind NULs and garbage, which stay where they are", async () => {
    await makeSession("one");
    appendFileSync(logFile(), Buffer.concat([Buffer.alloc(512), Buffer.from("\nwhat is this\n")]));
    const log = await store.acquire(id, ignore, { doing: "testing" });
    await log.append(renamed("two"));
    await log.release();
    const { names, report } = await readNames();
    expect([names, report.damage.map(({ kind }) => kind)]).toEqual([
      ["one", "two"],
      ["nul-block", "unreadable"],
    ]);
  });

  it("takes a higher number than the log's when the lease files were lost", async () => {
    await makeSession("one");
    for (let round = 0; round < 3; round++)
      await (await store.acquire(id, ignore, { doing: "testing" })).release();
    for (const name of readdirSync(folder())) if (name.startsWith("lease.")) rmSync(join(folder(), name));
    const log = await store.acquire(id, ignore, { doing: "testing" });
    expect(log.fence).toBe(5);
    await log.append(renamed("two"));
    await log.release();
    expect((await readNames()).names).toEqual(["one", "two"]);
  });

  it("goes by the name of a lease file whose content names another number", async () => {
    await makeSession("one");
    const path = join(folder(), "lease.1.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace('"fence":1,', '"fence":99999999999999999999,'));
    const log = await store.acquire(id, ignore, { doing: "testing" });
    expect(log.fence).toBe(2);
    await log.release();
  });

  it("counts on from what a replaced writer slipped in before the new lease was logged", async () => {
    const old = await store.create(id, created(id), "testing");
    const late = encodeLine({
      seq: 1,
      fence: 1,
      at: 0,
      type: "session-renamed",
      name: "slipped in",
    } as SessionEvent).bytes;
    appendFileSync(logFile(), late);
    const log = await store.acquire(id, ignore, { doing: "testing", force: true });
    appendFileSync(
      logFile(),
      encodeLine({ seq: 2, fence: 1, at: 0, type: "session-renamed", name: "too late" } as SessionEvent)
        .bytes,
    );
    const [next] = await log.append(renamed("new"));
    expect(
      readFileSync(logFile())
        .subarray(next!.offset, next!.offset + 40)
        .toString(),
    ).toContain('"seq":3,"fence":2');
    await log.release();
    await old.release();
    const { names, report } = await readNames();
    expect([names, report.damage.map(({ kind }) => kind)]).toEqual([["slipped in", "new"], ["stale-fence"]]);
  });
});

describe("a reader that isn't the owner", () => {
  it("never changes a byte, torn tail or not", async () => {
    await makeSession("one", "two");
    truncateSync(logFile(), statSync(logFile()).size - 10);
    const before = snapshot(folder());
    await readNames();
    await store.holder(id);
    await store.list();
    await store.queued(id);
    expect(snapshot(folder())).toEqual(before);
  });
});

describe("a log that is not to be written", () => {
  it.each([
    ["of a newer version", "schema-newer", () => replaceFirst('"schema":1', '"schema":2')],
    ["whose lease names a newer version", "schema-newer", () => replaceInLease('"schema":1', '"schema":2')],
    [
      "that is another program's",
      "session-damaged",
      () => writeFileSync(logFile(), '{"type":"session_meta"}\n'.repeat(50)),
    ],
  ])("%s is refused and left untouched", async (_, expected, damage) => {
    await makeSession("one");
    damage();
    const before = snapshot(folder());
    const failure = await failureOf(store.acquire(id, ignore, { doing: "testing" }));
    expect(isFailureOf(failure, expected as "schema-newer")).toBe(true);
    expect(snapshot(folder())).toEqual(before);
    expect(await store.list()).toMatchObject([{ id }]);
    await store.remove(id);
    expect(existsSync(folderIfThere())).toBe(false);
  });

  it("is one whose folder is a link", async () => {
    await makeSession("one");
    renameSync(folder(), join(base, "elsewhere"));
    symlinkSync(join(base, "elsewhere"), join(home, "sessions", readdirSync(join(home, "sessions"))[0]!, id));
    expect(isFailureOf(await failureOf(store.acquire(id, ignore, { doing: "x" })), "session-damaged")).toBe(
      true,
    );
    await expect(store.read("../../../etc/passwd", ignore)).rejects.toSatisfy((error) =>
      isFailureOf(error, "session-missing"),
    );
  });
});

describe("a reader", () => {
  it("whose log is scrubbed between its lines and their items is told so", async () => {
    const log = await store.create(id, created(id), "testing");
    const [record] = await log.append(
      ...["a", "b"].map((text) =>
        itemAdded(Buffer.from(JSON.stringify({ type: "message", text: text.repeat(9_999) }))),
      ),
    );
    await store.scrub(log, [created(id).event]);
    await log.release();
    for await (const failure of [
      failureOf(store.body(id, record!.body!)),
      failureOf(store.bodies(id, [record!.body!])[Symbol.asyncIterator]().next()),
    ])
      expect(isFailureOf(failure, "session-damaged") && failure.message).toContain("was scrubbed");
  });
});

describe("a log that is made anew", () => {
  it("is not touched by an owner that was making it anew when it was replaced", async () => {
    /** One event, and no more until `go` is called. */
    const held = (name: string) => {
      let go = (): void => undefined;
      const isWanted = new Promise<void>((resolve) => (go = resolve));
      async function* events(): AsyncGenerator<Append[]> {
        yield [created(id), renamed(name)];
        await isWanted;
      }
      return { go: () => go(), events: events() };
    };
    const [ours, theirs] = [held("ours"), held("theirs")];
    const log = await store.create(id, created(id), "testing");
    const first = failureOf(store.rewrite(log, ours.events));
    const other = folderStore(home, { version: "0" });
    const next = await other.acquire(id, ignore, { doing: "working", force: true });
    const second = other.rewrite(next, theirs.events);
    ours.go();
    expect(await first).toSatisfy((error) => isFailureOf(error, "lease-lost"));
    theirs.go();
    await second;
    for (const each of [next, log]) await each.release();
    await other.close();
    expect((await readNames()).names).toEqual(["theirs"]);
    expect(readdirSync(folder()).filter((name) => name.includes("rewritten"))).toEqual([]);
  });
});

describe("a scrub", () => {
  it("by an owner that was replaced changes nothing", async () => {
    const log = await store.create(id, created(id), "testing");
    const other = folderStore(home, { version: "0" });
    const theirs = await other.acquire(id, ignore, { doing: "working", force: true });
    await theirs.append(renamed("theirs"));
    const before = readFileSync(logFile());
    const failure = await failureOf(store.scrub(log, [created(id).event]));
    expect(failure).toSatisfy((error) => isFailureOf(error, "lease-lost"));
    expect(readFileSync(logFile()).equals(before)).toBe(true);
    expect(readdirSync(folder()).filter((name) => name.startsWith("log."))).toEqual(["log.jsonl"]);
    await theirs.append(renamed("more of theirs"));
    for (const each of [theirs, log]) await each.release();
    await other.close();
    expect((await readNames()).names).toEqual(["theirs", "more of theirs"]);
  });

  it("keeps the lease and the archive's mark, and of all else nothing", async () => {
    const log = await store.create(id, created(id), "testing");
    await log.append(renamed("one"));
    for (const name of ["archived", "log.torn", "log.rewritten", "inbox/said", "spool/printed"])
      writeFileSync(join(folder(), name), "said");
    await store.scrub(log, [created(id).event]);
    await log.release();
    const lease = `lease.${log.fence}.json`;
    expect(readdirSync(folder()).toSorted()).toEqual(["archived", "inbox", lease, "log.jsonl", "spool"]);
    for (const name of ["inbox", "spool"]) expect(readdirSync(join(folder(), name)), name).toEqual([]);
    expect((await readNames()).records.map(({ event }) => event.type)).toEqual(["session-created"]);
    await (await store.acquire(id, ignore, { doing: "testing" })).release();
  });
});

describe("a home with links", () => {
  const months = (): string => join(home, "sessions");

  it("is one for months that lie on another disk, in lists too", async () => {
    await makeSession("one");
    const month = join(months(), readdirSync(months())[0]!);
    renameSync(month, join(base, "elsewhere"));
    symlinkSync(join(base, "elsewhere"), month);
    symlinkSync(join(base, "nowhere"), join(months(), "2020-01"));
    symlinkSync("2020-02", join(months(), "2020-02"));
    expect(await store.list()).toMatchObject([{ id, name: "one" }]);
    await store.remove(id);
    expect(readdirSync(join(base, "elsewhere"))).toEqual([]);
  });

  it.each(["home", "sessions"])(
    "is not an empty one where the link for its %s leads nowhere",
    async (which) => {
      await makeSession("one");
      const path = which === "home" ? home : months();
      renameSync(path, join(base, "elsewhere"));
      symlinkSync(join(base, "not mounted"), path);
      const failure = await failureOf(store.list());
      expect(isFailureOf(failure, "store-unavailable") && failure.message).toContain(path);
      rmSync(path);
    },
  );
});

describe("a session folder from elsewhere", () => {
  it.each(["log.torn", "log.jsonl"])("leads a writer nowhere with a link for its %s", async (name) => {
    await makeSession("one");
    const target = join(base, "not ours");
    appendFileSync(logFile(), "a line that was not written to its end");
    if (name === "log.torn") writeFileSync(target, "as it was\n", { mode: 0o644 });
    else renameSync(logFile(), target);
    const before = readFileSync(target);
    symlinkSync(target, join(folder(), name));
    const failure = await failureOf(store.acquire(id, ignore, { doing: "testing" }));
    expect(isFailureOf(failure, "session-damaged")).toBe(true);
    expect(String(failure)).toContain(`${join(folder(), name)} is a link`);
    expect(readFileSync(target).equals(before)).toBe(true);
    if (name === "log.torn") expect(statSync(target).mode & 0o777).toBe(0o644);
  });

  const linked = async (name: string): Promise<string> => {
    await makeSession("one");
    const target = join(base, "not ours");
    mkdirSync(target);
    writeFileSync(
      join(target, `${id}.json`),
      JSON.stringify({ id, at: 0, text: "rm -rf", mode: "followup" }),
    );
    rmSync(join(folder(), name), { recursive: true, force: true });
    symlinkSync(target, join(folder(), name));
    return target;
  };

  it.each(["inbox", "spool"])("leads nobody anywhere with a link for its %s", async (name) => {
    const target = await linked(name);
    const before = readdirSync(target);
    const uses = [store.acquire(id, ignore, { doing: "testing" })];
    if (name === "inbox") {
      const followUp = { id: id.replace(/.$/u, "f"), at: 0, text: "x", mode: "followup" } as const;
      uses.push(
        store.queue(id, followUp) as never,
        store.queued(id) as never,
        store.dequeue(id, id) as never,
      );
    }
    for (const failure of await Promise.all(uses.map(failureOf))) {
      expect(isFailureOf(failure, "session-damaged")).toBe(true);
      expect(String(failure)).toContain(`${join(folder(), name)} is a link`);
    }
    expect(readdirSync(target)).toEqual(before);
    const [listed] = await store.list();
    expect(listed).toMatchObject({
      id,
      ...(name === "inbox" && { trouble: expect.stringContaining("link") }),
    });
    await store.shelve(id, true);
    await store.remove(id);
    expect(readdirSync(target)).toEqual(before);
  });

  it("leads no tool anywhere with a link for the place of its traces", async () => {
    await makeSession("one");
    const log = await store.acquire(id, ignore, { doing: "testing" });
    symlinkSync(base, join(folder(), "spool", "7"));
    const spool = (): unknown => log.spool(7);
    expect(spool).toThrow(`${join(folder(), "spool", "7")} is a link`);
    expect(log.spool(8)).toBe(join(folder(), "spool", "8"));
    await log.release();
  });
});

describe("a writer", () => {
  it("whose folder is removed is told so, and nothing is made anew", async () => {
    const log = await store.create(id, created(id), "testing");
    await log.append(renamed("one"));
    const path = folder();
    rmSync(path, { recursive: true });
    const failure = await failureOf(log.append(renamed("two")));
    expect(isFailureOf(failure, "session-removed")).toBe(true);
    log.doing("going on regardless");
    await log.release();
    expect(existsSync(path)).toBe(false);
  });

  it("makes folders 0700 and files 0600, whatever the umask", async () => {
    const before = process.umask(0o277);
    try {
      const log = await store.create(id, created(id), "testing");
      await store.queue(id, { id: uuidv7(1), at: 1, text: "x", mode: "followup" });
      await log.release();
      for (const [path, mode] of modes(home))
        expect([path, mode]).toEqual([path, statSync(path).isDirectory() ? 0o700 : 0o600]);
    } finally {
      process.umask(before);
    }
  });

  it("keeps what it acknowledged when a file may not grow any more, and goes on when it may", async () => {
    await makeSession();
    const limited = child({ prefix: ["sh", "-c", 'ulimit -f 100; trap "" XFSZ; exec "$@"', "-"] });
    expect(await limited.tell("acquire filling")).toEqual({ value: 2 });
    const { value } = (await limited.tell("fill 3000")) as { value: { count: number; failure: string } };
    expect(value.failure).toBe("store-full");
    expect(value.count).toBeGreaterThan(10);
    const { records, report } = await readNames();
    expect(report.damage).toEqual([]);
    expect(records.filter(({ event }) => event.type === "item-added")).toHaveLength(value.count);
    await limited.kill();
    const log = await store.acquire(id, ignore, { doing: "testing" });
    await log.append(renamed("room again"));
    await log.release();
    expect((await readNames()).names).toEqual(["room again"]);
  });

  it.skipIf(!canMount)(
    "keeps what it acknowledged on a full disk, and goes on when there is room (needs root to mount a small disk)",
    async () => {
      mkdirSync(home);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", home]);
      try {
        const log = await store.create(id, created(id), "testing");
        writeFileSync(join(home, "ballast"), Buffer.alloc(100_000));
        const item = Buffer.from(JSON.stringify({ type: "message", text: "x".repeat(9000) }));
        let acknowledged = 0;
        let failure: unknown;
        while (failure === undefined) {
          failure = await failureOf(log.append(itemAdded(item)).then(() => acknowledged++));
        }
        expect(isFailureOf(failure, "store-full")).toBe(true);
        const full = await readNames();
        expect([full.report.damage, full.records.length]).toEqual([[], acknowledged + 1]);
        expect(
          isFailureOf(
            await failureOf(
              store.create(uuidv7(Date.now()), created(id), "x").then((made) => made.append(itemAdded(item))),
            ),
            "store-full",
          ),
        ).toBe(true);
        rmSync(join(home, "ballast"));
        await log.append(itemAdded(item), renamed("room again"));
        await log.release();
        const after = await readNames();
        expect([after.names, after.report.damage, after.records.length]).toEqual([
          ["room again"],
          [],
          acknowledged + 3,
        ]);
        expect(after.records.map(({ event }) => event.seq)).toEqual(after.records.map((_, index) => index));
      } finally {
        execFileSync("umount", ["--lazy", home]);
      }
    },
  );

  it.skipIf(!canMount)(
    "makes a session of many groups whole or not at all on a disk that fills up meanwhile (needs root to mount a small disk)",
    async () => {
      mkdirSync(home);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", home]);
      try {
        const item = Buffer.from(JSON.stringify({ type: "message", text: "x".repeat(90_000) }));
        async function* groups(count: number): AsyncGenerator<Append[]> {
          for (let group = 0; group < count; group++) yield [itemAdded(item)];
        }
        const failure = await failureOf(store.create(id, created(id), "testing", { more: groups(30) }));
        expect(isFailureOf(failure, "store-full")).toBe(true);
        expect(readdirSync(home, { recursive: true }).filter((name) => String(name).includes(id))).toEqual(
          [],
        );
        const log = await store.create(id, created(id), "testing", { more: groups(5) });
        await log.release();
        const { records, report } = await readNames();
        expect([report.damage, records.length]).toEqual([[], 6]);
      } finally {
        execFileSync("umount", ["--lazy", home]);
      }
    },
  );

  it.skipIf(!canMount)(
    "says that a store is read-only, and reads it (needs root to mount it so)",
    async () => {
      await makeSession("one");
      execFileSync("mount", ["--bind", home, home]);
      execFileSync("mount", ["-o", "remount,ro,bind", home]);
      try {
        const attempts = [
          () => store.acquire(id, ignore, { doing: "x" }),
          () => store.create(uuidv7(Date.now()), created(id), "x"),
          () => store.queue(id, { id: uuidv7(1), at: 1, text: "x", mode: "followup" }),
          () => store.remove(id),
        ];
        for (const attempt of attempts)
          expect(isFailureOf(await failureOf(attempt()), "store-read-only")).toBe(true);
        expect((await readNames()).names).toEqual(["one"]);
        expect(await store.list()).toMatchObject([{ id, name: "one" }]);
      } finally {
        execFileSync("umount", ["--lazy", home]);
      }
    },
  );

  it.skipIf(isRoot)("says that a folder may not be written (root may always)", async () => {
    await makeSession("one");
    chmodSync(folder(), 0o500);
    try {
      expect(isFailureOf(await failureOf(store.acquire(id, ignore, { doing: "x" })), "store-read-only")).toBe(
        true,
      );
    } finally {
      chmodSync(folder(), 0o700);
    }
  });
});

describe("the inbox", () => {
  it("keeps a file that can't be read, and the list names it", async () => {
    await makeSession("one");
    await store.queue(id, { id: uuidv7(1), at: 1, text: "x", mode: "followup" });
    const broken = join(folder(), "inbox", `${uuidv7(2)}.json`);
    writeFileSync(broken, '{"id":');
    expect((await store.queued(id)).map(({ text }) => text)).toEqual(["x"]);
    expect((await store.list())[0]?.trouble).toContain(broken);
    expect(existsSync(broken)).toBe(true);
  });
});

function snapshot(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), "base64")]),
  );
}

function* modes(path: string): Generator<[string, number]> {
  yield [path, statSync(path).mode & 0o777];
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) yield* modes(join(path, name));
}

/** Writes the log's first line anew, with a checksum that holds. */
function replaceFirst(from: string, to: string): void {
  const text = readFileSync(logFile(), "utf8");
  const [first, ...rest] = text.split("\n");
  const { crc: _crc, ...event } = JSON.parse(first!.replace(from, to)) as SessionEvent & { crc: string };
  writeFileSync(logFile(), `${encodeLine(event).bytes.toString()}${rest.join("\n")}`);
}

function replaceInLease(from: string, to: string): void {
  const path = join(
    folder(),
    readdirSync(folder()).find((name) => name.startsWith("lease."))!,
  );
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}

function folderIfThere(): string {
  return join(home, "sessions", readdirSync(join(home, "sessions"))[0]!, id);
}
