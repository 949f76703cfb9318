import type * as vitest from "vitest";
import { isFailureOf } from "../../failure.ts";
import type { LogRecord } from "../../session/event.ts";
import type { LogVisitor } from "../../store.ts";
import type { DeclareTest } from "./continuity.ts";
import { created, renamed } from "./events.ts";
import { ignore, readAll } from "./reading.ts";

/** Leases: one writer at a time, and what one has acknowledged counts whoever comes after it. */
export function leaseConformance(test: DeclareTest, expect: typeof vitest.expect): void {
  test("a session that somebody works in is refused with its owner", async (store, id) => {
    const log = await store.create(id, created(id), "counting sheep");
    const refusal = await store.acquire(id, ignore, { doing: "intruding" }).catch((error: unknown) => error);
    expect(isFailureOf(refusal, "lease-held") && refusal.data.owner).toMatchObject({
      pid: process.pid,
      doing: "counting sheep",
    });
    expect(await store.holder(id)).toMatchObject({ state: "held", fence: 1 });
    log.doing("sleeping");
    expect(await store.holder(id)).toMatchObject({ owner: { doing: "sleeping" } });
    await log.release();
    expect(await store.holder(id)).toEqual({ state: "free", fence: 1 });
  });

  test("of two who acquire a session at once, one is refused", async (store, id) => {
    await (await store.create(id, created(id), "testing")).release();
    const both = await Promise.allSettled(
      ["one", "other"].map((doing) => store.acquire(id, ignore, { doing })),
    );
    const refused = both.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
    expect(refused.map((error) => isFailureOf(error, "lease-held"))).toEqual([true]);
    for (const each of both) {
      if (each.status === "rejected") continue;
      await each.value.append(renamed("mine"));
      await each.value.release();
    }
  });

  test("an owner that is replaced in the middle of its work loses nothing that it was acknowledged", async (store, id) => {
    const old = await store.create(id, created(id), "testing");
    const acknowledged: (number | undefined)[] = [];
    const write = async (): Promise<never> => {
      for (;;) acknowledged.push((await old.append(renamed("old")))[0]?.event.seq);
    };
    const stopped = expect(write()).rejects.toSatisfy((error) => isFailureOf(error, "lease-lost"));
    const log = await store.acquire(id, ignore, { doing: "taking over", force: true });
    await log.append(renamed("new"));
    await stopped;
    const records: LogRecord[] = [];
    const { damage } = await store.read(id, { record: (record) => records.push(record) });
    const seqs = records.map(({ event }) => event.seq);
    expect(seqs).toEqual(seqs.map((_, at) => at));
    expect(seqs).toEqual(expect.arrayContaining(acknowledged));
    expect(damage.filter(({ kind }) => kind !== "stale-fence")).toEqual([]);
    expect(records.at(-1)?.event).toMatchObject({ name: "new" });
    await log.release();
  });

  test("a session whose reader fails is given back", async (store, id) => {
    await (await store.create(id, created(id), "testing")).release();
    const visitor: LogVisitor = {
      record: () => {
        throw new RangeError("no room for it");
      },
    };
    await expect(store.acquire(id, visitor, { doing: "testing" })).rejects.toThrow("no room for it");
    expect(await store.holder(id)).toMatchObject({ state: "free" });
  });

  test("a released session is acquired under the next fence, which is logged before the log is read", async (store, id) => {
    const given = await store.create(id, created(id), "testing");
    expect(given.lost.aborted).toBe(false);
    await given.release();
    expect(isFailureOf(given.lost.reason, "lease-lost")).toBe(true);
    const records: LogRecord[] = [];
    const log = await store.acquire(id, { record: (record) => records.push(record) }, { doing: "going on" });
    expect(log.fence).toBe(2);
    expect(records.at(-1)?.event).toMatchObject({ type: "lease-taken", seq: 1, fence: 2, forced: false });
    const [next] = await log.append(renamed("x"));
    expect(next?.event).toMatchObject({ seq: 2, fence: 2 });
    await log.release();
  });

  test("a writer that was replaced is refused, and what it acknowledged before counts", async (store, id) => {
    const old = await store.create(id, created(id), "testing");
    await old.append(renamed("acknowledged"));
    const taken = await store.acquire(id, ignore, { doing: "taking over", force: true });
    const refusal = await old.append(renamed("late")).catch((error: unknown) => error);
    expect(isFailureOf(refusal, "lease-lost")).toBe(true);
    expect(old.lost.aborted).toBe(true);
    expect(isFailureOf(old.lost.reason, "lease-lost")).toBe(true);
    await expect(old.append(renamed("later"))).rejects.toSatisfy((error) => isFailureOf(error, "lease-lost"));
    await taken.append(renamed("new"));
    await old.release();
    const names = (await readAll(store, id)).flatMap(({ event }) =>
      event.type === "session-renamed" ? [event.name] : [],
    );
    expect(names).toEqual(["acknowledged", "new"]);
    expect(await store.holder(id)).toMatchObject({ state: "held", fence: 2 });
    await taken.release();
  });
}
