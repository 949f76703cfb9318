// What an owner finds when it opens a session, and what nobody else does to it.
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import type { SessionEvent } from "../../session/event.ts";
import { created, renamed } from "../conformance/events.ts";
import { encodeLine } from "../../../test/kit/log-line.ts";
import { failureOf, ignore, testHome } from "./fixtures/test-home.ts";

const at = testHome();

it("the log that an owner was making anew when it was killed goes with the next owner", async () => {
  await at.make("one");
  for (const name of ["log.rewritten", "log.rewritten.1"])
    writeFileSync(join(at.folder(), name), "half of a log");
  await (await at.store.acquire(at.id, ignore, { doing: "testing" })).release();
  expect(readdirSync(at.folder()).filter((name) => name.startsWith("log."))).toEqual(["log.jsonl"]);
  expect((await at.read()).names).toEqual(["one"]);
});

describe("an owner that opens a session", () => {
  const lengths: [string, string][] = [
    ["short", "two"],
    ["longer than what is read at once", "two".repeat(100_000)],
  ];

  it.each(lengths)(
    "sets a torn last line aside, durably and named, and goes on behind the last whole one: %s",
    async (_length, last) => {
      await at.make("one", last);
      const whole = readFileSync(at.log());
      truncateSync(at.log(), whole.length - 10);
      const torn = readFileSync(at.log()).subarray(whole.lastIndexOf(0x0a, -2) + 1);
      const log = await at.store.acquire(at.id, ignore, { doing: "testing" });
      expect(log.report.damage).toMatchObject([{ kind: "torn-tail", from: 0, to: torn.length }]);
      expect(readFileSync(join(at.folder(), "log.torn")).subarray(0, torn.length).equals(torn)).toBe(true);
      await log.append(renamed("three"));
      await log.release();
      const { names, report } = await at.read();
      expect([names, report.damage]).toEqual([["one", "three"], []]);
    },
  );

  it.each(lengths)("keeps a last line that lacks nothing but its newline: %s", async (_length, last) => {
    await at.make("one", last);
    truncateSync(at.log(), statSync(at.log()).size - 1);
    const log = await at.store.acquire(at.id, ignore, { doing: "testing" });
    const [next] = await log.append(renamed("three"));
    expect(readFileSync(at.log()).subarray(next!.offset).toString()).toMatch(/^\{"crc"/u);
    await log.release();
    const { names, report } = await at.read();
    expect([names, report.damage]).toEqual([["one", last, "three"], []]);
  });

  it("adds its own line to a whole log, and nothing else", async () => {
    await at.make("one");
    const before = readFileSync(at.log());
    await (await at.store.acquire(at.id, ignore, { doing: "testing" })).release();
    const after = readFileSync(at.log());
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    expect(after.subarray(before.length).toString()).toMatch(/^\{"crc".*"type":"lease-taken".*\}\n$/u);
  });

  it("goes on behind NULs and garbage, which stay where they are", async () => {
    await at.make("one");
    appendFileSync(at.log(), Buffer.concat([Buffer.alloc(512), Buffer.from("\nwhat is this\n")]));
    const log = await at.store.acquire(at.id, ignore, { doing: "testing" });
    await log.append(renamed("two"));
    await log.release();
    const { names, report } = await at.read();
    expect([names, report.damage.map(({ kind }) => kind)]).toEqual([
      ["one", "two"],
      ["nul-block", "unreadable"],
    ]);
  });

  it("takes a higher number than the log's when the lease files were lost", async () => {
    await at.make("one");
    for (let round = 0; round < 3; round++)
      await (await at.store.acquire(at.id, ignore, { doing: "testing" })).release();
    for (const name of readdirSync(at.folder()))
      if (name.startsWith("lease.")) rmSync(join(at.folder(), name));
    const log = await at.store.acquire(at.id, ignore, { doing: "testing" });
    expect(log.fence).toBe(5);
    await log.append(renamed("two"));
    await log.release();
    expect((await at.read()).names).toEqual(["one", "two"]);
  });

  it("goes by the name of a lease file whose content names another number", async () => {
    await at.make("one");
    const path = join(at.folder(), "lease.1.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace('"fence":1,', '"fence":99999999999999999999,'));
    const log = await at.store.acquire(at.id, ignore, { doing: "testing" });
    expect(log.fence).toBe(2);
    await log.release();
  });

  it("counts on from what a replaced writer slipped in before the new lease was logged", async () => {
    const old = await at.store.create(at.id, created(at.id), "testing");
    const late = encodeLine({
      seq: 1,
      fence: 1,
      at: 0,
      type: "session-renamed",
      name: "slipped in",
    } as SessionEvent).bytes;
    appendFileSync(at.log(), late);
    const log = await at.store.acquire(at.id, ignore, { doing: "testing", force: true });
    appendFileSync(
      at.log(),
      encodeLine({ seq: 2, fence: 1, at: 0, type: "session-renamed", name: "too late" } as SessionEvent)
        .bytes,
    );
    const [next] = await log.append(renamed("new"));
    expect(
      readFileSync(at.log())
        .subarray(next!.offset, next!.offset + 40)
        .toString(),
    ).toContain('"seq":3,"fence":2');
    await log.release();
    await old.release();
    const { names, report } = await at.read();
    expect([names, report.damage.map(({ kind }) => kind)]).toEqual([["slipped in", "new"], ["stale-fence"]]);
  });
});

it("an id is a session's wherever its folder lies: no other one is made in another month", async () => {
  await at.make("one");
  renameSync(at.month(), join(at.home, "sessions", "2020-01"));
  const failure = await failureOf(at.store.create(at.id, created(at.id), "testing"));
  expect(isFailureOf(failure, "usage")).toBe(true);
  expect((await at.read()).names).toEqual(["one"]);
  expect(readdirSync(join(at.home, "sessions"))).toEqual(["2020-01"]);
});

describe("a reader that isn't the owner", () => {
  it("never changes a byte, torn tail or not", async () => {
    await at.make("one", "two");
    truncateSync(at.log(), statSync(at.log()).size - 10);
    const before = snapshot(at.folder());
    await at.read();
    await at.store.holder(at.id);
    await at.store.list();
    await at.store.queued(at.id);
    expect(snapshot(at.folder())).toEqual(before);
  });
});

describe("a log that is not to be written", () => {
  it.each([
    ["of a newer version", "schema-newer", () => replaceFirst('"schema":1', '"schema":2')],
    ["whose lease names a newer version", "schema-newer", () => replaceInLease('"schema":1', '"schema":2')],
    [
      "that is another program's",
      "session-damaged",
      () => writeFileSync(at.log(), '{"type":"session_meta"}\n'.repeat(50)),
    ],
  ])("%s is refused and left untouched", async (_, expected, damage) => {
    await at.make("one");
    damage();
    const before = snapshot(at.folder());
    const failure = await failureOf(at.store.acquire(at.id, ignore, { doing: "testing" }));
    expect(isFailureOf(failure, expected as "schema-newer")).toBe(true);
    expect(snapshot(at.folder())).toEqual(before);
    expect(await at.store.list()).toMatchObject([{ id: at.id }]);
    await at.store.remove(at.id);
    expect(existsSync(at.folder())).toBe(false);
  });

  it("is one whose folder is a link", async () => {
    await at.make("one");
    renameSync(at.folder(), join(at.base, "elsewhere"));
    symlinkSync(
      join(at.base, "elsewhere"),
      join(at.home, "sessions", readdirSync(join(at.home, "sessions"))[0]!, at.id),
    );
    expect(
      isFailureOf(await failureOf(at.store.acquire(at.id, ignore, { doing: "x" })), "session-damaged"),
    ).toBe(true);
    await expect(at.store.read("../../../etc/passwd", ignore)).rejects.toSatisfy((error) =>
      isFailureOf(error, "session-missing"),
    );
  });
});

function snapshot(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), "base64")]),
  );
}

/** Writes the log's first line anew, with a checksum that holds. */
function replaceFirst(from: string, to: string): void {
  const text = readFileSync(at.log(), "utf8");
  const [first, ...rest] = text.split("\n");
  const { crc: _crc, ...event } = JSON.parse(first!.replace(from, to)) as SessionEvent & { crc: string };
  writeFileSync(at.log(), `${encodeLine(event).bytes.toString()}${rest.join("\n")}`);
}

function replaceInLease(from: string, to: string): void {
  const path = join(
    at.folder(),
    readdirSync(at.folder()).find((name) => name.startsWith("lease."))!,
  );
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}
