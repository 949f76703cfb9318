import { chmodSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { asUser } from "../../../../test/kit/as-user.ts";
import { historyIndex } from "../../../../test/kit/codex-databases.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isUnfinished, repairsOf } from "./journal.ts";
import { finishRepair, repairRollout, undoRepair } from "./repair.ts";

const root = temporaryFolder();

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

it("a repair that a database of Codex's doesn't let end says so, and is finished when it does", async () => {
  const home = join(root, "held");
  const folder = join(home, "sessions", "2026", "11", "20");
  mkdirSync(folder, { recursive: true });
  const id = "01a1fac2-0000-7000-8000-000000000000";
  const path = join(folder, `rollout-2026-11-20T20-58-19-${id}.jsonl`);
  const timestamp = "2026-11-20T20:58:19.000Z";
  const ofVersion = { originator: "codex_exec", cli_version: "0.156.0", history_mode: "paginated" };
  const header = { id, timestamp, cwd: "/", ...ofVersion };
  const first = JSON.stringify({ timestamp, ordinal: 0, type: "session_meta", payload: header });
  writeFileSync(path, `${first}\n{"timestamp":"2026-`);
  const database = new DatabaseSync(historyIndex(home, { thread: id }));
  database.exec(
    "CREATE TRIGGER held BEFORE DELETE ON thread_history_projection_state BEGIN SELECT RAISE(ABORT, 'no room'); END",
  );
  const options = { home: join(root, "own"), now: Date.now(), seals: { which: "dead" } } as const;

  const failed = await repairRollout(path, options).catch((error: unknown) => error);
  expect(failed).toMatchObject({ class: "store-unavailable" });
  expect((failed as Error).message).toMatch(
    /was cut off: no room.*--write, or take it back with: .* --undo$/u,
  );
  const [known] = repairsOf(options.home, path);
  expect(known && isUnfinished(known)).toBe(true);

  database.exec("DROP TRIGGER held");
  database.close();
  await finishRepair(known!, path);
  expect(readFileSync(path, "utf8").trim()).toBe(first);
  expect(repairsOf(options.home, path).some(isUnfinished)).toBe(false);
});

it("a rollout keeps the time of its last change, by which lists are in order, when it is repaired and when that is taken back", async () => {
  const path = join(root, "timed.jsonl");
  const payload = { id: "01a1fac2-0000-7000-8000-000000000000", timestamp: "2026-11-20T20:58:19.000Z" };
  const torn = `${JSON.stringify({ timestamp: payload.timestamp, type: "session_meta", payload })}\n{"timestamp":"2026-`;
  writeFileSync(path, torn);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  const home = join(root, "timed");
  for (const act of [repairRollout, undoRepair]) {
    expect(await act(path, { home })).toBeDefined();
    expect(Math.floor(statSync(path).mtimeMs / 1_000)).toBe(1_700_000_000);
  }
  expect(readFileSync(path, "utf8")).toBe(torn);
});

it("a rollout that may only be read is refused before anything is begun", async () => {
  const path = join(root, "theirs.jsonl");
  const timestamp = "2026-11-20T20:58:19.000Z";
  writeFileSync(
    path,
    `{"timestamp":"${timestamp}","type":"event_msg","payload":{"type":"warning"}}\n{"timestamp":"2026-`,
  );
  chmodSync(path, 0o444);
  chmodSync(root, 0o777);
  const options = { home: join(root, "theirs"), now: Date.now(), seals: { which: "dead" } } as const;
  const repairing = (): Promise<unknown> => repairRollout(path, options).catch((error: unknown) => error);
  const failed = await asUser(repairing);
  expect(failed).toMatchObject({ code: "EACCES", path });
  expect(repairsOf(options.home, path)).toEqual([]);
});
