import type * as vitest from "vitest";
import { isFailureOf } from "../../failure.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { LogRecord, NewEvent } from "../../session/event.ts";
import type { SessionStore, Successor } from "../../store.ts";
import { created, renamed } from "./events.ts";
import { ignore, readAll } from "./reading.ts";

/** Declares a test on an empty store. */
export type DeclareTest = (title: string, run: (store: SessionStore, id: string) => Promise<void>) => void;

/** Follow-ups and rotation: what is accepted is kept, once and in order, whoever the session goes on as. */
export function continuityConformance(test: DeclareTest, expect: typeof vitest.expect): void {
  test("follow-ups are kept in the order of their ids and taken out once", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    const [first, second] = [uuidv7(1_000), uuidv7(2_000)];
    const text = "first \u{1f600}\n";
    expect(await store.queue(id, { id: second, at: 2, text: "second", mode: "followup" })).toBe(id);
    await store.queue(id, { id: first, at: 1, text, mode: "steer" });
    expect(await store.queued(id)).toEqual([
      { id: first, at: 1, text, mode: "steer", begun: 0 },
      { id: second, at: 2, text: "second", mode: "followup", begun: 0 },
    ]);
    expect(await store.dequeue(id, first)).toBe(true);
    expect(await store.dequeue(id, first)).toBe(false);
    expect((await store.queued(id)).map((each) => each.text)).toEqual(["second"]);
    await log.release();
  });

  test("a follow-up whose delivery began is still queued, and counts how often", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    const one = { id: uuidv7(1_000), at: 1, text: "one", mode: "followup" } as const;
    await store.queue(id, one);
    expect(await store.begin(id, one.id)).toBe(true);
    expect(await store.begin(id, one.id)).toBe(true);
    expect(await store.queued(id)).toEqual([{ ...one, begun: 2 }]);
    expect(await store.dequeue(id, one.id)).toBe(true);
    expect(await store.begin(id, one.id)).toBe(false);
    expect(await store.queued(id)).toEqual([]);
    await log.release();
  });

  test("a follow-up that can't be delivered is kept apart, with the reason", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    const one = { id: uuidv7(1_000), at: 1, text: " ", mode: "followup" } as const;
    await store.queue(id, one);
    await store.bury(id, { ...one, why: "it is empty" });
    expect(await store.queued(id)).toEqual([]);
    expect(await store.buried(id)).toEqual([{ ...one, why: "it is empty" }]);
    expect(await store.dequeue(id, one.id)).toBe(true);
    expect(await store.buried(id)).toEqual([]);
    await log.release();
  });

  test("a rotation makes one session of two: its head is listed, found by every id, and has the queue", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    await log.append(renamed("my work"));
    const [early, late] = [uuidv7(1_000), uuidv7(2_000)];
    await store.queue(id, { id: early, at: 1, text: "early", mode: "followup" });
    const made: LogRecord[] = [];
    const visitor = { record: (record: LogRecord) => void made.push(record) };
    const successor = await store.rotate(log, { ...rotated(id), visitor }, "rotating");
    await log.release();
    expect(await readAll(store, successor.id)).toEqual(made);
    expect(await store.head(id)).toBe(successor.id);
    expect((await store.list()).map((session) => session.id)).toEqual([successor.id]);
    expect(await store.find(id)).toEqual([successor.id]);
    expect(await store.find("my work")).toEqual([successor.id]);
    expect(await store.queue(id, { id: late, at: 2, text: "late", mode: "followup" })).toBe(successor.id);
    expect((await store.queued(successor.id)).map(({ text }) => text)).toEqual(["early", "late"]);
    expect(made.map(({ event }) => event.type)).toEqual(["session-created", "session-renamed"]);
    await successor.append(renamed("goes on"));
    await successor.release();
    expect((await readAll(store, successor.id)).map(({ event }) => event.seq)).toEqual([0, 1, 2]);
  });

  test("a rotation that is undone brings the predecessor back with the queue, but for what was delivered", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    const successor = await store.rotate(log, rotated(id), "rotating");
    const [done, left] = [uuidv7(1_000), uuidv7(2_000)];
    for (const each of [done, left]) await store.queue(id, { id: each, at: 1, text: each, mode: "followup" });
    await store.undo(successor, log, [done]);
    await successor.release();
    await log.append(renamed("back"));
    await log.release();
    expect(await store.head(id)).toBe(id);
    expect((await store.list()).map((session) => session.id)).toEqual([id]);
    expect(await store.find("my work")).toEqual([]);
    expect((await store.queued(id)).map((each) => each.id)).toEqual([left]);
    expect((await readAll(store, successor.id)).length).toBe(2);
  });

  test("a rotation by an owner that was replaced leaves the session as it is", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    const next = await store.acquire(id, ignore, { doing: "taking over", force: true });
    const one = { id: uuidv7(1_000), at: 1, text: "one", mode: "followup" } as const;
    await store.queue(id, one);
    await expect(store.rotate(log, rotated(id), "rotating")).rejects.toSatisfy((error) =>
      isFailureOf(error, "lease-lost"),
    );
    expect(await store.head(id)).toBe(id);
    expect((await store.list()).map((session) => session.id)).toEqual([id]);
    expect(await store.queued(id)).toEqual([{ ...one, begun: 0 }]);
    await next.append(renamed("goes on"));
    await next.release();
  });
}

/** A successor with nothing but the name "my work". */
function rotated(parent: string): Successor {
  const id = uuidv7(Date.now() + 1);
  const { event } = created(id);
  return {
    id,
    events: (async function* () {
      yield [{ event: { ...event, parent, rotated: true } as NewEvent }];
      yield [renamed("my work")];
    })(),
  };
}
