import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { zstdCompressSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { asUser } from "../../../../test/kit/as-user.ts";
import {
  codexFixtures,
  codexHomeWith,
  codexRollouts,
  codexVersions,
} from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { listRollouts } from "../home/places.ts";
import { linesIn } from "../rollout/bytes/lines.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import { readRecord } from "../rollout/record/record.ts";
import { listThreads, type ListedThread } from "./list.ts";
import { scanRollout } from "./scan.ts";

const only = (threads: readonly ListedThread[], beginning: string): ListedThread => {
  const found = threads.filter(({ id }) => id.startsWith(beginning));
  expect(found).toHaveLength(1);
  return found[0]!;
};

test.each(codexVersions)("a list says of %s rollouts what reading all of them says", async (version) => {
  const { threads, troubles } = await listThreads(join(codexFixtures, version));
  expect(troubles).toEqual([]);
  expect(threads).toHaveLength(codexRollouts(version).length);
  for (const thread of threads) {
    const records = linesIn(readFileSync(thread.path))
      .map(readRecord)
      .filter((record) => record.readable);
    const messages = records.filter(({ type, kind }) => type === "response_item" && kind === "message");
    const prompts = messages.flatMap(({ payload }) => promptOf(payload) ?? []);
    const answers = messages.filter(({ payload }) => payload["role"] === "assistant");
    expect(thread.messages).toBe(prompts.length + answers.length);
    expect(thread.title).toBe(prompts[0]);
    expect(thread.estimated).toBeUndefined();
    const times = records.flatMap(({ at }) => at ?? []);
    expect(thread.branch).toBe("main");
    expect(thread.cwd).toMatch(/\/ws$/u);
    if (version !== "0.29.0") {
      expect(thread).toMatchObject({ cliVersion: version, updated: times.at(-1) });
      const models = records.flatMap(({ type, payload }) =>
        type === "turn_context" ? [payload["model"]] : [],
      );
      expect(thread.model).toBe(models.at(-1));
    }
    expect(thread.flaws.filter((flaw) => flaw !== "open-turn")).toEqual([]);
  }
});

test.each(["envelope", "bare"])(
  "a prompt counts whatever it begins with, and what stands behind it: %s lines",
  async (form) => {
    const user = (...texts: string[]): string => {
      const content = texts.map((text) => ({ type: "input_text", text }));
      const item = { type: "message", id: null, role: "user", content };
      return JSON.stringify(form === "bare" ? item : { timestamp, type: "response_item", payload: item });
    };
    const timestamp = "2026-11-21T09:00:00.000Z";
    const id = "5973b6c0-94b8-487b-a530-2aeb6098ae0e";
    const meta = { id, timestamp };
    const context = user("<environment_context>\n  <cwd>/w</cwd>\n</environment_context>");
    const lines = [
      JSON.stringify(form === "bare" ? meta : { timestamp, type: "session_meta", payload: meta }),
      context,
      user("<skill>of mine</skill> is short"),
      context,
      user("<skill>later</skill> too"),
      user("<b>not ours</b>"),
      user('<image name="a.png">', "</image>", "look"),
      user("<user_action>reviewed</user_action>"),
      user("# AGENTS.md instructions are what?"),
      context,
    ];
    const home = temporaryFolder();
    const folder = join(home, "sessions", "2026", "11", "21");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, `rollout-2026-11-21T09-00-00-${id}.jsonl`),
      lines.map((line) => `${line}\n`).join(""),
    );
    expect((await listThreads(home)).threads).toMatchObject([
      { title: "<skill>of mine</skill> is short", messages: 6 },
    ]);
  },
);

test("names come from the last row of an id, and from the state database where there is none", async () => {
  const home = codexHomeWith("0.169.0");
  const id = "01a1fada-0b9c-7483-9338-2ca5620af9fd";
  appendFileSync(
    join(home, "session_index.jsonl"),
    `garbage\n{"id":"${id}","thread_name":" renamed "}\n{"id":"${id}","thread_name":" "}\n`,
  );
  const database = new DatabaseSync(join(home, "state_5.sqlite"));
  database.exec(
    "CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT, name TEXT, title TEXT, first_user_message TEXT, later TEXT)",
  );
  const insert = database.prepare("INSERT INTO threads VALUES (?, '/nowhere', ?, ?, 'read a.txt', NULL)");
  insert.run(id, "older", "oldest");
  insert.run("01a1fab7-6525-7661-a97b-6d3096fc7bfa", "from the database", "read a.txt");
  // What Codex imports from another agent has that one's title, and no name (0.140 to 0.169).
  insert.run("01a1fab7-0709-7340-b148-4ed76a8f31c7", null, "Ponds counted");
  insert.run("01a1fab6-e5be-74f3-9cba-562438a9a458", null, "read a.txt");
  database.close();
  const before = readdirSync(home).sort();
  const { threads } = await listThreads(home);
  expect(readdirSync(home).sort()).toEqual(before);
  const names = [id, "01a1fab7-6525", "01a1fab7-0709", "01a1fab6-e5be"].map(
    (each) => only(threads, each).name,
  );
  expect(names).toEqual(["renamed", "from the database", "Ponds counted", undefined]);
});

