import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { zstdCompressSync } from "node:zlib";
import { fc } from "../../../../test/kit/property.ts";
import { expect, onTestFinished, test } from "vitest";
import { asUser } from "../../../../test/kit/as-user.ts";
import { codexFixtures, codexHomeWith } from "../../../../test/kit/codex-home.ts";
import { listThreads, type ListedThread } from "./list.ts";
import { linesIn } from "../rollout/lines.ts";
import { listRollouts } from "../home/places.ts";
import { promptOf } from "../rollout/prompt.ts";
import { readRecord } from "../rollout/record.ts";
import { scanRollout } from "./scan.ts";

const versions = ["0.29.0", "0.36.0", "0.58.0", "0.98.0", "0.130.0", "0.169.0"];

const only = (threads: readonly ListedThread[], beginning: string): ListedThread => {
  const found = threads.filter(({ id }) => id.startsWith(beginning));
  expect(found).toHaveLength(1);
  return found[0]!;
};

test.each(versions)("a list says of %s rollouts what reading all of them says", async (version) => {
  const { threads, troubles } = await listThreads(join(codexFixtures, version));
  expect(troubles).toEqual([]);
  expect(threads).toHaveLength(listRollouts(join(codexFixtures, version)).length);
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
    if (version === "0.29.0") expect(thread.branch).toBe("main");
    else {
      expect(thread).toMatchObject({ cliVersion: version, updated: times.at(-1), branch: "main" });
      expect(thread.cwd).toMatch(/\/ws$/u);
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
    const home = mkdtempSync(join(tmpdir(), "throughline-codex-"));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
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

test("what is wrong at the ends of a file is seen", () => {
  const home = codexHomeWith("0.169.0");
  const [rollout] = listRollouts(home);
  const path = rollout!.path;
  const content = readFileSync(path);
  const flawsOf = (bytes: Buffer | string): readonly string[] => {
    writeFileSync(path, bytes);
    return scanRollout({ ...rollout!, bytes: bytes.length }).flaws;
  };
  expect(flawsOf(content)).toEqual([]);
  expect(flawsOf("")).toEqual(["empty"]);
  expect(flawsOf("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")).toEqual(["git-lfs"]);
  expect(flawsOf(content.subarray(content.indexOf("\n") + 1))).toEqual(["no-header"]);
  expect(flawsOf(Buffer.concat([Buffer.from("{}\n"), content]))).toEqual(["no-header"]);
  expect(flawsOf(Buffer.concat([Buffer.from("\n  \r\n"), content])), "Codex passes over blank lines").toEqual(
    [],
  );
  expect(flawsOf(Buffer.concat([Buffer.from("\uFEFF"), content]))).toEqual(["bom"]);
  expect(flawsOf(Buffer.concat([content, Buffer.alloc(4096)]))).toEqual(["nul-tail"]);
  expect(flawsOf(content.subarray(0, content.length - 20))).toContain("torn-tail");
  expect(flawsOf(content.subarray(0, content.length - 1))).toEqual([]);
  const bare =
    '{"timestamp":"2026-11-20T21:00:00.000Z","type":"event_msg","payload":{"type":"token_count"}}\n';
  expect(flawsOf(Buffer.concat([content, Buffer.from(bare)]))).toEqual(["no-ordinal"]);
  const two = content.toString("utf8").split("\n", 2);
  expect(flawsOf(["", ...two, bare].join("\n"))).toContain("no-ordinal");
  expect(flawsOf(content.subarray(0, content.lastIndexOf("\n", content.length - 2) + 1))).toEqual([
    "open-turn",
  ]);
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
  const cache = join(mkdtempSync(join(tmpdir(), "throughline-cache-")), "cache");
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
  const home = mkdtempSync(join(tmpdir(), "throughline-codex-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
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

test("of a large file the ends are read, and its messages are reckoned", () => {
  const home = codexHomeWith("0.130.0");
  const rollout = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fac6-9157"))!;
  const all = readFileSync(rollout.path);
  const body = all.subarray(all.indexOf("\n") + 1);
  const times = 400;
  writeFileSync(rollout.path, Buffer.concat([all, ...Array.from({ length: times }, () => body)]));
  const small = scanRollout({
    ...rollout,
    path: listRollouts(join(codexFixtures, "0.130.0")).find(({ thread }) => thread === rollout.thread)!.path,
  });
  const large = scanRollout(rollout);
  const exact = small.messages * (times + 1);
  expect(large).toMatchObject({
    title: small.title,
    model: small.model,
    estimated: true,
    updated: small.updated,
  });
  expect(Math.abs(large.messages - exact) / exact).toBeLessThan(0.1);
});

test("an image that is larger than all else is not taken for thousands of messages", () => {
  const home = codexHomeWith("0.130.0");
  const rollout = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fac6-9157"))!;
  const lines = readFileSync(rollout.path, "utf8").trimEnd().split("\n");
  const { messages } = scanRollout(rollout);
  const content = [{ type: "input_image", image_url: `data:image/png;base64,${"A".repeat(6_000_000)}` }];
  const payload = { type: "message", role: "user", content };
  const image = JSON.stringify({ timestamp: "2026-11-20T21:04:39.000Z", type: "response_item", payload });
  lines.splice(lines.length / 2, 0, image);
  writeFileSync(rollout.path, lines.map((line) => `${line}\n`).join(""));
  const found = scanRollout(rollout);
  expect(found.estimated).toBe(true);
  expect(Math.abs(found.messages - messages)).toBeLessThanOrEqual(1);
});

test("a reverted thread is one row, as is a thread of which there are two files", async () => {
  const home = codexHomeWith("0.169.0");
  const one = (await listThreads(home)).threads.find(({ messages }) => messages > 3)!;
  const rollout = listRollouts(home).find(({ thread }) => thread === one.id);
  const path = rollout!.path;
  const lines = readFileSync(path, "utf8").split("\n");
  const meta = JSON.parse(lines[0]!) as { payload: Record<string, unknown> };
  const answer = lines.findIndex((line) => line.includes('"role":"assistant"'));
  const kept = lines.slice(0, answer + 1).join("\n").length + 1;
  meta.payload["history_base"] = {
    thread_id: rollout!.thread,
    end_ordinal_exclusive: 9,
    end_byte_offset: kept,
  };
  const segment = "01a1fab8-0000-7000-8000-000000000001";
  const later = join(
    dirname(path),
    basename(path)
      .replace(/T\d\d-/u, "T23-")
      .replace(".jsonl", `_${segment}.jsonl`),
  );
  writeFileSync(later, `${JSON.stringify(meta)}\n${lines[answer]}\n`);
  const bytes = statSync(path).size + statSync(later).size;
  const cache = join(home, "cache");
  for (const read of [listRollouts(home).length, 0]) {
    const listed = await listThreads(home, { cache });
    const thread = only(listed.threads, rollout!.thread);
    expect(listed.read).toBe(read);
    // The first prompt and its answer, and the answer since: what was taken back isn't counted.
    expect(thread).toMatchObject({ path: later, messages: 3, flaws: [], bytes });
    expect(thread.estimated, "every message was counted").toBeUndefined();
    expect(thread.title).toBe(one.title);
  }

  const copy = join(home, "sessions", "2026", "11", "21");
  mkdirSync(copy);
  writeFileSync(join(copy, basename(path).replace("2026-11-20", "2026-11-21")), readFileSync(path));
  expect(only((await listThreads(home)).threads, rollout!.thread).flaws).toEqual(["two-files"]);
});

test("a thread whose beginning is gone says so, and one that names itself as its beginning is listed all the same", async () => {
  const home = codexHomeWith("0.169.0");
  const [rollout] = listRollouts(home);
  const { path, thread } = rollout!;
  const lines = readFileSync(path, "utf8").split("\n");
  const { messages } = only((await listThreads(home)).threads, thread);
  const meta = JSON.parse(lines[0]!) as { payload: object };
  const begunBy = (base: string): void => {
    const history_base = { thread_id: base, end_ordinal_exclusive: 9, end_byte_offset: 1 };
    const header = { ...meta, payload: { ...meta.payload, history_base } };
    writeFileSync(path, [JSON.stringify(header), ...lines.slice(1)].join("\n"));
  };
  begunBy("01a1fab8-0000-7000-8000-000000000001");
  expect(only((await listThreads(home)).threads, thread)).toMatchObject({
    messages,
    flaws: ["base-missing"],
  });
  begunBy(thread);
  expect(only((await listThreads(home)).threads, thread)).toMatchObject({ messages });
});

test("what a thread goes on from is counted once it can be read", async () => {
  const home = codexHomeWith("0.169.0");
  chmodSync(home, 0o777);
  const one = (await listThreads(home)).threads.find(({ messages }) => messages > 3)!;
  const lines = readFileSync(one.path, "utf8").split("\n");
  const meta = JSON.parse(lines[0]!) as { payload: object };
  const history_base = {
    thread_id: one.id,
    end_ordinal_exclusive: 900,
    end_byte_offset: statSync(one.path).size,
  };
  const answer = lines.find((line) => line.includes('"role":"assistant"'));
  const segment = one.path
    .replace(/T\d\d-/u, "T23-")
    .replace(".jsonl", "_01a1fab8-0000-7000-8000-000000000001.jsonl");
  writeFileSync(
    segment,
    `${JSON.stringify({ ...meta, payload: { ...meta.payload, history_base } })}\n${answer}\n`,
  );
  const cache = join(home, "cache");
  const counted = async (): Promise<number> =>
    only((await asUser(() => listThreads(home, { cache }))).threads, one.id).messages;
  chmodSync(one.path, 0);
  expect([await counted(), await counted()]).toEqual([1, 1]);
  chmodSync(one.path, 0o644);
  expect([await counted(), await counted()]).toEqual([one.messages + 1, one.messages + 1]);
});

test("a thread that goes on from before another one's first question has the title of its own", async () => {
  const home = codexHomeWith("0.169.0");
  const { path, id, title } = (await listThreads(home)).threads.find((each) => each.title !== undefined)!;
  const text = readFileSync(path, "utf8");
  const asked = text.split("\n").find((line) => line.includes(`"text":"${title}"`))!;
  const meta = JSON.parse(text.split("\n", 1)[0]!) as { payload: object };
  const segment = path.replace(".jsonl", "_01a1fab8-0000-7000-8000-000000000001.jsonl");
  for (const before of [text.slice(0, text.indexOf(asked)), text]) {
    const end_byte_offset = Buffer.byteLength(before);
    const history_base = { thread_id: id, end_ordinal_exclusive: 9, end_byte_offset };
    const header = JSON.stringify({ ...meta, payload: { ...meta.payload, history_base } });
    writeFileSync(segment, `${header}\n${asked.replace(title!, "Asked instead")}\n`);
    const listed = only((await listThreads(home)).threads, id);
    expect(listed).toMatchObject({ path: segment, title: before === text ? title : "Asked instead" });
  }
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

test("a thread is listed where it was worked on last, in whatever segment of it that is told", async () => {
  const home = codexHomeWith("0.169.0");
  const { path, thread } = listRollouts(home)[0]!;
  const told = (ordinal: number, type: string, payload: object): void =>
    appendFileSync(
      path,
      `${JSON.stringify({ timestamp: "2026-11-20T22:00:00.000Z", ordinal, type, payload })}\n`,
    );
  const listed = async (): Promise<string | undefined> => only((await listThreads(home)).threads, thread).cwd;
  expect(await listed()).toMatch(/\/ws$/u);
  told(900, "turn_context", { turn_id: "t", cwd: 'C:\\a "b"', model: "gpt-5.5" });
  expect(await listed()).toBe('C:\\a "b"');
  const thread_settings = { model: "gpt-5.5", cwd: "/moved" };
  told(901, "event_msg", { type: "thread_settings_applied", thread_settings });
  expect(await listed()).toBe("/moved");

  const meta = JSON.parse(readFileSync(path, "utf8").split("\n")[0]!) as { payload: object };
  const history_base = {
    thread_id: thread,
    end_ordinal_exclusive: 902,
    end_byte_offset: statSync(path).size,
  };
  const segment = path
    .replace(/T\d\d-/u, "T23-")
    .replace(".jsonl", "_01a1fab8-0000-7000-8000-000000000001.jsonl");
  writeFileSync(segment, `${JSON.stringify({ ...meta, payload: { ...meta.payload, history_base } })}\n`);
  expect(only((await listThreads(home)).threads, thread)).toMatchObject({ path: segment, cwd: "/moved" });
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

test("no bytes make a scan throw", () => {
  const home = codexHomeWith("0.58.0");
  const [rollout] = listRollouts(home);
  const content = readFileSync(rollout!.path);
  fc.assert(
    fc.property(
      fc.nat(content.length),
      fc.nat(content.length),
      fc.uint8Array({ maxLength: 40 }),
      (from, length, bytes) => {
        const mutated = Buffer.concat([
          content.subarray(0, from),
          bytes,
          content.subarray(from + (length % 500)),
        ]);
        writeFileSync(rollout!.path, mutated);
        expect(scanRollout(rollout!).messages).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 300 },
  );
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
