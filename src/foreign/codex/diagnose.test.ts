import { execFileSync } from "node:child_process";
import fs, { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { historyIndex, type IndexedThread, stateDatabase } from "../../../test/kit/codex-databases.ts";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { diagnose, type DiagnoseOptions, type Diagnosis } from "./diagnose.ts";
import { makeRepairFolder } from "./repair/journal.ts";

const root = temporaryFolder();

const id = "01a1fac2-0000-7000-8000-000000000000";
const name = `rollout-2026-11-20T20-58-19-${id}.jsonl`;

async function diagnosed(paths: readonly string[], options: DiagnoseOptions = {}): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for await (const each of diagnose(paths, options)) found.push(each);
  return found;
}

it("a path that is no file, or where nothing is any more, is told and holds nothing up", async () => {
  const pipe = join(root, name);
  execFileSync("mkfifo", [pipe]);
  const found = await diagnosed([pipe, root, join(root, "gone.jsonl")]);
  expect(found.map(({ findings: [one] }) => [one?.kind, one?.detail, one?.mends])).toEqual([
    ["unreadable", "it is no file", "name a file"],
    ["unreadable", "it is no file", "name a file"],
    ["unreadable", expect.stringContaining("ENOENT"), expect.stringContaining("moved")],
  ]);
  expect(found[0]?.thread).toBe(id);
});

it("a file that can't be opened for now isn't told as one that was moved", async () => {
  const path = join(root, name);
  rmSync(path, { force: true });
  writeFileSync(path, "");
  const real = fs.openSync;
  fs.openSync = () => {
    throw Object.assign(new Error("EMFILE"), { code: "EMFILE", syscall: "open", path });
  };
  syncBuiltinESMExports();
  const [found] = await diagnosed([path]).finally(() => {
    fs.openSync = real;
    syncBuiltinESMExports();
  });
  expect(found?.findings).toMatchObject([
    {
      kind: "unreadable",
      detail: "too many files are open (EMFILE)",
      mends: expect.stringMatching(/^mend that/u),
    },
  ]);
});

it("what no repair of a file can mend from which another one goes on is told with it, compressed or not", async () => {
  const timestamp = "2026-11-20T20:58:19.000Z";
  const lines = (...records: [type: string, payload: object][]): string =>
    records
      .map(([type, payload], ordinal) => `${JSON.stringify({ timestamp, ordinal, type, payload })}\n`)
      .join("");
  const header = { id, timestamp, cwd: "/w", cli_version: "0.169.0", history_mode: "paginated" };
  const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Done." }] };
  const call = { type: "function_call", name: "shell", arguments: "{}", call_id: "call_1" };
  const asked = { ...said, role: "user", content: [{ type: "input_text", text: "Go on." }] };
  const text = lines(
    ["session_meta", header],
    ["response_item", call],
    ["response_item", said],
    ["response_item", asked],
  ).replace(`{"timestamp":"${timestamp}","ordinal":2`, '{"ordinal":2');
  const history_base = { thread_id: id, end_ordinal_exclusive: 4, end_byte_offset: text.length };
  const other = id.replace("0000-7000", "0001-7000");
  const sessions = join(root, "forked", "sessions");
  mkdirSync(sessions, { recursive: true });
  writeFileSync(
    join(sessions, name.replace(id, other)),
    lines(["session_meta", { ...header, id: other, history_base }]),
  );
  const path = join(sessions, name);
  writeFileSync(path, text);
  const [plain] = await diagnosed([path]);
  rmSync(path);
  writeFileSync(`${path}.zst`, zstdCompressSync(text));
  const [packed] = await diagnosed([`${path}.zst`]);
  const [underOldName] = await diagnosed([path]);
  expect(underOldName).toEqual({ ...packed, path });
  for (const each of [plain, packed])
    for (const lost of ["call-without-output", "untimed-record"])
      expect(each?.findings.find(({ kind }) => kind === lost)?.mends, lost).toMatch(/^no repair: /u);
});

it("a home that is reached by a link is the same: a repair that was cut off is told, under the path that was given", async () => {
  const [home, own] = [join(root, "codex"), join(root, "own")];
  mkdirSync(join(home, "sessions"), { recursive: true });
  symlinkSync(home, join(root, "link"));
  const payload = {
    id,
    timestamp: "2026-11-20T20:58:19.000Z",
    cwd: "/",
    originator: "c",
    cli_version: "0.130.0",
  };
  const text = `${JSON.stringify({ timestamp: payload.timestamp, type: "session_meta", payload })}\n`;
  writeFileSync(join(home, "sessions", name), text);
  const kept = { bytes: 0, sha256: "" };
  makeRepairFolder(own, id, Date.now()).write({
    schema: 1,
    path: join(home, "sessions", name),
    at: Date.now(),
    state: "writing",
    before: kept,
    after: kept,
    mended: {},
    forgotIndex: false,
  });
  const given = join(root, "link", "sessions", name);
  const [found] = await diagnosed([given], { home: own });
  expect(found?.path).toBe(given);
  expect(found?.findings.map(({ kind }) => kind)).toContain("repair-unfinished");
});