test("of two files the one that the state database names, though only its log says so", async () => {
  const home = codexHomeWith("0.130.0");
  const [rollout] = listRollouts(home);
  const { thread, path } = rollout!;
  // Newer by its name, and nevertheless not the one.
  const other = join(dirname(path), basename(path).replace(/\d\d-\d\d-\d\d-/u, "23-59-59-"));
  copyFileSync(path, other);
  const database = new DatabaseSync(join(home, "state_5.sqlite"));
  onTestFinished(() => database.close());
  database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  database.exec("CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT)");
  database.prepare("INSERT INTO threads VALUES (?, ?)").run(thread, other);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.prepare("UPDATE threads SET rollout_path = ? WHERE id = ?").run(path, thread);
  const before = readdirSync(home).sort();
  expect(only((await listThreads(home)).threads, thread).path).toBe(path);
  expect(readdirSync(home).sort()).toEqual(before);
});

test.each([
  ["through a link to the home", (home: string) => `${home}-link`, ".jsonl"],
  ["packed since", (home: string) => home, ".jsonl.zst"],
  ["packed since, through a link to the home", (home: string) => `${home}-link`, ".jsonl.zst"],
])("of two files the one that the state database names, %s", async (_how, nameOf, form) => {
  const home = codexHomeWith("0.130.0");
  const { thread, path } = listRollouts(home)[0]!;
  copyFileSync(path, join(dirname(path), basename(path).replace(/\d\d-\d\d-\d\d-/u, "23-59-59-")));
  const database = new DatabaseSync(join(home, "state_5.sqlite"));
  database.exec("CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT)");
  // Codex names the file that it is unpacked to, by its path without links (0.169).
  database.prepare("INSERT INTO threads VALUES (?, ?)").run(thread, path);
  database.close();
  if (form === ".jsonl.zst") {
    writeFileSync(`${path}.zst`, zstdCompressSync(readFileSync(path)));
    rmSync(path);
  }
  symlinkSync(home, `${home}-link`);
  onTestFinished(() => rmSync(`${home}-link`));
  const found = only((await listThreads(nameOf(home))).threads, thread);
  expect(basename(found.path)).toBe(basename(path).replace(".jsonl", form));
});

test.each([
  ["garbage", (path: string) => writeFileSync(path, "not a database")],
  ["nothing", (path: string) => writeFileSync(path, "")],
  [
    "another schema",
    (path: string) => {
      const database = new DatabaseSync(path);
      database.exec("CREATE TABLE threads (thread TEXT)");
      database.close();
    },
  ],
])("a state database that is %s changes nothing", async (_, make) => {
  const home = codexHomeWith("0.130.0");
  const before = await listThreads(home);
  make(join(home, "state_9.sqlite"));
  expect(await listThreads(home)).toEqual(before);
});

test("what the last turn failed of is told, until a later one hasn't", async () => {
  const home = codexHomeWith("0.169.0");
  const [first] = (await listThreads(home)).threads;
  expect(first!.failure).toBeUndefined();
  const end = (more: object): string => {
    const payload = { type: "task_complete", turn_id: "t", last_agent_message: null, ...more };
    const line = { timestamp: "2026-11-23T00:00:00.000Z", ordinal: 999, type: "event_msg", payload };
    return `${JSON.stringify(line)}\n`;
  };
  const refused = { message: JSON.stringify({ error: { code: "invalid_encrypted_content", message: "x" } }) };
  const limited = { message: "You've hit your usage limit.", codex_error_info: "usage_limit_exceeded" };
  for (const [text, failure] of [
    [end({ error: refused }), { kind: "failed", class: "sealed-reasoning-rejected" }],
    [end({ error: limited }), { kind: "limited", class: "usage-limit" }],
    [end({ last_agent_message: 'It says "error":{}.' }), undefined],
  ] as const) {
    appendFileSync(first!.path, text);
    expect((await listThreads(home)).threads.find(({ id }) => id === first!.id)!.failure).toEqual(failure);
  }
});

