import type * as vitest from "vitest";
import { isFailureOf } from "../failure.ts";
import { uuidv7 } from "../lib/ids.ts";
import type { LogRecord, NewEvent } from "../session/event.ts";
import type { Append, LogVisitor, SessionStore } from "../store.ts";
import { continuityConformance } from "./conformance/continuity.ts";
import { created, itemAdded, renamed, turnEnded, turnStarted } from "./conformance/events.ts";
import { leaseConformance } from "./conformance/leases.ts";
import { ignore, readAll } from "./conformance/reading.ts";
import { removingConformance } from "./conformance/removing.ts";

/** What the suite needs of a test runner: vitest's, or one with the same functions. */
export type Runner = Pick<typeof vitest, "describe" | "it" | "expect">;

async function* batches(...groups: readonly Append[][]): AsyncGenerator<readonly Append[]> {
  yield* groups;
}

/** Which tests of the suite to leave out. */
export interface ConformanceOptions {
  /** Names of tests that don't apply to the store, as they stand in `it`. */
  skip?: readonly string[];
}

/**
 * The contract of `SessionStore` as tests, for every implementation: `storeConformance("mine", () => myStore(), { describe, it, expect })`.
 * `makeStore` gives an empty store; it is closed after each test.
 */
export function storeConformance(
  name: string,
  makeStore: () => SessionStore | Promise<SessionStore>,
  { describe, it, expect }: Runner,
  { skip = [] }: ConformanceOptions = {},
): void {
  const test = (title: string, run: (store: SessionStore, id: string) => Promise<void>): void => {
    const declare = skip.includes(title) ? it.skip : it;
    declare(title, async () => {
      const store = await makeStore();
      try {
        await run(store, uuidv7(Date.now()));
      } finally {
        await store.close();
      }
    });
  };

  describe(`${name} keeps the contract of a session store`, () => {
    test("a session that is made gives its records to the visitor, as a reading from its start does", async (store, id) => {
      const item = Buffer.from('{"type":"message","role":"user","content":"h\u00e9"}');
      async function* more(): AsyncGenerator<Append[]> {
        yield [turnStarted(1), itemAdded(item)];
        yield [itemAdded(item)];
      }
      const made: LogRecord[] = [];
      const visitor = { record: (record: LogRecord) => void made.push(record) };
      const log = await store.create(id, created(id), "testing", { more: more(), visitor });
      const [last] = await log.append(itemAdded(item));
      const read = await readAll(store, id);
      expect(read).toEqual([...made, last]);
      expect(made.map(({ event }) => event.seq)).toEqual([0, 1, 2, 3]);
      await log.release();
    });

    test("a session that can't be made with all that it begins with isn't there", async (store, id) => {
      async function* failing(): AsyncGenerator<Append[]> {
        yield [turnStarted(1)];
        throw new Error("no more of it");
      }
      const making = store.create(id, created(id), "testing", { more: failing() });
      await expect(making).rejects.toThrow("no more of it");
      expect(await store.everything()).toEqual([]);
      await (await store.create(id, created(id), "testing")).release();
    });

    test("a log that is rewritten holds the new events and nothing else, and is as it was when they fail", async (store, id) => {
      const item = Buffer.from('{"type":"message","role":"user","content":"new"}');
      const log = await store.create(id, created(id), "testing", { more: batches([renamed("old")]) });
      const before = await readAll(store, id);
      const waiting = { id: uuidv7(Date.now()), at: Date.now(), text: "later", mode: "followup" } as const;
      await store.queue(id, waiting);
      async function* failing(): AsyncGenerator<Append[]> {
        yield [created(id), itemAdded(item)];
        throw new Error("no more of it");
      }
      await expect(store.rewrite(log, failing())).rejects.toThrow("no more of it");
      expect(await readAll(store, id)).toEqual(before);
      await store.rewrite(log, batches([created(id), turnStarted(1)], [itemAdded(item)]));
      await log.release();
      const types = (await readAll(store, id)).map(({ event: { seq, type } }) => [seq, type]);
      expect(types).toEqual([
        [0, "session-created"],
        [1, "turn-started"],
        [2, "item-added"],
      ]);
      expect(await store.queued(id)).toMatchObject([waiting]);
      const again = await store.acquire(id, ignore, { doing: "testing" });
      const [next] = await again.append(renamed("after"));
      expect(next?.event.seq).toBe(4);
      await again.release();
      expect((await store.list())[0]).toMatchObject({ id, name: "after" });
    });

    test("a log is neither rewritten nor scrubbed by an owner that was replaced", async (store, id) => {
      const old = await store.create(id, created(id), "testing");
      const taken = store.acquire(id, ignore, { doing: "taking over", force: true });
      async function* late(): AsyncGenerator<Append[]> {
        yield [created(id), renamed("late")];
        await (await taken).append(renamed("new"));
      }
      await expect(store.rewrite(old, late())).rejects.toSatisfy((error) => isFailureOf(error, "lease-lost"));
      await expect(store.scrub(old, [])).rejects.toSatisfy((error) => isFailureOf(error, "lease-lost"));
      await (await taken).release();
      expect((await store.list())[0]).toMatchObject({ id, name: "new" });
    });

    test("what was appended is read back in order, numbered, with its items byte for byte", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const item = Buffer.from(
        '{ "type" : "message",\t"role":"user", "content":"h\u00e9 \\u0000" , "more":{"item":{"item":1}} }',
      );
      const [started, added] = await log.append(turnStarted(1), itemAdded(item));
      expect([started?.event.seq, added?.event.seq]).toEqual([1, 2]);
      const records = await readAll(store, id);
      expect(records.map(({ event }) => [event.seq, event.type])).toEqual([
        [0, "session-created"],
        [1, "turn-started"],
        [2, "item-added"],
      ]);
      expect(records[2]).toEqual(added);
      expect(Buffer.from(await store.body(id, records[2]!.body!)).equals(item)).toBe(true);
      expect(Buffer.from(await log.body(records[2]!.body!)).equals(item)).toBe(true);
      await log.release();
    });

    test("a newline in an item becomes a space and nothing else changes", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const item = Buffer.from('{\n"type":"message",\r\n "role":"user"\n}');
      const [added] = await log.append(itemAdded(item));
      expect(Buffer.from(await log.body(added!.body!)).toString()).toBe(
        '{ "type":"message",\r  "role":"user" }',
      );
      await log.release();
    });

    test("appends asked for at once are kept in the order in which they were asked for", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const names = Array.from({ length: 50 }, (_, index) => `name ${index}`);
      await Promise.all(names.map((each) => log.append(renamed(each))));
      await log.release();
      const read = (await readAll(store, id)).flatMap(({ event }) =>
        event.type === "session-renamed" ? [event.name] : [],
      );
      expect(read).toEqual(names);
    });

    test("an event that the schema doesn't allow is refused and nothing of it is written", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const wrong = { type: "turn-started", turn: "one" } as unknown as NewEvent;
      await expect(log.append({ event: wrong })).rejects.toThrow(TypeError);
      await expect(
        log.append({ ...itemAdded(Buffer.from("{}")), item: Buffer.from('{"type":') }),
      ).rejects.toThrow(TypeError);
      await expect(log.append({ ...turnStarted(1), item: Buffer.from("{}") })).rejects.toThrow(TypeError);
      await log.append(renamed("after"));
      await log.release();
      expect((await readAll(store, id)).map(({ event }) => event.seq)).toEqual([0, 1]);
    });

    test("bodies come in the order asked for, however they lie in the log", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const sizes = [10, 300_000, 5, 70_000, 1, 1_500_000, 20];
      const items = sizes.map((size, index) =>
        Buffer.from(JSON.stringify({ type: "message", index, text: "x".repeat(size) })),
      );
      const records = await log.append(...items.map(itemAdded));
      for (const order of [[0, 1, 2, 3, 4, 5, 6], [6, 0, 5, 1, 1, 3], [2]]) {
        const refs = order.map((at) => records[at]!.body!);
        for (const bodies of [log.bodies(refs), store.bodies(id, refs)]) {
          const parts: Uint8Array[] = [];
          for await (const batch of bodies) parts.push(...batch.map((part) => Buffer.from(part)));
          expect(Buffer.concat(parts).equals(Buffer.concat(order.map((at) => items[at]!)))).toBe(true);
        }
      }
      await log.release();
    });

    leaseConformance(test, expect);

    test("the window begins at the offset of the last checkpoint, without what that tells", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      await log.append(itemAdded(Buffer.from('{"type":"message","text":"before the window"}')));
      const [first] = await log.append(itemAdded(Buffer.from('{"type":"message","text":"in the window"}')));
      await log.append(turnEnded(id, 1, 0), turnEnded(id, 2, first!.offset));
      await log.append(renamed("after"));
      const told: string[] = [];
      await store.read(
        id,
        {
          checkpoint: ({ event }) => told.push(`checkpoint ${event.turn} ${event.checkpoint.offset}`),
          record: ({ event }) => told.push(`${event.seq} ${event.type}`),
        },
        { from: "window" },
      );
      expect(told).toEqual([
        `checkpoint 2 ${first!.offset}`,
        "2 item-added",
        "4 turn-ended",
        "5 session-renamed",
      ]);
      await log.release();
    });

    test("without a checkpoint the window is the whole log", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const told: number[] = [];
      const visitor: LogVisitor = {
        checkpoint: () => told.push(-1),
        record: ({ event }) => told.push(event.seq),
      };
      await log.append(turnStarted(1));
      await store.read(id, visitor, { from: "window" });
      expect(told).toEqual([0, 1]);
      await log.release();
    });

    continuityConformance(test, expect);

    test("sessions are found by prefix and by name, and listed with who holds them", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      await log.append(renamed("my w\u00f6rk"));
      expect(await store.find(id)).toEqual([id]);
      expect(await store.find(id.slice(0, 13))).toEqual([id]);
      expect(await store.find("my w\u00f6rk")).toEqual([id]);
      // As a Mac's file is called.
      expect(await store.find("my wo\u0308rk")).toEqual([id]);
      expect(await store.find("another")).toEqual([]);
      expect(await store.list()).toMatchObject([
        { id, name: "my w\u00f6rk", holder: { pid: process.pid }, workspace: { path: "/w" } },
      ]);
      expect(await store.list({ workspace: { path: "/elsewhere" } })).toEqual([]);
      await log.release();
    });

    // It comes of a variable that isn't set.
    test("an empty reference means no session, also not one without a name", async (store, id) => {
      await (await store.create(id, created(id), "testing")).release();
      expect(await store.find("")).toEqual([]);
    });

    test("an unknown session is session-missing for every method", async (store, id) => {
      const calls = [
        () => store.acquire(id, ignore, { doing: "x" }),
        () => store.read(id, ignore),
        () => store.holder(id),
        () => store.queue(id, { id, at: 0, text: "", mode: "followup" }),
        () => store.head(id),
        () => store.begin(id, id),
        () => store.buried(id),
        () => store.queued(id),
        () => store.dequeue(id, id),
        () => store.remove(id),
        () => store.shelve(id, true),
        () => store.body(id, { offset: 0, length: 1 }),
      ];
      for (const call of calls)
        await expect(call()).rejects.toSatisfy((error) => isFailureOf(error, "session-missing"));
    });

    test("a search finds every word, whatever its case and script, in names, prompts, messages and tool calls", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const message = (role: string, text: string): Append =>
        itemAdded(
          Buffer.from(JSON.stringify({ type: "message", role, content: [{ type: "input_text", text }] })),
        );
      const call = { type: "function_call", call_id: "c", name: "shell_command" };
      const input = JSON.stringify({ command: "grep -n 'Needle' src/foo_bar.ts" });
      await log.append(
        turnStarted(1),
        message("user", "Überholspur 请修复这个错误"),
        message("developer", "instructions say nothing"),
        itemAdded(Buffer.from(JSON.stringify({ ...call, arguments: input }))),
        itemAdded(Buffer.from('{"type":"function_call_output","call_id":"c","output":"printed"}')),
        renamed("Fix-It"),
      );
      await log.release();
      const other = uuidv7(Date.now() + 1);
      await (await store.create(other, created(other), "testing")).release();
      const found = async (text: string): Promise<string[]> => [
        ...(await store.search(text, await store.list())),
      ];
      // Twice: what was looked up once may be remembered.
      for (let round = 0; round < 2; round++) {
        for (const text of ["überHOL", "修复", "go fix-it", "needle o_bar.T", `${id} spur`, " 错误  fix "])
          expect([text, await found(text)]).toEqual([text, [id]]);
        for (const text of ["needle absent", "instructions", "printed", "arguments", "%", "\0"])
          expect([text, await found(text)]).toEqual([text, []]);
      }
      expect((await found("")).sort()).toEqual([id, other].sort());
      const again = await store.acquire(id, ignore, { doing: "testing" });
      await again.append(message("assistant", "absent no more"));
      await again.release();
      expect(await found("needle absent")).toEqual([id]);
    });

    test("a search finds what lies deep in a call's arguments, whatever its members are called", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      const deep = `${"[".repeat(20_000)}"bottom"${"]".repeat(20_000)}`;
      const input = `{"edit":{"toString":"needle","lines":[1,null]},"__proto__":{"x":"hay"},"deep":${deep}}`;
      const call = { type: "function_call", call_id: "c", name: "edit", arguments: input };
      await log.append(itemAdded(Buffer.from(JSON.stringify(call))));
      await log.release();
      for (const text of ["needle", "hay 1", "bottom"])
        expect([text, ...(await store.search(text, await store.list()))]).toEqual([text, id]);
      expect((await store.search("object", await store.list())).size).toBe(0);
    });

    test("a session is listed whatever time its id tells", async (store) => {
      const far = "ffffffff-ffff-7fff-8fff-ffffffffffff";
      await (await store.create(far, created(far), "testing")).release();
      expect((await store.everything()).map((session) => session.id)).toEqual([far]);
      expect(await store.find(far)).toEqual([far]);
    });

    test("an id is made once", async (store, id) => {
      const log = await store.create(id, created(id), "testing");
      await expect(store.create(id, created(id), "testing")).rejects.toThrow(id);
      await log.append(renamed("unharmed"));
      await log.release();
    });

    removingConformance(test, expect);
  });
}
