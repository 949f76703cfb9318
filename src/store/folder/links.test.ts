// Links in the place of what a store has made: of a home where its owner put them, and of a session from elsewhere.
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isFailureOf } from "../../failure.ts";
import { failureOf, ignore, testHome } from "./fixtures/test-home.ts";

const at = testHome();

describe("a home with links", () => {
  const months = (): string => join(at.home, "sessions");

  it("is one for months that lie on another disk, in lists too", async () => {
    await at.make("one");
    const month = join(months(), readdirSync(months())[0]!);
    renameSync(month, join(at.base, "elsewhere"));
    symlinkSync(join(at.base, "elsewhere"), month);
    symlinkSync(join(at.base, "nowhere"), join(months(), "2020-01"));
    symlinkSync("2020-02", join(months(), "2020-02"));
    expect(await at.store.list()).toMatchObject([{ id: at.id, name: "one" }]);
    await at.store.remove(at.id);
    expect(readdirSync(join(at.base, "elsewhere"))).toEqual([]);
  });

  it.each(["home", "sessions"])(
    "is not an empty one where the link for its %s leads nowhere",
    async (which) => {
      await at.make("one");
      const path = which === "home" ? at.home : months();
      renameSync(path, join(at.base, "elsewhere"));
      symlinkSync(join(at.base, "not mounted"), path);
      const failure = await failureOf(at.store.list());
      expect(isFailureOf(failure, "store-unavailable") && failure.message).toContain(path);
      rmSync(path);
    },
  );
});

describe("a session folder from elsewhere", () => {
  it.each(["log.torn", "log.jsonl"])("leads a writer nowhere with a link for its %s", async (name) => {
    await at.make("one");
    const target = join(at.base, "not ours");
    appendFileSync(at.log(), "a line that was not written to its end");
    if (name === "log.torn") writeFileSync(target, "as it was\n", { mode: 0o644 });
    else renameSync(at.log(), target);
    const before = readFileSync(target);
    symlinkSync(target, join(at.folder(), name));
    const failure = await failureOf(at.store.acquire(at.id, ignore, { doing: "testing" }));
    expect(isFailureOf(failure, "session-damaged")).toBe(true);
    expect(String(failure)).toContain(`${join(at.folder(), name)} is a link`);
    expect(readFileSync(target).equals(before)).toBe(true);
    if (name === "log.torn") expect(statSync(target).mode & 0o777).toBe(0o644);
  });

  const linked = async (name: string): Promise<string> => {
    await at.make("one");
    const target = join(at.base, "not ours");
    mkdirSync(target);
    writeFileSync(
      join(target, `${at.id}.json`),
      JSON.stringify({ id: at.id, at: 0, text: "rm -rf", mode: "followup" }),
    );
    rmSync(join(at.folder(), name), { recursive: true, force: true });
    symlinkSync(target, join(at.folder(), name));
    return target;
  };

  it.each(["inbox", "spool"])("leads nobody anywhere with a link for its %s", async (name) => {
    const target = await linked(name);
    const before = readdirSync(target);
    const uses = [at.store.acquire(at.id, ignore, { doing: "testing" })];
    if (name === "inbox") {
      const followUp = { id: at.id.replace(/.$/u, "f"), at: 0, text: "x", mode: "followup" } as const;
      uses.push(
        at.store.queue(at.id, followUp) as never,
        at.store.queued(at.id) as never,
        at.store.dequeue(at.id, at.id) as never,
      );
    }
    for (const failure of await Promise.all(uses.map(failureOf))) {
      expect(isFailureOf(failure, "session-damaged")).toBe(true);
      expect(String(failure)).toContain(`${join(at.folder(), name)} is a link`);
    }
    expect(readdirSync(target)).toEqual(before);
    const [listed] = await at.store.list();
    expect(listed).toMatchObject({
      id: at.id,
      ...(name === "inbox" && { trouble: expect.stringContaining("link") }),
    });
    await at.store.shelve(at.id, true);
    await at.store.remove(at.id);
    expect(readdirSync(target)).toEqual(before);
  });

  it("leads no tool anywhere with a link for the place of its traces", async () => {
    await at.make("one");
    const log = await at.store.acquire(at.id, ignore, { doing: "testing" });
    symlinkSync(at.base, join(at.folder(), "spool", "7"));
    const spool = (): unknown => log.spool(7);
    expect(spool).toThrow(`${join(at.folder(), "spool", "7")} is a link`);
    expect(log.spool(8)).toBe(join(at.folder(), "spool", "8"));
    await log.release();
  });
});
