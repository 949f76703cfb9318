// The real CLI on what lies around a rollout: the files of a reverted thread, a home that was copied, databases that are behind.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FindingKind } from "../../src/foreign/codex/findings/catalogue.ts";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import { repairRollout, undoRepair } from "../../src/foreign/codex/repair/repair.ts";
import { quoted } from "../../src/lib/words.ts";
import { codexRollouts } from "../kit/codex-home.ts";
import { codexHome, type CodexHome, type CodexRun, installCodex } from "../kit/codex.ts";
import { foundBeside } from "../kit/judged.ts";
import { textOf } from "./model.ts";
import type { Refusal } from "./requirements.ts";
import { apiKey, startUpstream, type Upstream } from "./upstream.ts";

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

let root = "";
let upstream: Upstream;
let codex: CodexHome;
let thread = "";
/** The thread's first file, and the one that goes on from it since the revert. */
let [base, later] = ["", ""];

const exec = ["exec", "--skip-git-repo-check"];
const work = (): string => join(root, "work");
const resume = (prompt: string, home: CodexHome = codex): Promise<CodexRun> =>
  home.run([...exec, "resume", thread, prompt], { folder: work() });

/** What was said and done, in the request; of what Codex says of itself, and of seals, nothing. */
function sent(from: number): string[] {
  return (upstream.requests[from]?.input ?? []).flatMap((item) => {
    const type = String(item["type"] ?? "message");
    if (type !== "message") return type === "reasoning" ? [] : [type];
    return item["role"] === "developer" || textOf(item).startsWith("<")
      ? []
      : [`${String(item["role"])}: ${textOf(item)}`];
  });
}

const history = [
  "user: one",
  "function_call",
  "function_call_output",
  "assistant: answer-one é",
  "user: two",
];

const kinds = async (path: string): Promise<string[]> =>
  (await foundBeside(path, join(root, "own"), Date.now())).map(({ kind }) => kind);

async function repair(path: string): Promise<Record<string, number> | undefined> {
  const options = { home: join(root, "own"), now: Date.now(), seals: { which: "none" } } as const;
  return (await repairRollout(path, options, () => undefined))?.journal.mended;
}

function withState<T>(name: string, act: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(codex.home, `${name}.sqlite`));
  try {
    return act(database);
  } finally {
    database.close();
  }
}

/** How the turns of Codex's own index ended, those of every file of the thread. */
const turns = (): string[] =>
  withState("thread_history_1", (database) =>
    database.prepare("SELECT status FROM thread_turns ORDER BY thread_id, rollout_ordinal").all(),
  ).map(({ status }) => String(status));

function restore(saved: string): void {
  rmSync(codex.home, { recursive: true, force: true });
  cpSync(join(root, saved), codex.home, { recursive: true });
}

function change(path: string, fits: RegExp, into: (line: string) => string[]): Buffer {
  const lines = readFileSync(path, "latin1").split("\n");
  const at = lines.findIndex((line) => fits.test(line));
  if (at < 0) throw new Error(`no line is ${String(fits)}`);
  return Buffer.from(lines.flatMap((line, nth) => (nth === at ? into(line) : [line])).join("\n"), "latin1");
}

beforeAll(async () => {
  if (binary === undefined) return;
  root = mkdtempSync(join(tmpdir(), "tl codex places ü-"));
  upstream = await startUpstream();
  upstream.script("one", [{ run: "echo output-one" }], [{ say: "answer-one é" }]);
  mkdirSync(work());
  codex = codexHome(binary, join(root, "codex"), { url: upstream.url, apiKey });
  expect((await codex.run([...exec, "one"], { folder: work() })).status).toBe(0);
  ({ thread, path: base } = listRollouts(codex.home)[0]!);
  for (const prompt of ["two", "three"]) expect((await resume(prompt)).status).toBe(0);
  cpSync(codex.home, join(root, "plain"), { recursive: true });
  const server = await codex.serve(work());
  await server.ask("thread/resume", { threadId: thread });
  const asked = { threadId: thread, limit: 10 };
  const { data } = (await server.ask("thread/turns/list", asked)) as { data: { id: string }[] };
  await server.ask("thread/revert", { threadId: thread, beforeTurnId: data[0]!.id });
  await server.close();
  expect((await resume("after")).status).toBe(0);
  later = listRollouts(codex.home).find(({ path }) => path !== base)!.path;
  cpSync(codex.home, join(root, "reverted"), { recursive: true });
});

