import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { examine } from "../../src/foreign/codex/examine/examine.ts";
import { judge } from "../../src/foreign/codex/findings/judge.ts";
import { linesIn } from "../../src/foreign/codex/rollout/bytes/lines.ts";
import { listThreads } from "../../src/foreign/codex/list/list.ts";
import { listRollouts, type RolloutFile } from "../../src/foreign/codex/home/places.ts";
import { repairRollout } from "../../src/foreign/codex/repair/repair.ts";
import { readRecord } from "../../src/foreign/codex/rollout/record/record.ts";
import { codexHome, type CodexHome, installCodex } from "../kit/codex.ts";
import { openDesk, sessionId, until } from "./desk.ts";
import type { Item } from "./requirements.ts";
import { apiKey, startUpstream, type Upstream } from "./upstream.ts";

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

interface Bench {
  upstream: Upstream;
  codex: CodexHome;
  work: string;
}

async function open(): Promise<Bench> {
  const root = mkdtempSync(join(tmpdir(), "tl codex ü-"));
  const upstream = await startUpstream();
  onTestFinished(async () => {
    await upstream.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });
  const work = join(root, "work");
  mkdirSync(work);
  return { upstream, codex: codexHome(binary!, join(root, "codex"), { url: upstream.url, apiKey }), work };
}

