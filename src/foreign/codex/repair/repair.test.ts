import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { repairRollout } from "./repair.ts";

const root = mkdtempSync(join(tmpdir(), "throughline-repair-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a repair leaves a file alone", () => {
  it.each([
    ["a page that is no session", "page.md", "# A page\n\nNothing here is a record.\n", ["not-a-rollout"]],
    [
      "bytes that are no text",
      "picture.jsonl",
      Buffer.from("89504e470d0a1a0a00ff0afe", "hex"),
      ["not-a-rollout"],
    ],
    [
      "lines of another program",
      "rollout-2026-11-20T20-58-19-01a1fac2-0000-7000-8000-000000000000.jsonl",
      '{"type":"user","message":{"role":"user"}}\n{"type":"assist\n',
      ["not-a-rollout"],
    ],
    [
      "a session of the first versions, one of whose lines is an object of its own",
      "rollout-2025-05-02-3f6b1f9c.json",
      JSON.stringify({ session: { id: "3f6b1f9c" }, items: [{ type: "message", content: [{}] }] }, null, 2),
      [],
    ],
    [
      "a pointer of git-lfs",
      "rollout-2026-11-20T20-58-19-01a1fac2-0000-7000-8000-000000000000.jsonl",
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
      ["git-lfs-pointer"],
    ],
  ])("%s", async (_what, name, content, stays) => {
    const path = join(root, name);
    writeFileSync(path, content);
    const told: unknown[] = [];
    const options = {
      home: join(root, "home"),
      now: Date.parse("2026-11-21"),
      seals: { which: "dead" },
    } as const;
    const done = await repairRollout(path, options, ({ after }) =>
      told.push(...after.map(({ kind }) => kind)),
    );
    expect(done).toBeUndefined();
    expect(readFileSync(path).equals(Buffer.from(content))).toBe(true);
    expect(told).toEqual(stays);
  });
});
