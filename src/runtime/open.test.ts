import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { uuidv7 } from "../lib/ids.ts";
import { created } from "../store/conformance/events.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { SessionStore } from "../store.ts";
import { openJournal } from "./open.ts";
import { makeSuccessor } from "./rotation.ts";

let store: SessionStore;
beforeEach(() => {
  store = memoryStore({ version: "test" });
});
afterEach(() => store.close());

it("a session that is rotated while its lease is taken is opened as its successor, and given back itself", async () => {
  const id = uuidv7(Date.now());
  await (await store.create(id, created(id), "testing")).release();
  const notices: string[] = [];
  const runtime = {
    store,
    clock: systemClock,
    random: () => 0,
    wait: false,
    observe: (update: { type: string; text?: string }) =>
      void (update.type === "notice" && notices.push(update.text ?? "")),
  };
  let successor = "";
  const head = store.head.bind(store);
  store.head = async (asked) => {
    const was = await head(asked);
    store.head = head;
    const before = await openJournal(runtime, id, { force: false });
    const { journal } = await makeSuccessor(runtime, before);
    await journal.log.release();
    await before.log.release();
    successor = journal.log.id;
    return was;
  };
  const { log } = await openJournal(runtime, id, { force: false });
  expect(log.id).toBe(successor);
  expect(notices).toEqual([`session ${id} was continued in ${successor}`]);
  expect(await store.holder(id)).toMatchObject({ state: "free" });
  expect(await store.holder(successor)).toMatchObject({ state: "held" });
  await log.release();
});
