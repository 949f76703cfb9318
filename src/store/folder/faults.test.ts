import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { Append } from "../../store.ts";
import { created, itemAdded, renamed } from "../conformance/events.ts";
import { failureOf, ignore, testHome } from "./fixtures/test-home.ts";

const at = testHome();

const isRoot = process.getuid?.() === 0;
const canMount =
  isRoot && process.platform === "linux" && spawnSync("unshare", ["--mount", "true"]).status === 0;

describe("a writer", () => {
  it("whose folder is removed is told so, and nothing is made anew", async () => {
    const log = await at.store.create(at.id, created(at.id), "testing");
    await log.append(renamed("one"));
    const path = at.folder();
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
      const log = await at.store.create(at.id, created(at.id), "testing");
      await at.store.queue(at.id, { id: uuidv7(1), at: 1, text: "x", mode: "followup" });
      await log.release();
      for (const [path, mode] of modes(at.home))
        expect([path, mode]).toEqual([path, statSync(path).isDirectory() ? 0o700 : 0o600]);
    } finally {
      process.umask(before);
    }
  });

  it("keeps what it acknowledged when a file may not grow any more, and goes on when it may", async () => {
    await at.make();
    const limited = at.child({ prefix: ["sh", "-c", 'ulimit -f 100; trap "" XFSZ; exec "$@"', "-"] });
    expect(await limited.tell("acquire filling")).toEqual({ value: 2 });
    const { value } = (await limited.tell("fill 3000")) as { value: { count: number; failure: string } };
    expect(value.failure).toBe("store-full");
    expect(value.count).toBeGreaterThan(10);
    const { records, report } = await at.read();
    expect(report.damage).toEqual([]);
    expect(records.filter(({ event }) => event.type === "item-added")).toHaveLength(value.count);
    await limited.kill();
    const log = await at.store.acquire(at.id, ignore, { doing: "testing" });
    await log.append(renamed("room again"));
    await log.release();
    expect((await at.read()).names).toEqual(["room again"]);
  });

  it.skipIf(!canMount)(
    "keeps what it acknowledged on a full disk, and goes on when there is room (needs root to mount a small disk)",
    async () => {
      mkdirSync(at.home);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", at.home]);
      try {
        const log = await at.store.create(at.id, created(at.id), "testing");
        writeFileSync(join(at.home, "ballast"), Buffer.alloc(100_000));
        const item = Buffer.from(JSON.stringify({ type: "message", text: "x".repeat(9000) }));
        let acknowledged = 0;
        let failure: unknown;
        while (failure === undefined) {
          failure = await failureOf(log.append(itemAdded(item)).then(() => acknowledged++));
        }
        expect(isFailureOf(failure, "store-full")).toBe(true);
        const full = await at.read();
        expect([full.report.damage, full.records.length]).toEqual([[], acknowledged + 1]);
        expect(
          isFailureOf(
            await failureOf(
              at.store
                .create(uuidv7(Date.now()), created(at.id), "x")
                .then((made) => made.append(itemAdded(item))),
            ),
            "store-full",
          ),
        ).toBe(true);
        rmSync(join(at.home, "ballast"));
        await log.append(itemAdded(item), renamed("room again"));
        await log.release();
        const after = await at.read();
        expect([after.names, after.report.damage, after.records.length]).toEqual([
          ["room again"],
          [],
          acknowledged + 3,
        ]);
        expect(after.records.map(({ event }) => event.seq)).toEqual(after.records.map((_, index) => index));
      } finally {
        execFileSync("umount", ["--lazy", at.home]);
      }
    },
  );

  it.skipIf(!canMount)(
    "makes a session of many groups whole or not at all on a disk that fills up meanwhile (needs root to mount a small disk)",
    async () => {
      mkdirSync(at.home);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", at.home]);
      try {
        const item = Buffer.from(JSON.stringify({ type: "message", text: "x".repeat(90_000) }));
        async function* groups(count: number): AsyncGenerator<Append[]> {
          for (let group = 0; group < count; group++) yield [itemAdded(item)];
        }
        const failure = await failureOf(
          at.store.create(at.id, created(at.id), "testing", { more: groups(30) }),
        );
        expect(isFailureOf(failure, "store-full")).toBe(true);
        expect(
          readdirSync(at.home, { recursive: true }).filter((name) => String(name).includes(at.id)),
        ).toEqual([]);
        const log = await at.store.create(at.id, created(at.id), "testing", { more: groups(5) });
        await log.release();
        const { records, report } = await at.read();
        expect([report.damage, records.length]).toEqual([[], 6]);
      } finally {
        execFileSync("umount", ["--lazy", at.home]);
      }
    },
  );

  it.skipIf(!canMount)(
    "says that a store is read-only, and reads it (needs root to mount it so)",
    async () => {
      await at.make("one");
      execFileSync("mount", ["--bind", at.home, at.home]);
      execFileSync("mount", ["-o", "remount,ro,bind", at.home]);
      try {
        const attempts = [
          () => at.store.acquire(at.id, ignore, { doing: "x" }),
          () => at.store.create(uuidv7(Date.now()), created(at.id), "x"),
          () => at.store.queue(at.id, { id: uuidv7(1), at: 1, text: "x", mode: "followup" }),
          () => at.store.remove(at.id),
        ];
        for (const attempt of attempts)
          expect(isFailureOf(await failureOf(attempt()), "store-read-only")).toBe(true);
        expect((await at.read()).names).toEqual(["one"]);
        expect(await at.store.list()).toMatchObject([{ id: at.id, name: "one" }]);
      } finally {
        execFileSync("umount", ["--lazy", at.home]);
      }
    },
  );

  it.skipIf(isRoot)("says that a folder may not be written (root may always)", async () => {
    await at.make("one");
    chmodSync(at.folder(), 0o500);
    try {
      expect(
        isFailureOf(await failureOf(at.store.acquire(at.id, ignore, { doing: "x" })), "store-read-only"),
      ).toBe(true);
    } finally {
      chmodSync(at.folder(), 0o700);
    }
  });
});

function* modes(path: string): Generator<[string, number]> {
  yield [path, statSync(path).mode & 0o777];
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) yield* modes(join(path, name));
}
