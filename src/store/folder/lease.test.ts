import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { someOwner } from "../../../test/kit/some-owner.ts";
import { isFailureOf } from "../../failure.ts";
import { formatTime } from "../../lib/date.ts";
import type { LogRecord } from "../../session/event.ts";
import { beatEveryMs, judge, type Lease } from "../../session/lease.ts";
import type { LogVisitor } from "../../store.ts";
import { created, renamed } from "../conformance/events.ts";
import { failureOf, ignore, testHome } from "./fixtures/test-home.ts";
import { leaseHeld } from "./lease-file.ts";

const at = testHome({ watching: { silenceMs: 400 } });

const anyLease: Lease = {
  fence: 1,
  schema: 1,
  beat: 0,
  released: false,
  owner: someOwner,
};

const leases = (): string[] => readdirSync(at.folder()).filter((name) => name.startsWith("lease."));

async function eventsOf(): Promise<LogRecord["event"][]> {
  const events: LogRecord["event"][] = [];
  await at.store.read(at.id, { record: ({ event }) => events.push(event) });
  return events;
}

/** Makes the current lease that of a process that can't be looked at from here. */
function moveOwnerAway(change: object = {}): void {
  const path = join(at.folder(), leases()[0]!);
  const lease = JSON.parse(readFileSync(path, "utf8")) as Lease;
  writeFileSync(
    path,
    JSON.stringify({
      ...lease,
      owner: { ...lease.owner, host: "elsewhere", boot: "another" },
      released: false,
      ...change,
    }),
  );
}

it("a log that its owner made anew while that one was watched is the one that is read and gone on with", async () => {
  await at.make();
  const folder = at.folder();
  await at.store.close();
  const [log, kept] = [join(folder, "log.jsonl"), join(at.home, "kept")];
  renameSync(folder, kept);
  const anew = await at.store.create(at.id, created(at.id), "testing");
  await anew.append(renamed("anew"));
  await anew.release();
  const made = readFileSync(log);
  rmSync(folder, { recursive: true });
  renameSync(kept, folder);
  moveOwnerAway();
  const onWatch = (): void => {
    writeFileSync(join(at.home, "made"), made);
    renameSync(join(at.home, "made"), log);
  };
  at.store = at.another({ watching: { silenceMs: 400, onWatch } });
  const read: string[] = [];
  const visitor: LogVisitor = { record: ({ event }) => read.push(event.type) };
  const session = await at.store.acquire(at.id, visitor, { doing: "testing" });
  await session.append(renamed("after"));
  await session.release();
  expect(read).toEqual(["session-created", "session-renamed", "lease-taken"]);
  expect((await eventsOf()).map((event) => event.type)).toEqual([...read, "session-renamed"]);
});

it("who closed the session itself is told so, and not to take it by force", async () => {
  const log = await at.store.create(at.id, created(at.id), "testing");
  await log.release();
  const late = await failureOf(log.append(renamed("late")));
  expect(isFailureOf(late, "lease-lost") && late.message).toMatch(
    /was closed by this process\..* To go on with it: throughline resume \S+$/u,
  );
});

describe("a session that another process owns", () => {
  it("is refused with who holds it, since when, what it does and how to go on", async () => {
    const owner = at.child();
    await owner.tell("create compiling the kernel");
    const failure = await failureOf(at.store.acquire(at.id, ignore, { doing: "x" }));
    expect(isFailureOf(failure, "lease-held") && failure.data.owner).toMatchObject({
      pid: owner.process.pid,
      doing: "compiling the kernel",
    });
    expect(String(failure)).toContain(String(owner.process.pid));
    expect(String(failure)).toContain("--force");
  });

  it("is free at once when the process was killed, and everything it acknowledged is there", async () => {
    const owner = at.child();
    await owner.tell("create working");
    await owner.tell("append acknowledged");
    await owner.kill();
    expect(await at.store.holder(at.id)).toMatchObject({ state: "free" });
    const log = await at.store.acquire(at.id, ignore, { doing: "x" });
    await log.release();
    expect((await eventsOf()).map(({ type }) => type)).toEqual([
      "session-created",
      "session-renamed",
      "lease-taken",
    ]);
  });

  it("goes to exactly one of the processes that ask for it at once", async () => {
    await at.make();
    const racers = Array.from({ length: 4 }, () => at.child());
    // All of them are up before the moment.
    await Promise.all(racers.map((racer) => racer.tell("ready")));
    const moment = Date.now() + 150;
    const answers = await Promise.all(racers.map((racer) => racer.tell(`at ${moment}`)));
    expect(answers.filter(({ value }) => value === 2)).toHaveLength(1);
    expect(answers.filter(({ failure }) => failure === "lease-held")).toHaveLength(3);
    expect((await eventsOf()).filter(({ type }) => type === "lease-taken")).toHaveLength(1);
    expect(leases()).toEqual(["lease.2.json"]);
  });

  it("can be taken by force, and the late append of the old owner neither succeeds nor counts", async () => {
    const owner = at.child();
    await owner.tell("create working");
    await owner.tell("append before");
    const log = await at.store.acquire(at.id, ignore, { doing: "taking over", force: true });
    expect(await owner.tell("append after")).toMatchObject({
      failure: "lease-lost",
      data: { owner: { pid: process.pid, doing: "taking over" } },
    });
    await log.append(renamed("new"));
    expect(await owner.tell("release")).toEqual({ value: null });
    await log.append(renamed("newer"));
    await log.release();
    const names = (await eventsOf()).flatMap((event) =>
      event.type === "session-renamed" ? [event.name] : [],
    );
    expect(names).toEqual(["before", "new", "newer"]);
  });
});

