import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import type { Append } from "../../store.ts";
import { created, itemAdded, renamed } from "../conformance/events.ts";
import { failureOf, ignore, testHome } from "./fixtures/test-home.ts";

const at = testHome();

describe("a log that is made anew", () => {
  it("is not touched by an owner that was making it anew when it was replaced", async () => {
    /** One event, and no more until `go` is called. */
    const held = (name: string) => {
      let go = (): void => undefined;
      const isWanted = new Promise<void>((resolve) => (go = resolve));
      async function* events(): AsyncGenerator<Append[]> {
        yield [created(at.id), renamed(name)];
        await isWanted;
      }
      return { go: () => go(), events: events() };
    };
    const [ours, theirs] = [held("ours"), held("theirs")];
    const log = await at.store.create(at.id, created(at.id), "testing");
    const first = failureOf(at.store.rewrite(log, ours.events));
    const other = at.another();
    const next = await other.acquire(at.id, ignore, { doing: "working", force: true });
    const second = other.rewrite(next, theirs.events);
    ours.go();
    expect(await first).toSatisfy((error) => isFailureOf(error, "lease-lost"));
    theirs.go();
    await second;
    for (const each of [next, log]) await each.release();
    await other.close();
    expect((await at.read()).names).toEqual(["theirs"]);
    expect(readdirSync(at.folder()).filter((name) => name.includes("rewritten"))).toEqual([]);
  });
});

describe("a scrub", () => {
  it("by an owner that was replaced changes nothing", async () => {
    const log = await at.store.create(at.id, created(at.id), "testing");
    const other = at.another();
    const theirs = await other.acquire(at.id, ignore, { doing: "working", force: true });
    await theirs.append(renamed("theirs"));
    const before = readFileSync(at.log());
    const failure = await failureOf(at.store.scrub(log, [created(at.id).event]));
    expect(failure).toSatisfy((error) => isFailureOf(error, "lease-lost"));
    expect(readFileSync(at.log()).equals(before)).toBe(true);
    expect(readdirSync(at.folder()).filter((name) => name.startsWith("log."))).toEqual(["log.jsonl"]);
    await theirs.append(renamed("more of theirs"));
    for (const each of [theirs, log]) await each.release();
    await other.close();
    expect((await at.read()).names).toEqual(["theirs", "more of theirs"]);
  });

  it("keeps the lease and the archive's mark, and of all else nothing", async () => {
    const log = await at.store.create(at.id, created(at.id), "testing");
    await log.append(renamed("one"));
    for (const name of ["archived", "log.torn", "log.rewritten", "inbox/said", "spool/printed"])
      writeFileSync(join(at.folder(), name), "said");
    await at.store.scrub(log, [created(at.id).event]);
    await log.release();
    const lease = `lease.${log.fence}.json`;
    expect(readdirSync(at.folder()).toSorted()).toEqual(["archived", "inbox", lease, "log.jsonl", "spool"]);
    for (const name of ["inbox", "spool"]) expect(readdirSync(join(at.folder(), name)), name).toEqual([]);
    expect((await at.read()).records.map(({ event }) => event.type)).toEqual(["session-created"]);
    await (await at.store.acquire(at.id, ignore, { doing: "testing" })).release();
  });
});

describe("a reader", () => {
  it("whose log is scrubbed between its lines and their items is told so", async () => {
    const log = await at.store.create(at.id, created(at.id), "testing");
    const [record] = await log.append(
      ...["a", "b"].map((text) =>
        itemAdded(Buffer.from(JSON.stringify({ type: "message", text: text.repeat(9_999) }))),
      ),
    );
    await at.store.scrub(log, [created(at.id).event]);
    await log.release();
    for await (const failure of [
      failureOf(at.store.body(at.id, record!.body!)),
      failureOf(at.store.bodies(at.id, [record!.body!])[Symbol.asyncIterator]().next()),
    ])
      expect(isFailureOf(failure, "session-damaged") && failure.message).toContain("was scrubbed");
  });
});
