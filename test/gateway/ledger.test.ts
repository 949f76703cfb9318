import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { both, client, closeBoth, inputOf, last, sealsIn, talk } from "./client.ts";
import { gatewayTo } from "./kit.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "throughline-ledger-"));
  path = join(folder, "gateway", "ledger.sqlite");
});
afterEach(async () => {
  await closeBoth();
  rmSync(folder, { recursive: true, force: true });
});

/** A client with two turns behind it, whose provider has rotated its key; the ledger is in a file. */
async function rotated(): Promise<
  { turn(text: string): Promise<void>; seals(): number[]; lines: string[] } & Awaited<ReturnType<typeof both>>
> {
  const { simulator, gateway } = await both(talk, { ledger: path });
  const codex = client(gateway);
  await codex.say("one");
  await codex.say("two");
  simulator.reset();
  simulator.rotateKey();
  const turn = async (text: string): Promise<void> =>
    expect(last(await codex.say(text))).toBe("response.completed");
  return { simulator, gateway, turn, seals: () => simulator.requests.map(sealsIn), lines: gateway.lines };
}

function entriesIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(db.prepare("SELECT count(*) AS count FROM refused").get()!["count"]);
  } finally {
    db.close();
  }
}

describe("the ledger of a gateway", () => {
  it("outlives the gateway, and says what was refused, by whom, when and why, and nothing else", async () => {
    const { simulator, gateway } = await both(talk, { ledger: path });
    const codex = client(gateway);
    await codex.say("one");
    simulator.reset();
    simulator.rotateKey();
    await codex.say("two");
    await gateway.close();
    const after = await gatewayTo(simulator.url, { ledger: path });
    const again = client(after);
    again.input.push(...codex.input);
    expect(last(await again.say("three"))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([1, 0, 1]);
    await after.close();
    const text = readFileSync(path, "latin1");
    for (const secret of ["gAAAAA", "key-1", "Thought.", "Said.", "three"])
      expect(text).not.toContain(secret);
    expect(text).toContain("invalid_encrypted_content");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "gateway")).mode & 0o777).toBe(0o700);
  });

  it("goes on when its file is deleted while it runs, and is whole in the new one", async () => {
    const { turn, seals, simulator } = await rotated();
    await turn("three");
    rmSync(join(folder, "gateway"), { recursive: true });
    await turn("four");
    simulator.rotateKey();
    await turn("five");
    await turn("six");
    expect(seals()).toEqual([2, 0, 1, 2, 0, 1]);
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare("SELECT count(*) AS count FROM refused").get()).toEqual({ count: 4 });
    db.close();
  });

  it("of two gateways at once is one: what either was refused, the other doesn't send", async () => {
    const { simulator, gateway } = await both(talk, { ledger: path });
    const other = await gatewayTo(simulator.url, { ledger: path });
    const codex = client(gateway);
    await codex.say("one");
    simulator.reset();
    simulator.rotateKey();
    await codex.say("two");
    const elsewhere = client(other);
    elsewhere.input.push(...codex.input);
    await sleep(250);
    expect(last(await elsewhere.say("three"))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([1, 0, 1]);
    expect(other.metrics.total("heals")).toBe(0);
  });

  it("goes on from memory when it can't be written, and says so once", async () => {
    const { turn, seals, simulator, lines, gateway } = await rotated();
    // Who runs as root may write anywhere; nobody can write below a file.
    rmSync(join(folder, "gateway"), { recursive: true });
    writeFileSync(join(folder, "gateway"), "");
    await turn("three");
    await turn("four");
    simulator.rotateKey();
    await turn("five");
    expect(seals()).toEqual([2, 0, 1, 2, 0]);
    expect(lines.filter((line) => line.includes("can't be opened"))).toEqual([
      expect.stringContaining("from memory: a part of its path is no folder (ENOTDIR)"),
    ]);
    rmSync(join(folder, "gateway"));
    simulator.rotateKey();
    await turn("six");
    await gateway.close();
    expect(entriesIn(path)).toBe(5);
  });

  it("that is a database of something else, or no database, is put aside", async () => {
    const { gateway, simulator } = await both(talk, { ledger: path });
    await gateway.close();
    writeFileSync(path, "this is no database".repeat(100));
    const next = await gatewayTo(simulator.url, { ledger: path });
    expect(next.lines.join()).toContain("ledger.sqlite.unusable");
    expect(existsSync(`${path}.unusable`)).toBe(true);
  });

  it("that a newer version has written is left as it is, and told once", async () => {
    mkdirSync(join(folder, "gateway"));
    const newer = new DatabaseSync(path);
    newer.exec("CREATE TABLE later (a); PRAGMA user_version = 99;");
    newer.close();
    const before = readFileSync(path);
    const { turn, seals, lines, gateway } = await rotated();
    await turn("three");
    await turn("four");
    expect(seals()).toEqual([2, 0, 1]);
    await gateway.close();
    expect(readFileSync(path)).toEqual(before);
    expect(lines.filter((line) => line.includes("newer version of throughline"))).toHaveLength(1);
    expect(existsSync(`${path}.unusable`)).toBe(false);
  });

  it("that lacks a column, or is emptied while it runs, is made anew with what is known", async () => {
    mkdirSync(join(folder, "gateway"));
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE refused (blob); PRAGMA user_version = 1;");
    other.close();
    const { turn, simulator } = await rotated();
    expect(existsSync(`${path}.unusable`)).toBe(true);
    await turn("three");
    truncateSync(path);
    simulator.rotateKey();
    await turn("four");
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare("SELECT count(*) AS count FROM refused").get()).toEqual({ count: 3 });
    db.close();
  });

  it("that may only be read counts all the same", async (test) => {
    const { turn, seals, simulator, gateway } = await rotated();
    await turn("three");
    await gateway.close();
    const place = join(folder, "gateway");
    const mount = (...words: string[]): void => void execFileSync("mount", words, { stdio: "ignore" });
    try {
      mount("--bind", place, place);
      mount("-o", "remount,ro,bind", place);
    } catch {
      return test.skip("needs root and mounts");
    }
    try {
      const next = await gatewayTo(simulator.url, { ledger: path });
      const codex = client(next);
      codex.input.push(...inputOf(simulator.requests[0]));
      expect(last(await codex.say("four"))).toBe("response.completed");
      expect(seals()).toEqual([2, 0, 0]);
      await next.close();
      expect(next.lines.filter((line) => line.includes("can't be written"))).toHaveLength(1);
    } finally {
      execFileSync("umount", ["--lazy", place]);
    }
  });

  it("counts a refusal for what was refused, and not for what was left out because it had been before", async () => {
    const { turn, simulator, gateway } = await rotated();
    await turn("three");
    await sleep(5);
    simulator.rotateKey();
    await turn("four");
    await gateway.close();
    const db = new DatabaseSync(path, { readOnly: true });
    const entries = db.prepare("SELECT times, at FROM refused ORDER BY at").all();
    db.close();
    expect(entries.map(({ times }) => times)).toEqual([1, 1, 1]);
    const [first, second, third] = entries.map(({ at }) => Number(at));
    expect(first).toBe(second);
    expect(third).toBeGreaterThan(first!);
  });
});