test("a file that may not be read is looked at each time, as rights that are given change neither its size nor its time, and a damaged one once", async () => {
  const home = codexHomeWith("0.130.0");
  chmodSync(home, 0o777);
  const [first, second] = (await listThreads(home)).threads;
  writeFileSync(`${second!.path}.zst`, "no archive");
  rmSync(second!.path);
  chmodSync(first!.path, 0);
  const listed = async (): Promise<number> => {
    const { threads, read } = await asUser(() => listThreads(home, { cache: join(home, "cache") }));
    expect(threads.find(({ id }) => id === second!.id)!.flaws).toEqual(["unreadable"]);
    expect(threads.find(({ id }) => id === first!.id)!.title).toBe(isAllowed ? first!.title : undefined);
    return read;
  };
  let isAllowed = false;
  expect([(await listed()) > 2, await listed()]).toEqual([true, 1]);
  chmodSync(first!.path, 0o644);
  isAllowed = true;
  expect([await listed(), await listed()]).toEqual([1, 0]);
});

test("files are read once, and again when they have changed", async () => {
  const home = codexHomeWith("0.130.0");
  const cache = join(temporaryFolder(), "cache");
  const first = await listThreads(home, { cache });
  expect(first.read).toBe(first.threads.length);
  expect(await listThreads(home, { cache })).toEqual({ ...first, read: 0 });
  const { path } = first.threads[0]!;
  appendFileSync(path, readFileSync(path).subarray(readFileSync(path).indexOf('{"timestamp"')));
  const changed = await listThreads(home, { cache });
  expect(changed.read).toBe(1);
  expect(only(changed.threads, first.threads[0]!.id).messages).toBeGreaterThan(first.threads[0]!.messages);
  const size = statSync(path).size;
  writeFileSync(path, Buffer.alloc(size));
  utimesSync(path, 1, 1);
  expect((await listThreads(home, { cache })).read).toBe(1);
  const [file] = readdirSync(cache);
  expect(statSync(join(cache, file!)).mode & 0o777).toBe(0o600);
});

test("a row says what its header and its last turn say, and the one that was worked on last comes first", async () => {
  const home = temporaryFolder();
  const id = (nth: number): string => `01a1fe21-a4f7-7732-aaac-cfb0c457200${nth}`;
  const written = (nth: number, minute: number, more: object, folder = "sessions"): string => {
    const timestamp = `2026-11-20T10:0${minute}:00.000Z`;
    const row = (type: string, payload: object): string =>
      `${JSON.stringify({ timestamp, type, payload })}\n`;
    const header = {
      id: id(nth),
      timestamp: "2026-11-20T10:00:00.000Z",
      cwd: "/w",
      originator: "codex_exec",
      ...more,
    };
    const path = join(home, folder, `rollout-2026-11-20T10-00-00-${id(nth)}.jsonl`);
    mkdirSync(dirname(path), { recursive: true });
    const turn = { turn_id: "t", cwd: "/w", model: `m-${nth}`, effort: "high" };
    writeFileSync(path, row("session_meta", header) + row("turn_context", turn));
    return path;
  };
  const git = { branch: "main", commit_hash: "abc" };
  const full = {
    git,
    model_provider: "mine",
    cli_version: "0.130.0",
    parent_thread_id: id(8),
    forked_from_id: id(9),
  };
  const paths = [written(1, 2, full), written(2, 3, {}, "archived_sessions"), written(3, 1, {})];
  const { threads } = await listThreads(home);
  const created = Date.parse("2026-11-20T10:00:00.000Z");
  const common = { cwd: "/w", origin: "exec", created, messages: 0, effort: "high", flaws: [] };
  const row = (nth: number, minute: number): object => ({
    ...common,
    id: id(nth),
    model: `m-${nth}`,
    path: paths[nth - 1],
    bytes: statSync(paths[nth - 1]!).size,
    updated: created + minute * 60_000,
  });
  expect(threads).toEqual([
    { ...row(2, 3), archived: true },
    {
      ...row(1, 2),
      branch: "main",
      commit: "abc",
      provider: "mine",
      cliVersion: "0.130.0",
      parent: id(8),
      forkedFrom: id(9),
    },
    row(3, 1),
  ]);
});