afterAll(async () => {
  await upstream?.close();
  if (root !== "") rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const answer = /"response_item".*"role":"assistant"/u;
const garbage = (line: string): string[] => ["#".repeat(line.length)];
const ofBase = (): string => base;
const ofLater = (): string => later;

interface Case {
  name: string;
  path(): string;
  damage(): Buffer;
  found: FindingKind[];
  /** What no repair can bring back. */
  gone?: string;
}

const cases: Case[] = [
  {
    name: "an answer of the first file doesn't say who gave it",
    path: ofBase,
    damage: () =>
      change(base, answer, (line) => [line.replace('"role":"assistant",', "").padEnd(line.length)]),
    found: ["unread-item"],
  },
  {
    name: "an answer of the first file is garbage",
    path: ofBase,
    damage: () => change(base, answer, garbage),
    found: ["lone-reasoning", "unparsable-line", "lost-message"],
  },
  {
    name: "an answer of the first file is gone, and what is behind it has moved",
    path: ofBase,
    damage: () => change(base, answer, () => []),
    found: ["lone-reasoning", "segment-short", "lost-message"],
  },
  {
    name: "the beginning of the first file is gone",
    path: ofBase,
    damage: () => readFileSync(base).subarray(3_000),
    found: ["header-broken", "segment-short"],
  },
  {
    name: "the first line of the first file is garbage",
    path: ofBase,
    damage: () => change(base, /session_meta/u, garbage),
    found: ["header-broken"],
  },
  {
    name: "the first line of the first file is gone",
    path: ofBase,
    damage: () => change(base, /session_meta/u, () => []),
    found: ["header-missing", "segment-short"],
  },
  {
    name: "a record of the first file stands there twice",
    path: ofBase,
    damage: () => change(base, answer, (line) => [line, line]),
    found: ["doubled-record", "segment-long"],
  },
  {
    name: "an answer of the first file and the prompt behind it have changed places",
    path: ofBase,
    damage: () => {
      const lines = readFileSync(base, "latin1").split("\n");
      const [one, other] = [answer, /"response_item".*"role":"user".*"text":"two"/u].map((fits) =>
        lines.findIndex((line) => fits.test(line)),
      ) as [number, number];
      const exchanged = lines.with(one, lines[other]!).with(other, lines[one]!);
      return Buffer.from(exchanged.join("\n"), "latin1");
    },
    found: ["lone-reasoning", "ordinal-regressed", "lost-message"],
  },
  {
    name: "the first file ends before the place at which the later one goes on",
    path: ofBase,
    damage: () => readFileSync(base).subarray(0, readFileSync(base).indexOf("You said: two")),
    found: ["lone-reasoning", "segment-short", "torn-tail"],
    gone: "assistant: You said: two",
  },
  {
    name: "the first line of the later file is garbage",
    path: ofLater,
    damage: () => change(later, /session_meta/u, garbage),
    found: ["header-broken"],
  },
  {
    name: "the first line of the later file is overwritten in part",
    path: ofLater,
    damage: () =>
      change(later, /session_meta/u, (line) => [`${line.slice(0, 60)}${"\0".repeat(40)}${line.slice(100)}`]),
    found: ["header-broken"],
  },
  {
    name: "the first line of the later file is gone",
    path: ofLater,
    damage: () => change(later, /session_meta/u, () => []),
    found: ["header-missing", "index-stale"],
  },
  {
    name: "an answer of the later file is garbage",
    path: ofLater,
    damage: () => change(later, answer, garbage),
    found: ["lone-reasoning", "unparsable-line", "lost-message"],
  },
];

describe.skipIf(binary === undefined)("a thread that was reverted, one of its files damaged", () => {
  beforeEach(() => restore("reverted"));

  test("nothing is found in it, and nothing repaired, as long as it is whole", async () => {
    for (const path of [base, later]) {
      expect(await kinds(path)).toEqual([]);
      expect(await repair(path)).toBeUndefined();
    }
  });

  test.each(cases)("$name", async ({ path, damage, found, gone }) => {
    const damaged = damage();
    writeFileSync(path(), damaged);
    expect(await kinds(path())).toEqual(found);
    expect((await resume("on")).status).not.toBe(0);

    restore("reverted");
    writeFileSync(path(), damaged);
    await repair(path());
    expect(await kinds(path())).toEqual([]);
    expect(await repair(path()), "a second repair finds nothing").toBeUndefined();
    const from = upstream.requests.length;
    const healed = await resume("on");
    expect(healed.status, healed.err).toBe(0);
    const whole = [
      ...history,
      "assistant: You said: two",
      "user: after",
      "assistant: You said: after",
      "user: on",
    ];
    expect(sent(from)).toEqual(whole.filter((text) => text !== gone));
    expect(turns()).toEqual(Array.from({ length: 5 }, () => "completed"));
    await undoRepair(path(), { home: join(root, "own") });
    expect(readFileSync(path()).subarray(0, damaged.length).equals(damaged), "undone").toBe(true);
  });

  test("the seals of both are refused: what is said of the last one names the repair of the first, too", async ({
    onTestFinished,
  }) => {
    onTestFinished(() => upstream.spoiled.clear());
    let from = upstream.requests.length;
    expect((await resume("on")).status).toBe(0);
    const whole = sent(from);
    for (const item of upstream.requests[from]!.input)
      if ("encrypted_content" in item) upstream.spoiled.add(String(item["encrypted_content"]));
    restore("reverted");
    expect((await resume("refused")).status).not.toBe(0);

    expect(await kinds(later)).toEqual(["seal-refused", "seal-refused"]);
    const options = { home: join(root, "own"), now: Date.now() };
    const done = await repairRollout(later, options, () => undefined);
    const mends = `throughline repair ${quoted(base)} --sealed --write`;
    expect(done?.plan?.after.map((left) => left.mends)).toEqual([mends]);
    await repairRollout(base, { ...options, seals: { which: "all" } }, () => undefined);
    expect(await kinds(later)).toEqual([]);
    from = upstream.requests.length;
    const healed = await resume("on");
    expect(healed.status, healed.err).toBe(0);
    expect(sent(from)).toEqual([...whole.slice(0, -1), "user: refused", "user: on"]);
  });
});

const whole = [
  ...history,
  "assistant: You said: two",
  "user: three",
  "assistant: You said: three",
  "user: on",
];

describe.skipIf(binary === undefined)("a session of 0.36 that is copied into a home in use", () => {
  test("names no provider, for which the app server refuses it until it is repaired", async () => {
    restore("plain");
    const [old] = codexRollouts("0.36.0");
    const copy = join(codex.home, "sessions", "2026", "11", "20", basename(old!.path));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(old!.path, copy);
    const resumed = async (): Promise<unknown> => {
      const server = await codex.serve(work());
      try {
        return await server.ask("thread/resume", { threadId: old!.thread });
      } finally {
        await server.close();
      }
    };
    const refusal = "model provider “”, which is no longer configured";
    await expect(resumed()).rejects.toThrow(refusal);
    expect(await kinds(copy)).toContain("state-moved");
    await repair(copy);
    expect(await kinds(copy)).not.toContain("state-moved");
    expect(await resumed()).toMatchObject({ thread: { id: old!.thread } });
    await undoRepair(copy, { home: join(root, "own") });
    await expect(resumed()).rejects.toThrow(refusal);
  });
});

describe.skipIf(binary === undefined)("a thread that was forked", () => {
  test("repairs of it, and of the fork, leave both with all that was said", async () => {
    restore("plain");
    const server = await codex.serve(work());
    await server.ask("thread/resume", { threadId: thread });
    const { thread: fork } = (await server.ask("thread/fork", { threadId: thread })) as {
      thread: { id: string };
    };
    await server.close();
    expect((await resume("parent")).status).toBe(0);
    const forked = async (): Promise<string[]> => {
      const from = upstream.requests.length;
      const run = await codex.run([...exec, "resume", fork.id, "on"], { folder: work() });
      return run.status === 0 ? sent(from) : [];
    };
    cpSync(codex.home, join(root, "forked"), { recursive: true });
    expect(await forked()).toEqual(whole);
    const damages: [Buffer, FindingKind[]][] = [
      [change(base, answer, () => []), ["lone-reasoning", "segment-short", "lost-message"]],
      [
        change(base, answer, (line) => [line, "#".repeat(line.length + 4_000)]),
        ["unparsable-line", "segment-long"],
      ],
    ];
    const forkPath = listRollouts(codex.home).find((file) => file.thread === fork.id)!.path;
    restore("forked");
    writeFileSync(forkPath, change(forkPath, /session_meta/u, garbage));
    expect(await repair(forkPath)).toEqual({ "header-broken": 1 });
    expect(await kinds(forkPath)).toEqual([]);
    expect(await forked(), "its first line is lost, and with it what it goes on from").toEqual(whole);
    for (const [damaged, found] of damages) {
      restore("forked");
      writeFileSync(base, damaged);
      expect(await kinds(base)).toEqual(found);
      expect(await forked()).not.toEqual(whole);
      restore("forked");
      writeFileSync(base, damaged);
      await repair(base);
      expect(await kinds(base)).toEqual([]);
      expect(await repair(base), "a second repair finds nothing").toBeUndefined();
      expect(await forked()).toEqual(whole);
      const from = upstream.requests.length;
      expect((await resume("on")).status).toBe(0);
      expect(sent(from)).toEqual([
        ...whole.slice(0, -1),
        "user: parent",
        "assistant: You said: parent",
        "user: on",
      ]);
    }
  });
});

describe.skipIf(binary === undefined)("a rollout that a provider refuses for the form of its items", () => {
  beforeEach(() => restore("plain"));
  afterEach(() => void (upstream.demands.length = 0));

  const refusal = (message: string): Refusal => ({
    status: 400,
    body: { error: { message, type: "invalid_request_error", param: "input", code: null } },
  });

  /** The resume fails each time; after the repair it goes on with everything that was said. */
  async function mended(kind: FindingKind): Promise<void> {
    // On a busy machine an exec that fails has been seen to end before it had written why.
    for (let tries = 0; tries < 3 && !(await kinds(base)).includes(kind); tries++)
      expect((await resume("lost")).status).not.toBe(0);
    const written = readFileSync(base, "utf8").split("\n").slice(-3).join("\n").slice(0, 2_000);
    expect(await kinds(base), written).toContain(kind);
    const size = readFileSync(base).length;
    expect(await repair(base)).toHaveProperty(kind);
    expect(readFileSync(base).length, "nothing moves").toBe(size);
    expect(await kinds(base)).toEqual([]);
    const from = upstream.requests.length;
    const run = await resume("on");
    expect(run.status, run.err).toBe(0);
    expect(sent(from).filter((text) => text !== "user: lost")).toEqual(whole);
    expect(turns().at(-1)).toBe("completed");
  }

  test("an answer that was written before its reasoning (openai/codex #33044): its id goes", async () => {
    const lines = readFileSync(base, "utf8").split("\n");
    const at = lines.findIndex((line) => answer.test(line));
    const reasoning = lines.findLastIndex((line, nth) => nth < at && line.includes('"type":"reasoning"'));
    const [first, second] = [lines[reasoning]!, lines[at]!].map((line) =>
      /^(.*?"payload":)(.*)\}$/u.exec(line)!,
    );
    lines[reasoning] = `${first![1]}${second![2]}}`;
    lines[at] = `${second![1]}${first![2]}}`;
    writeFileSync(base, lines.join("\n"));
    const [id, dependsOn] = [second!, first!].map((line) => /"id":"([^"]+)"/u.exec(line[2]!)![1]);
    upstream.demands.push((_body, input) => {
      const place = input.findIndex((item) => item["id"] === id);
      const message = `Item '${id}' of type 'message' was provided without its required 'reasoning' item: '${dependsOn}'.`;
      return place < 0 || input[place - 1]?.["id"] === dependsOn ? undefined : refusal(message);
    });
    await mended("dependent-id");
  });

  test("a patch with a function call's id, as relays give it (openai/codex #40039): the id goes", async () => {
    const renamed = change(base, /"type":"(?:custom_tool_call|function_call)"/u, (line) => [
      line.replace(/"id":"[a-z]+_/u, '"id":"fx_'),
    ]);
    writeFileSync(base, renamed);
    expect(readFileSync(base, "utf8")).toContain('"id":"fx_');
    upstream.demands.push((_body, input) => {
      const at = input.findIndex(({ id }) => String(id).startsWith("fx_"));
      const words = `Invalid 'input[${at}].id': '${String(input[at]?.["id"])}'. Expected an ID that begins with 'ctc'.`;
      return at < 0 ? undefined : refusal(words);
    });
    await mended("invalid-id");
  });

  test("reasoning in plain text, of another provider (openai/codex #36551): the words go, the seal stays", async () => {
    const text = '"content":[{"type":"reasoning_text","text":"I should look."}]';
    writeFileSync(
      base,
      change(base, /"type":"reasoning"/u, (line) => [line.replace('"content":null', text)]),
    );
    expect(readFileSync(base, "utf8")).toContain(text);
    upstream.demands.push((_body, input) => {
      const at = input.findIndex(
        ({ type, content }) => type === "reasoning" && Array.isArray(content) && content.length > 0,
      );
      const words = `Invalid 'input[${at}].content': array too long. Expected an array with maximum length 0, but got an array with length 1 instead.`;
      return at < 0 ? undefined : refusal(words);
    });
    await mended("plain-reasoning");
    const seals = upstream.requests.at(-1)!.input.filter(({ type }) => type === "reasoning");
    expect(seals).toHaveLength(4);
  });

  test("a prompt of another session, kept as an output without a call id (openai/codex #41690): it becomes a message", async () => {
    const injected = {
      type: "function_call_output",
      id: "fco_01a09fca-8d33-73a1-97fd-4d83ecc02f9d",
      name: "send_message_to_thread",
      namespace: "codex_app",
      output: "one",
    };
    writeFileSync(
      base,
      change(base, /"role":"user".*"text":"one"/u, (line) => {
        const record = JSON.parse(line) as object;
        return [JSON.stringify({ ...record, payload: injected }).padEnd(line.length)];
      }),
    );
    upstream.demands.push((_body, input) =>
      input.some(({ type, call_id: call }) => type === "function_call_output" && call === undefined)
        ? refusal("input: missing field `call_id` at line 1 column 88555")
        : undefined,
    );
    await mended("injected-output");
  });
});

describe.skipIf(binary === undefined)("a rollout and what lies beside it", () => {
  beforeEach(() => restore("plain"));

  async function healed(path: string, home: CodexHome = codex): Promise<void> {
    await repair(path);
    expect(await kinds(path)).toEqual([]);
    const from = upstream.requests.length;
    const run = await resume("on", home);
    expect(run.status, run.err).toBe(0);
    expect(sent(from)).toEqual(whole);
  }

  test("a home that was copied: its state database names the original, and a resume in the copy goes on there", async () => {
    const other = join(root, "copied");
    cpSync(codex.home, other, { recursive: true });
    const copy = codexHome(binary!, other, { url: upstream.url, apiKey });
    const path = listRollouts(other)[0]!.path;
    expect(await kinds(path)).toEqual(["state-moved"]);
    const [original, own] = [readFileSync(base), readFileSync(path)];
    expect((await resume("elsewhere", copy)).status).toBe(0);
    expect(readFileSync(base).length).toBeGreaterThan(original.length);
    expect(readFileSync(path).equals(own)).toBe(true);

    restore("plain");
    rmSync(other, { recursive: true });
    cpSync(codex.home, other, { recursive: true });
    await healed(path, copy);
    expect(readFileSync(base).equals(original), "the original is left alone").toBe(true);
    expect(readFileSync(path).length).toBeGreaterThan(own.length);
  });

  test("a home that was copied, with a reverted thread: it goes on in its later file, whichever is repaired first", async () => {
    restore("reverted");
    const other = join(root, "copied");
    rmSync(other, { recursive: true, force: true });
    cpSync(codex.home, other, { recursive: true });
    const copy = codexHome(binary!, other, { url: upstream.url, apiKey });
    const [first, second] = [base, later].map((path) => path.replace(codex.home, other));
    expect([await kinds(first!), await kinds(second!)]).toEqual([[], ["state-moved"]]);
    for (const path of [first!, second!]) await repair(path);
    const from = upstream.requests.length;
    expect((await resume("on", copy)).status).toBe(0);
    expect(sent(from).slice(-3)).toEqual(["user: after", "assistant: You said: after", "user: on"]);
  });

  test("a file that was archived by hand", async () => {
    const path = join(codex.home, "archived_sessions", basename(base));
    mkdirSync(join(path, ".."));
    renameSync(base, path);
    expect(await kinds(path)).toEqual(["state-moved"]);
    expect((await resume("on")).status).not.toBe(0);
    await healed(path);
    expect(turns()).toEqual(Array.from({ length: 4 }, () => "completed"));
  });

  test("a first line that is destroyed: the state database knows the folder, the version and the provider", async () => {
    const wanted = JSON.parse(readFileSync(base, "utf8").split("\n")[0]!) as { payload: object };
    writeFileSync(base, change(base, /session_meta/u, garbage));
    expect(await kinds(base)).toEqual(["header-broken"]);
    await healed(base);
    const made = JSON.parse(readFileSync(base, "utf8").split("\n")[0]!) as Record<string, object>;
    expect(made["rebuilt_by"]).toBe("throughline repair");
    const { timestamp: _when, history_mode, ...told } = made["payload"] as Record<string, unknown>;
    expect(wanted.payload).toMatchObject({ ...told, history_mode });
    expect(Object.keys(told).sort()).toEqual([
      "cli_version",
      "cwd",
      "id",
      "model_provider",
      "originator",
      "source",
      "thread_source",
    ]);
    expect(turns()).toEqual(Array.from({ length: 4 }, () => "completed"));
  });

  test("a file whose name says nothing, its first line destroyed: the state database knows whose it is", async () => {
    const path = join(base, "..", "kept.jsonl");
    writeFileSync(base, change(base, /session_meta/u, garbage));
    renameSync(base, path);
    withState("state_5", (database) => database.prepare("UPDATE threads SET rollout_path = ?").run(path));
    expect(await repair(path)).toEqual({ "header-broken": 1 });
    // 0.169 takes no file of another name, whatever is in it.
    expect(await kinds(path)).toEqual(["name-differs"]);
    expect((await resume("on")).status).not.toBe(0);
    renameSync(path, base);
    await healed(base);
  });

  test("a file that lost its last turns: its index forgets them too, and has those that follow", async () => {
    const lines = readFileSync(base, "utf8").split("\n");
    const end = lines.findIndex((line) => line.includes('"task_complete"'));
    const short = `${lines.slice(0, end + 1).join("\n")}\n`;
    writeFileSync(base, short);
    expect(await kinds(base)).toEqual(["index-stale"]);
    expect((await resume("on")).status).toBe(0);
    expect(turns(), "the new one isn't among them").toHaveLength(3);

    restore("plain");
    writeFileSync(base, short);
    await repair(base);
    expect(await kinds(base)).toEqual([]);
    const from = upstream.requests.length;
    expect((await resume("on")).status).toBe(0);
    expect(sent(from)).toEqual([...history.slice(0, 4), "user: on"]);
    expect(turns()).toEqual(["completed", "completed"]);
  });
});