describe.skipIf(binary === undefined)("the real CLI", () => {
  test("every line that it writes is read", async () => {
    const { upstream, codex, work } = await open();
    upstream.script("look", [{ say: "Looking." }, { run: "echo hello" }], [{ say: "It says hello." }]);
    const run = await codex.run(["exec", "--skip-git-repo-check", "look"], { folder: work });
    expect(run.status, run.err).toBe(0);
    const [rollout] = listRollouts(codex.home);
    const records = linesIn(readFileSync(rollout!.path)).map(readRecord);
    expect(records.every(({ readable }) => readable)).toBe(true);
    expect(records.flatMap((record) => (record.readable ? [record.type] : []))).toEqual(
      expect.arrayContaining(["session_meta", "response_item", "event_msg", "turn_context", "world_state"]),
    );
  });

  test("its session goes on in Throughline with everything it was sent itself, seals included, and its rollout stays as it is", async () => {
    const desk = await openDesk(onTestFinished);
    const { upstream, work, home } = desk;
    const codex = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey });
    const env = { CODEX_HOME: codex.home, LOOPBACK_KEY: apiKey };
    upstream.script("look", [{ say: "Looking." }, { run: "echo hello" }], [{ say: "It says hello." }]);
    await codex.run(["exec", "--skip-git-repo-check", "look"], { folder: work });
    await codex.run(["exec", "--skip-git-repo-check", "resume", "--last", "again"], { folder: work });
    const [rollout] = listRollouts(codex.home);
    const before = readFileSync(rollout!.path);
    // The first message is Codex's own instructions, which belong to the program and not to the thread.
    const own = upstream.requests.at(-1)!.input.slice(1);

    const listed = await desk.run(["sessions", "--codex", "--json"], { env });
    expect(JSON.parse(listed.out)).toMatchObject({
      sessions: [
        {
          id: rollout!.thread,
          origin: "codex",
          title: "look",
          messages: 5,
          workspace: { path: work },
          status: "idle",
        },
      ],
    });
    const run = await desk.run(["resume", rollout!.thread.slice(0, 18), "and on"], { env });
    expect(run.status, run.err).toBe(0);
    const request = upstream.requests.at(-1)!;
    expect(request.outcome).toBe("answered");
    expect(request.input.slice(0, own.length).map(visible)).toEqual(own.map(visible));
    expect(request.input.slice(own.length).map(({ type, role }) => role ?? type)).toEqual([
      "reasoning",
      "assistant",
      "user",
    ]);
    expect(readFileSync(rollout!.path).equals(before)).toBe(true);

    await codex.run(["exec", "--skip-git-repo-check", "resume", rollout!.thread, "elsewhere"], {
      folder: work,
    });
    const both = JSON.parse((await desk.run(["sessions", "--codex", "--json"], { env })).out) as {
      sessions: Item[];
    };
    expect(both.sessions.map(({ id, origin }) => [id, origin])).toEqual([[rollout!.thread, undefined]]);
    const later = await desk.run(["exec", "resume", rollout!.thread, "on"], { env });
    expect(later.status, later.err).toBe(0);
    expect(later.err).toMatch(/both have gone on since/u);
  });

  test("a session that is exported goes on in it with the same visible history, from its own list too", async () => {
    const desk = await openDesk(onTestFinished);
    const { upstream, work, home } = desk;
    const codex = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey });
    const env = { CODEX_HOME: codex.home };
    upstream.script("look", [{ say: "Looking." }, { run: "echo hello" }], [{ say: "It says hello." }]);
    const first = await desk.run(["exec", "--approval", "all", "look"], { env });
    expect(first.status, first.err).toBe(0);
    await desk.run(["resume", "--last", "and again"], { env });
    const own = upstream.requests.at(-1)!.input;

    const exported = await desk.run(["export", sessionId(first), "--format", "codex", "--json"], { env });
    expect(exported.status, exported.err).toBe(0);
    const { thread, path } = JSON.parse(exported.out) as { thread: string; path: string };
    expect(listRollouts(codex.home)).toMatchObject([{ path, thread }]);
    const resumed = await codex.run(["exec", "--skip-git-repo-check", "resume", thread, "on"], {
      folder: work,
    });
    expect(resumed.status, resumed.err).toBe(0);
    const request = upstream.requests.at(-1)!;
    expect(request.outcome).toBe("answered");
    expect(said(request.input)).toEqual([
      ...said(own),
      ["message", "assistant", "You said: and again", undefined, undefined, undefined, undefined],
      ["message", "user", "on", undefined, undefined, undefined, undefined],
    ]);

    // And back again, into a session of its own.
    const back = await desk.run(["resume", thread, "home"], { env });
    expect(back.status, back.err).toBe(0);
    expect(said(upstream.requests.at(-1)!.input)).toEqual([
      ...said(request.input),
      ["message", "assistant", "You said: on", undefined, undefined, undefined, undefined],
      ["message", "user", "home", undefined, undefined, undefined, undefined],
    ]);
  });

  test("a session that is exported into a home in use is opened by the app and the terminal too, which go on with the provider that its file names", async () => {
    const desk = await openDesk(onTestFinished);
    const { upstream, work, home } = desk;
    const codex = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey });
    const env = { CODEX_HOME: codex.home };
    // With its database, which this leaves behind, it takes a file that came later at its word.
    await codex.run(["exec", "--skip-git-repo-check", "of its own"], { folder: work });
    const own = await desk.run(["exec", "look"], { env });
    const exported = await desk.run(["export", sessionId(own), "--format", "codex", "--json"], { env });
    const { thread: threadId } = JSON.parse(exported.out) as { thread: string };
    const server = await codex.serve(work);
    const { modelProvider } = await server.ask("thread/resume", { threadId });
    await server.close();
    expect(modelProvider).toBe("loopback");
  });

  test("a session that it compacted goes on with what it goes on with itself", async () => {
    const desk = await openDesk(onTestFinished);
    const { upstream, work, home } = desk;
    const config = "model_auto_compact_token_limit = 2000";
    const codex = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey, config });
    const env = { CODEX_HOME: codex.home, LOOPBACK_KEY: apiKey };
    const exec = ["exec", "--skip-git-repo-check"];
    upstream.script("look", [{ say: "Looking." }, { run: "echo hello" }], [{ say: "It says hello." }]);
    await codex.run([...exec, "look"], { folder: work });
    await codex.run([...exec, "resume", "--last", "once more"], { folder: work });
    await codex.run([...exec, "resume", "--last", "and again"], { folder: work });
    const [rollout] = listRollouts(codex.home);
    expect(readFileSync(rollout!.path, "utf8")).toContain('"type":"compacted"');
    const own = upstream.requests.at(-1)!;
    expect(own.outcome).toBe("answered");
    const run = await desk.run(["resume", rollout!.thread, "on"], { env });
    expect(run.status, run.err).toBe(0);
    const request = said(upstream.requests.at(-1)!.input);
    const expected = said(own.input);
    expect(request.slice(0, expected.length)).toEqual(expected);
    expect(request.length).toBe(expected.length + 2);
  });

  test("messages, calls and outputs in the forms of other APIs are not sent by it: doctor names them, and a repair gives them its own", async () => {
    const { upstream, codex, work } = await open();
    upstream.script("one", [{ say: "Heard." }]);
    await codex.run(["exec", "--skip-git-repo-check", "one"], { folder: work });
    const [rollout] = listRollouts(codex.home);
    const whole = readFileSync(rollout!.path, "utf8");
    const message = { type: "message", role: "assistant" };
    const call = { type: "function_call", name: "shell", arguments: '"words-called"', call_id: "1" };
    const custom = { type: "custom_tool_call", name: "apply_patch", input: "words-patched", call_id: "4" };
    const output = { type: "function_call_output", call_id: "1", output: "words-answered" };
    const forms: Item[] = [
      { ...message, content: [{ type: "output_text", text: "words-in-its-own" }] },
      { ...message, content: [{ type: "text", text: "words-in-chat's" }] },
      { ...message, content: "words-bare" },
      { ...message, role: undefined, content: [{ type: "output_text", text: "words-of-nobody" }] },
      { ...message, id: 7, content: [{ type: "output_text", text: "words-numbered" }] },
      call,
      output,
      { ...call, arguments: { command: "words-as-an-object" }, call_id: "2" },
      { ...output, call_id: "2" },
      { ...call, arguments: '"words-of-a-number"', call_id: 3 },
      { ...output, call_id: 3 },
      custom,
      { type: "custom_tool_call_output", call_id: "4", output: { text: "words-in-an-object" } },
      { ...call, arguments: '"words-called-again"', call_id: "5" },
      { ...output, call_id: "5", output: [{ type: "text", text: "words-in-a-tool's" }] },
      { ...custom, input: { patch: "words-in-a-patch" }, call_id: "6" },
      { ...output, type: "custom_tool_call_output", call_id: "6" },
    ];
    const next = whole.trimEnd().split("\n").length;
    const added = forms.map((form, at) =>
      JSON.stringify({
        timestamp: "2026-11-22T20:00:00.000Z",
        ordinal: next + at,
        type: "response_item",
        payload: form,
      }),
    );
    writeFileSync(rollout!.path, `${whole}${added.join("\n")}\n`);
    const examined = await examine(rollout!.path);
    const [worst] = judge(examined, { path: rollout!.path, now: Date.now() });
    expect(worst).toMatchObject({ kind: "unread-item", severity: "loss", count: 10 });
    await codex.run(["exec", "--skip-git-repo-check", "resume", rollout!.thread, "two"], { folder: work });
    expect(JSON.stringify(upstream.requests.at(-1)!.input).match(/words-[\w-]+/gu)).toEqual([
      "words-in-its-own",
      "words-called",
      "words-answered",
      "words-patched",
      "words-called-again",
    ]);
    await repairRollout(rollout!.path, { home: join(work, "own") });
    await codex.run(["exec", "--skip-git-repo-check", "resume", rollout!.thread, "three"], { folder: work });
    expect(JSON.stringify(upstream.requests.at(-1)!.input).match(/words-[\w-]+/gu)).toEqual(
      JSON.stringify(forms).match(/words-[\w-]+/gu),
    );
  });

  test("a thread that was reverted, and one that was forked, go on with what the real CLI goes on with", async () => {
    const desk = await openDesk(onTestFinished);
    const { upstream, work, home } = desk;
    const codex = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey });
    const env = { CODEX_HOME: codex.home, LOOPBACK_KEY: apiKey };
    const exec = ["exec", "--skip-git-repo-check"];
    for (const prompt of [["one"], ["resume", "--last", "two"], ["resume", "--last", "three"]])
      await codex.run([...exec, ...prompt], { folder: work });
    const [first] = listRollouts(codex.home);
    const threadId = first!.thread;

    const server = await codex.serve(work);
    await server.ask("thread/resume", { threadId });
    const { data } = (await server.ask("thread/turns/list", { threadId, limit: 10 })) as {
      data: { id: string }[];
    };
    await server.ask("thread/revert", { threadId, beforeTurnId: data[0]!.id });
    const { thread } = (await server.ask("thread/fork", { threadId })) as { thread: { id: string } };
    await server.close();

    for (const [id, prompt] of [
      [threadId, "four"],
      [thread.id, "five"],
    ] as const) {
      const theirs = await codex.run([...exec, "resume", id, prompt], { folder: work });
      expect(theirs.status, theirs.err).toBe(0);
      const own = said(upstream.requests.at(-1)!.input);
      expect(JSON.stringify(own)).not.toContain("three");
      const ours = await desk.run(["resume", id, "on"], { env });
      expect(ours.status, ours.err).toBe(0);
      const request = said(upstream.requests.at(-1)!.input);
      expect(request.slice(0, own.length)).toEqual(own);
      expect(request).toHaveLength(own.length + 2);
    }
    // The revert made a second file of the thread, and a list has one row of it, which counts nothing that was taken back.
    expect(listRollouts(codex.home).filter((file) => file.thread === threadId)).toHaveLength(2);
    const { threads } = await listThreads(codex.home);
    expect(threads.map(({ id, flaws, messages }) => [id, flaws, messages])).toEqual([
      [thread.id, [], 6],
      [threadId, [], 6],
    ]);
  });

  test("a rollout that it has packed away is listed and goes on, and so does what it adds after unpacking it", async () => {
    const desk = await openDesk(onTestFinished);
    const { upstream, work, home } = desk;
    const codex = codexHome(binary!, join(home, "..", "codex"), { url: upstream.url, apiKey });
    const env = { CODEX_HOME: codex.home, LOOPBACK_KEY: apiKey };
    await codex.run(["exec", "--skip-git-repo-check", "one"], { folder: work });
    const [{ path, thread }] = listRollouts(codex.home) as [RolloutFile];
    // It packs what was not used for long.
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const server = await codex.serve(work);
    await server.ask("rollout/compress", null);
    await until(() => existsSync(`${path}.zst`) && !existsSync(path), "the packed rollout");
    await server.close();
    expect((await listThreads(codex.home)).threads).toMatchObject([
      { id: thread, title: "one", messages: 2, flaws: [] },
    ]);
    const looked = await desk.run(["doctor", thread], { env });
    expect(looked.status, looked.out).toBe(0);
    const taken = await desk.run(["import", thread, "--json"], { env });
    expect(JSON.parse(taken.out), taken.err).toMatchObject({ did: "made", source: `${path}.zst` });

    await codex.run(["exec", "--skip-git-repo-check", "resume", thread, "two"], { folder: work });
    expect(existsSync(path)).toBe(true);
    const own = upstream.requests.at(-1)!.input;
    const run = await desk.run(["resume", thread, "three"], { env });
    expect(run.status, run.err).toBe(0);
    expect(run.err).toMatch(/that Codex session .* has got since/u);
    const { input } = upstream.requests.at(-1)!;
    expect(said(input).slice(0, said(own).length)).toEqual(said(own));
    // The new answer's seal goes back to who sealed it, as those of before do.
    expect(seals(input).slice(0, -1)).toEqual(seals(own));
    expect(seals(input)).toHaveLength(2);
  });
});

/** Of a request what the person and the model said and what tools did, as far as every version stores it. */
function said(input: readonly Item[]): unknown[] {
  return input.flatMap(({ type, role, content, call_id, name, arguments: args, input: text, output }) => {
    if (type === "reasoning" || role === "developer") return [];
    const words = Array.isArray(content) ? (content as Item[]).map((part) => part["text"]).join("") : content;
    if (role === "user" && String(words).startsWith("<environment_context>")) return [];
    return [[type, role, words, call_id, name, args ?? text, output]];
  });
}

const seals = (input: readonly Item[]): unknown[] => input.flatMap((item) => item["encrypted_content"] ?? []);

/** An item without what doesn't tell of what was said and done. */
function visible({ internal_chat_message_metadata_passthrough: _own, id: _id, ...item }: Item): Item {
  return item;
}