describe("who is told that a session is in use", () => {
  const minute = 60_000;
  const now = Date.UTC(2026, 10, 22, 12);
  const owner = { ...anyLease.owner, host: "ada", pid: 7, doing: "compiling" };
  const told = (change?: object): string =>
    leaseHeld("a", 3, change && { ...owner, ...change }, { now: () => now, monotonic: () => 0 }).message;

  it.each([
    [0, ""],
    [minute, " (1 min ago)"],
    [90 * minute, " (90 min ago)"],
    [24 * 60 * minute - minute, " (1439 min ago)"],
    [24 * 60 * minute, ""],
    // Another host's clock may be ahead.
    [-90 * minute, ""],
  ])("hears since when, and how long that is within a day: %i ms", (since, ago) => {
    const time = formatTime(now - since);
    expect(told({ since: now - since })).toContain(`7 on ada since ${time}${ago}, which is compiling.`);
  });

  it("hears at which terminal, and where the file says nothing, that it doesn't", () => {
    expect(told({ tty: "/dev/pts/3" })).toContain("by process 7 on ada (/dev/pts/3) since");
    expect(told()).toContain("in use under lease 3, whose file doesn't say by whom. Nothing was changed.");
  });
});

describe("an owner that was replaced writes nothing more", () => {
  it("as soon as another lease is there, though who made it was killed before doing anything else", async () => {
    const owner = at.child();
    await owner.tell("create working");
    const killed = at.child({ env: { THROUGHLINE_CRASH_AT: "lease-made" } });
    expect(await killed.tell("force x")).toMatchObject({ failure: "ended" });
    expect(leases().sort()).toEqual(["lease.1.json", "lease.2.json"]);
    expect(await owner.tell("append late")).toMatchObject({ failure: "lease-lost" });
    expect((await eventsOf()).map(({ type }) => type)).toEqual(["session-created"]);
  });

  it("when the one that replaced it was replaced itself", async () => {
    const owner = at.child();
    await owner.tell("create working");
    for (const doing of ["first", "second"])
      await (await at.store.acquire(at.id, ignore, { doing, force: true })).release();
    expect(leases()).toEqual(["lease.3.json"]);
    expect(await owner.tell("append late")).toMatchObject({ failure: "lease-lost" });
    expect((await eventsOf()).filter(({ type }) => type === "session-renamed")).toEqual([]);
  });
});

describe("an owner that does nothing", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());
  const told = (fence: number): Lease =>
    JSON.parse(readFileSync(join(at.folder(), `lease.${fence}.json`), "utf8")) as Lease;

  it("counts up, so that other hosts see that it lives, until it gives the lease back", async () => {
    const log = await at.store.create(at.id, created(at.id), "testing");
    expect(told(1)).toMatchObject({ beat: 0, released: false });
    vi.advanceTimersByTime(2 * beatEveryMs);
    expect(told(1)).toMatchObject({ beat: 2, released: false });
    await log.release();
    vi.advanceTimersByTime(2 * beatEveryMs);
    expect(told(1)).toMatchObject({ beat: 2, released: true });
  });

  it("learns with the next beat that it was replaced", async () => {
    const log = await at.store.create(at.id, created(at.id), "testing");
    const other = await at.store.acquire(at.id, ignore, { doing: "taking over", force: true });
    expect(log.lost.aborted).toBe(false);
    vi.advanceTimersByTime(beatEveryMs);
    expect(isFailureOf(log.lost.reason, "lease-lost")).toBe(true);
    expect(other.lost.aborted).toBe(false);
    for (const one of [log, other]) await one.release();
  });
});

describe("a lease of an owner of this machine that is known to be dead", () => {
  it.each([
    ["after a reboot", { boot: "the boot before" }],
    ["when its pid is another process's now", { started: "1" }],
  ])("is replaced at once %s", async (_, change) => {
    await at.make();
    const path = join(at.folder(), leases()[0]!);
    const lease = JSON.parse(readFileSync(path, "utf8")) as Lease;
    // Its pid is that of this process, which lives.
    writeFileSync(path, JSON.stringify({ ...lease, released: false, owner: { ...lease.owner, ...change } }));
    expect(await at.store.holder(at.id)).toMatchObject({ state: "free" });
    // Nobody watches a counter for that: the watch takes longer than any test.
    const patient = at.another({ watching: { silenceMs: 3_600_000 } });
    const log = await patient.acquire(at.id, ignore, { doing: "x" });
    expect(log.fence).toBe(2);
    await log.release();
  });
});