test("of two files of one name the one with the last path is a thread's, as in Codex, whichever was changed last", async () => {
  const home = codexHomeWith("0.169.0");
  const { path, thread } = listRollouts(home)[0]!;
  const copies = ["2026/11/25", "2026/11/09"].map((day) => join(home, "sessions", day, basename(path)));
  for (const copy of copies) {
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(path, copy);
  }
  for (const [at, each] of [copies[0]!, path, copies[1]!].entries()) utimesSync(each, at, at);
  expect(only((await listThreads(home)).threads, thread).path).toBe(copies[0]);
});

test("archived and compressed rollouts are listed, and a compressed one beside its plain one is not", async () => {
  const home = codexHomeWith("0.130.0");
  const [first, second] = listRollouts(home);
  mkdirSync(join(home, "archived_sessions"));
  writeFileSync(
    join(home, "archived_sessions", `${basename(first!.path)}.zst`),
    zstdCompressSync(readFileSync(first!.path)),
  );
  writeFileSync(`${second!.path}.zst`, zstdCompressSync(readFileSync(second!.path)));
  const { threads } = await listThreads(home);
  expect(threads.filter(({ path }) => path.endsWith(".zst"))).toEqual([]);
  expect(only(threads, first!.thread).flaws).toContain("two-files");
  expect(only(threads, second!.thread).flaws).not.toContain("two-files");
  const files = listRollouts(home).filter(({ form }) => form === "jsonl.zst");
  expect(files).toMatchObject([{ archived: true }]);
  expect(scanRollout(files[0]!)).toMatchObject({ messages: expect.any(Number), flaws: [] });
});

test("a rollout whose members another program has sorted says the same, and without a final newline", async () => {
  const home = codexHomeWith("0.130.0");
  const before = (await listThreads(home)).threads;
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
  };
  for (const { path } of listRollouts(home)) {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    writeFileSync(path, lines.map((line) => JSON.stringify(sorted(JSON.parse(line)))).join("\n"));
  }
  const without = ({ bytes: _bytes, ...thread }: ListedThread): Omit<ListedThread, "bytes"> => thread;
  expect((await listThreads(home)).threads.map(without)).toEqual(before.map(without));
});

test("a guardian, whose prompts are Codex's, is listed as what it is, with the name that Codex gives it", async () => {
  const home = temporaryFolder();
  const timestamp = "2026-09-13T09:32:56.000Z";
  const written = (id: string, source: unknown): void => {
    const row = (type: string, payload: object): string =>
      `${JSON.stringify({ timestamp, type, payload })}\n`;
    const text = "The following is the agent history whose request action you are assessing.";
    const message = { type: "message", role: "user", content: [{ type: "input_text", text }] };
    const path = join(home, "sessions", `rollout-2026-09-13T09-32-56-${id}.jsonl`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, row("session_meta", { id, timestamp, source }) + row("response_item", message));
  };
  const ids = ["01a09a1c-d91b-7aa1-b533-c8f8473655a2", "01a09a1c-d91b-7aa1-b533-c8f8473655a3"];
  written(ids[0]!, { subagent: { other: "guardian" } });
  written(ids[1]!, { subagent: "review" });
  const { threads } = await listThreads(home);
  const titles = ids.map((id) => only(threads, id).title);
  expect(titles).toEqual(["Guardian review", expect.stringMatching(/^The following/u)]);
});

test("a list gives way to others while it reads, and ends when it is told to", async () => {
  const home = codexHomeWith("0.130.0");
  const files = listRollouts(home);
  for (let nth = 0; nth < 400; nth++) {
    const { path } = files[nth % files.length]!;
    const thread = `01a1fab8-0000-7000-8000-${String(nth).padStart(12, "0")}`;
    copyFileSync(path, join(dirname(path), `rollout-2026-11-20T20-58-19-${thread}.jsonl`));
  }
  const controller = new AbortController();
  const reason = new Error("enough");
  const listed = listThreads(home, {
    signal: controller.signal,
    // However fast the machine, the files take their time.
    onRead: () => {
      for (const end = performance.now() + 20; performance.now() < end;);
    },
  });
  const timer = setTimeout(() => controller.abort(reason), 0);
  onTestFinished(() => clearTimeout(timer));
  await expect(listed).rejects.toBe(reason);
});
