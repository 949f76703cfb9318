import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as vitest from "vitest";
import { isFailureOf } from "../../failure.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { SessionLog } from "../../store.ts";
import type { DeclareTest } from "./continuity.ts";
import { created, itemAdded, renamed, turnStarted } from "./events.ts";
import { ignore, readAll } from "./reading.ts";

/** What becomes of what was said: nothing of it is left where a session is scrubbed or removed. */
export function removingConformance(test: DeclareTest, expect: typeof vitest.expect): void {
  test("a scrubbed session holds the events that it is given, and nothing else that was kept of it", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    const said = { type: "message", role: "user", content: [{ type: "input_text", text: "planted" }] };
    await log.append(turnStarted(1), itemAdded(Buffer.from(JSON.stringify(said))));
    const spool = printed(log);
    const [waiting, dead] = [uuidv7(1_000), uuidv7(2_000)];
    for (const each of [waiting, dead])
      await store.queue(id, { id: each, at: 1, text: "planted", mode: "followup" });
    await store.bury(id, { id: dead, at: 1, text: "planted", mode: "followup", why: "it is empty" });
    expect((await store.search("planted", await store.list())).size).toBe(1);
    await store.scrub(log, [created(id).event, renamed("kept").event]);
    await log.release();
    const types = (await readAll(store, id)).map(({ event: { seq, type } }) => [seq, type]);
    expect(types).toEqual([
      [0, "session-created"],
      [1, "session-renamed"],
    ]);
    expect([await store.queued(id), await store.buried(id), existsSync(spool)]).toEqual([[], [], false]);
    const listed = await store.list();
    expect(listed).toMatchObject([{ id, name: "kept" }]);
    expect((await store.search("planted", listed)).size).toBe(0);
  });

  test("a removed session is gone, and its writer is told so or fenced off", async (store, id) => {
    const log = await store.create(id, created(id), "testing");
    const spool = printed(log);
    await expect(store.remove(id)).rejects.toSatisfy((error) => isFailureOf(error, "lease-held"));
    expect(existsSync(spool)).toBe(true);
    await store.remove(id, { force: true });
    expect(existsSync(spool)).toBe(false);
    await expect(log.append(renamed("late"))).rejects.toSatisfy((error) =>
      isFailureOf(error, "session-removed", "lease-lost"),
    );
    expect(await store.list()).toEqual([]);
    expect(await store.everything()).toEqual([]);
    expect(await store.sweep([id])).toEqual([]);
    await expect(store.read(id, ignore)).rejects.toSatisfy((error) => isFailureOf(error, "session-missing"));
    await log.release();
  });
}

/** The place of what a tool has printed. */
function printed(log: SessionLog): string {
  const spool = log.spool(1);
  mkdirSync(spool, { recursive: true });
  writeFileSync(join(spool, "output"), "planted");
  return spool;
}