describe("a lease of an owner out of sight", () => {
  it("is taken when its counter stands still", async () => {
    await at.make();
    moveOwnerAway();
    expect(await at.store.holder(at.id)).toMatchObject({ state: "held", owner: { host: "elsewhere" } });
    const log = await at.store.acquire(at.id, ignore, { doing: "x" });
    expect(log.fence).toBe(2);
    await log.release();
  });

  it("is held when its counter moves", async () => {
    await at.make();
    moveOwnerAway();
    const { promise: isWatched, resolve: onWatch } = Promise.withResolvers<unknown>();
    const watcher = at.another({ watching: { silenceMs: 400, onWatch } });
    const asked = failureOf(watcher.acquire(at.id, ignore, { doing: "x" }));
    expect(await isWatched, "who is watched is told").toMatchObject({ host: "elsewhere" });
    moveOwnerAway({ beat: 1 });
    expect(isFailureOf(await asked, "lease-held")).toBe(true);
    await watcher.close();
  });

  it("is taken when its file says nothing, after it was watched", async () => {
    await at.make();
    writeFileSync(join(at.folder(), "lease.2.json"), '{"fence":2,"sch');
    const log = await at.store.acquire(at.id, ignore, { doing: "x" });
    expect([log.fence, leases()]).toEqual([3, ["lease.3.json"]]);
    await log.release();
  });
});

describe("after kill -9", () => {
  it.each(["session-folder-made", "lease-half-written", "lease-made"])(
    "at %s while a session is made there is none, and it can be made",
    async (point) => {
      const maker = at.child({ env: { THROUGHLINE_CRASH_AT: point } });
      expect(await maker.tell("create x")).toMatchObject({ failure: "ended" });
      expect(await at.store.list()).toEqual([]);
      await at.make();
      expect((await at.store.list()).map((session) => session.id)).toEqual([at.id]);
    },
  );

  it.each(["lease-half-written", "lease-made", "lease-taken"])(
    "at %s while it is opened the session opens again",
    async (point) => {
      await at.make();
      const opener = at.child({ env: { THROUGHLINE_CRASH_AT: point } });
      expect(await opener.tell("acquire x")).toMatchObject({ failure: "ended" });
      const log = await at.store.acquire(at.id, ignore, { doing: "x" });
      expect([log.fence, log.report.damage, leases()]).toEqual([3, [], ["lease.3.json"]]);
      await log.release();
    },
  );

  it.each(["append-half-written", "append-not-synced"])(
    "at %s everything acknowledged is there and nothing else is harmed",
    async (point) => {
      // The first append is the session's creation.
      const writer = at.child({ env: { THROUGHLINE_CRASH_AT: `${point}:3` } });
      await writer.tell("create x");
      await writer.tell("append acknowledged");
      expect(await writer.tell("append never acknowledged")).toMatchObject({ failure: "ended" });
      const log = await at.store.acquire(at.id, ignore, { doing: "x" });
      expect(log.report.damage.map(({ kind }) => kind)).toEqual(
        point === "append-half-written" ? ["torn-tail"] : [],
      );
      await log.append(renamed("next"));
      await log.release();
      const names = (await eventsOf()).flatMap((event) =>
        event.type === "session-renamed" ? [event.name] : [],
      );
      expect(names.filter((name) => name !== "never acknowledged")).toEqual(["acknowledged", "next"]);
      expect(existsSync(join(at.folder(), "log.torn"))).toBe(point === "append-half-written");
    },
  );
});

describe("a lease is judged", () => {
  const lease = anyLease;
  it.each([
    [
      "free when it was released, whoever may live",
      { ...lease, released: true },
      { fate: "alive", unchangedMs: 0 },
      "free",
    ],
    ["dead as soon as its process is", lease, { fate: "dead", unchangedMs: 0 }, "dead"],
    [
      "held as long as its process lives, however silent it is",
      lease,
      { fate: "alive", unchangedMs: 1e9 },
      "held",
    ],
    [
      "worth watching when its owner is out of sight",
      lease,
      { fate: "out-of-sight", unchangedMs: 29_999 },
      "watch",
    ],
    [
      "dead when its counter stood still for the whole time",
      lease,
      { fate: "out-of-sight", unchangedMs: 30_000 },
      "dead",
    ],
    [
      "worth watching when its file says nothing",
      undefined,
      { fate: "out-of-sight", unchangedMs: 1_999 },
      "watch",
    ],
    [
      "dead when its file said nothing for two seconds",
      undefined,
      { fate: "out-of-sight", unchangedMs: 2_000 },
      "dead",
    ],
  ] as const)("%s", (_, judged, seen, verdict) => {
    expect(judge(judged, seen)).toBe(verdict);
  });
});