it("of many rollouts together the same is told as of a few at a time, what Codex's index of it says included", async () => {
  const home = join(root, "many");
  const sessions = join(home, "sessions");
  mkdirSync(sessions, { recursive: true });
  const indexed: IndexedThread[] = [];
  const timestamp = "2026-11-20T20:58:19.000Z";
  const paths = Array.from({ length: 70 }, (_, nth) => {
    const thread = id.replace("0000-7000", `${1000 + nth}-7000`);
    const header = { id: thread, timestamp, cwd: "/w", cli_version: "0.169.0", history_mode: "paginated" };
    const first = `${JSON.stringify({ timestamp, ordinal: 0, type: "session_meta", payload: header })}\n`;
    const event = { type: "task_started", turn_id: "1" };
    const second = `${JSON.stringify({ timestamp, ordinal: 1, type: "event_msg", payload: event })}\n`;
    const path = join(sessions, name.replace(id, thread));
    writeFileSync(path, first + second);
    const bytes = first.length + second.length;
    // One of five each: nothing is known of it, it fits, it is ahead, it waits for a later ordinal, a turn begins within a line.
    const [offset, ordinal] = [bytes + (nth % 5 === 2 ? 9 : 0), nth % 5 === 3 ? 9 : 2];
    if (nth % 5 > 0) indexed.push({ thread, offset, ordinal, turns: [first.length, nth % 5 === 4 ? 7 : 0] });
    return path;
  });
  historyIndex(home, ...indexed);
  const together = await diagnosed(paths, { now: 0 });
  const few = [paths.slice(0, 35), paths.slice(35)].map((some) => diagnosed(some, { now: 0 }));
  expect(together).toEqual((await Promise.all(few)).flat());
  const stale = together.filter(({ findings }) => findings.some(({ kind }) => kind === "index-stale"));
  expect(stale.map(({ path }) => paths.indexOf(path) % 5)).toEqual(
    paths.map((_, nth) => nth % 5).filter((which) => which > 1),
  );
});

it.each<[string, string, boolean]>([
  ["Dropbox's", ` (Anna's conflicted copy 2026-11-23)`, true],
  ["Syncthing's", ".sync-conflict-20261123-101010-ABCDEFG", true],
  ["OneDrive's", "-LAPTOP", true],
  ["of another file of its thread", "_01a1fac2-0001-7000-8000-000000000000 (1)", false],
])("a sync program's copy that holds more than the session is told: %s", async (_what, added, isTold) => {
  const sessions = join(temporaryFolder(), "sessions");
  mkdirSync(sessions);
  const path = join(sessions, name);
  const copy = path.replace(/(?=\.jsonl$)/u, added);
  const timestamp = "2026-11-20T20:58:19.000Z";
  const payload = { id, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.98.0" };
  const text = `${JSON.stringify({ timestamp, type: "session_meta", payload })}\n`;
  writeFileSync(path, text);
  const told = async (): Promise<(string | undefined)[]> => {
    const [found] = await diagnosed([path]);
    return found!.findings.filter(({ kind }) => kind === "two-files-one-id").map(({ detail }) => detail);
  };
  writeFileSync(copy, text.slice(0, -20));
  expect(await told()).toEqual([]);
  writeFileSync(
    copy,
    `${text}{"timestamp":"${timestamp}","type":"event_msg","payload":{"type":"token_count"}}\n`,
  );
  expect(await told()).toEqual(isTold ? [`also ${copy}`] : []);
});

it.each<[string, string | undefined, string | undefined, boolean, string?]>([
  ["that config.toml doesn't have", "work", 'model = "m"\n', true],
  ["of which config.toml has another", "work", '[model_providers.home]\nname = "Home"\n', true],
  ["that config.toml has", "work", '[model_providers.work]\nname = "Work"\n', false],
  ["that is Codex's own", "ollama", 'model = "m"\n', false],
  ["that isn't named", undefined, 'model = "m"\n', false],
  ["where there is no config.toml", "work", undefined, false],
  ["where config.toml can't be read", "work", "model = \n", false],
  [
    "in whose place the database names one that config.toml has",
    "work",
    '[model_providers.home]\nname = "Home"\n',
    false,
    "home",
  ],
  ["that only the database names", "home", '[model_providers.home]\nname = "Home"\n', true, "work"],
  ["in whose place the database names none", "work", 'model = "m"\n', true, ""],
])("a provider %s", async (_what, provider, settings, isTold, inDatabase) => {
  const home = temporaryFolder();
  mkdirSync(join(home, "sessions"));
  if (settings !== undefined) writeFileSync(join(home, "config.toml"), settings);
  const path = join(home, "sessions", name);
  const timestamp = "2026-11-20T20:58:19.000Z";
  const said = { id, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.169.0" };
  const payload = { ...said, model_provider: provider };
  writeFileSync(path, `${JSON.stringify({ timestamp, type: "session_meta", payload })}\n`);
  if (inDatabase !== undefined) stateDatabase(home, { id, rollout_path: path, model_provider: inDatabase });
  const [found] = await diagnosed([path]);
  const told = found?.findings.filter(({ kind }) => kind === "provider-gone");
  expect(told?.map(({ severity, detail }) => [severity, detail])).toEqual(
    isTold ? [["note", expect.stringContaining("work")]] : [],
  );
});

it("of a provider whose name is no bare key the table is told as TOML wants it, which else Codex refuses to load", async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, "sessions"));
  writeFileSync(join(home, "config.toml"), 'model = "m"\n');
  const path = join(home, "sessions", name);
  const timestamp = "2026-11-20T20:58:19.000Z";
  const said = { id, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.169.0" };
  const payload = { ...said, model_provider: "llama.cpp" };
  writeFileSync(path, `${JSON.stringify({ timestamp, type: "session_meta", payload })}\n`);
  const [found] = await diagnosed([path]);
  const told = found?.findings.find(({ kind }) => kind === "provider-gone");
  expect(told?.detail).toContain('a table [model_providers."llama.cpp"] with');
});
