// The real CLI on damaged rollouts, before and after a repair: what its upstream receives, and what its own index holds.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { examine } from "../../src/foreign/codex/examine/examine.ts";
import type { FindingKind } from "../../src/foreign/codex/findings/catalogue.ts";
import { needsRepair } from "../../src/foreign/codex/findings/finding.ts";
import { judge } from "../../src/foreign/codex/findings/judge.ts";
import { listRollouts } from "../../src/foreign/codex/home/places.ts";
import type { RepairOptions } from "../../src/foreign/codex/repair/prepare.ts";
import { repairRollout, undoRepair } from "../../src/foreign/codex/repair/repair.ts";
import { understand } from "../../src/foreign/codex/findings/understand.ts";
import { codexHome, type CodexHome, type CodexRun, installCodex } from "../kit/codex.ts";
import { FernetKey } from "./fernet.ts";
import { textOf } from "./model.ts";
import type { Item } from "./requirements.ts";
import { apiKey, startUpstream, type Upstream } from "./upstream.ts";

const installed = installCodex();
const binary = "binary" in installed ? installed.binary : undefined;
if ("missing" in installed) console.warn(`skipped: ${installed.missing}`);

let root = "";
let upstream: Upstream;
let codex: CodexHome;
let rollout = "";
let thread = "";
let whole: Buffer;
/** What the next turn sends when nothing is wrong, and what the index holds then. */
let expected: { sent: string[]; index: Index };

interface Index {
  turns: string[];
  items: number;
}

const resume = (prompt = "three"): Promise<CodexRun> =>
  codex.run(["exec", "resume", "--skip-git-repo-check", thread, prompt], { folder: join(root, "work") });

/** What the person and the model said and did, in the last request; sealed reasoning is not for people. */
function sent(from: number): string[] {
  const input = upstream.requests[from]?.input ?? [];
  return input.flatMap((item) => seen(item));
}

function seen(item: Item): string[] {
  const type = String(item["type"] ?? "message");
  if (type === "reasoning" || type === "compaction") return [];
  if (type === "message") return [`${String(item["role"])}: ${textOf(item)}`];
  // Of an output that is put together from its event the words stay the same, the first lines don't.
  const words = JSON.stringify(item["output"] ?? "").replace(/^.*Output:/u, "");
  return [`${type} ${String(item["arguments"] ?? "")}${words}`];
}

function index(): Index {
  const path = join(codex.home, "thread_history_1.sqlite");
  if (!existsSync(path)) return { turns: [], items: 0 };
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const turns = database
      .prepare("SELECT status FROM thread_turns WHERE thread_id = ? ORDER BY rollout_ordinal")
      .all(thread);
    const items = database.prepare("SELECT count(*) AS n FROM thread_items WHERE thread_id = ?").get(thread);
    return { turns: turns.map(({ status }) => String(status)), items: Number(items?.["n"]) };
  } finally {
    database.close();
  }
}

function restore(): void {
  rmSync(codex.home, { recursive: true, force: true });
  cpSync(join(root, "saved"), codex.home, { recursive: true });
}

const home = (): string => join(root, "throughline");

async function repair(options: Partial<RepairOptions> = {}): Promise<Record<string, number>> {
  const given: RepairOptions = { home: home(), now: Date.now(), seals: { which: "none" }, ...options };
  const done = await repairRollout(rollout, given, () => undefined);
  return done?.journal.mended ?? {};
}

async function kinds(): Promise<FindingKind[]> {
  const found = judge(await examine(rollout), { path: rollout, now: Date.now() });
  return found.filter(needsRepair).map(({ kind }) => kind);
}

beforeAll(async () => {
  if (binary === undefined) return;
  root = mkdtempSync(join(tmpdir(), "tl codex repair ü-"));
  upstream = await startUpstream();
  upstream.wording = "named-item";
  upstream.script("one", [{ run: "echo output-one" }], [{ say: "answer-one é" }]);
  upstream.script("two", [{ say: "Looking." }, { run: "echo output-two" }], [{ say: "answer-two" }]);
  mkdirSync(join(root, "work"));
  codex = codexHome(binary, join(root, "codex"), { url: upstream.url, apiKey });
  const first = await codex.run(["exec", "--skip-git-repo-check", "one"], { folder: join(root, "work") });
  expect(first.status, first.err).toBe(0);
  const [file] = listRollouts(codex.home);
  rollout = file!.path;
  thread = file!.thread;
  expect((await resume("two")).status).toBe(0);
  cpSync(codex.home, join(root, "saved"), { recursive: true });
  whole = readFileSync(rollout);
  const from = upstream.requests.length;
  expect((await resume()).status).toBe(0);
  expected = { sent: sent(from), index: index() };
  expect(expected.sent).toHaveLength(13);
});

afterAll(async () => {
  await upstream?.close();
  if (root !== "") rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** Lines of the rollout as it is whole, without their newlines. */
const lines = (): string[] => whole.toString("latin1").split("\n").slice(0, -1);
const joined = (changed: readonly string[]): Buffer =>
  Buffer.from(changed.map((line) => `${line}\n`).join(""), "latin1");
const withoutOrdinal = (line: string): string => line.replace(/"ordinal":\d+,/u, "");

/** The lines with the first one that fits changed: another line, several, or none. */
function change(fits: RegExp, into: (line: string) => string | string[]): Buffer {
  const all = lines();
  const at = all.findIndex((line) => fits.test(line));
  if (at < 0) throw new Error(`no line is ${String(fits)}`);
  return joined(all.flatMap((line, nth) => (nth === at ? into(line) : [line])));
}

const output = /"response_item".*"function_call_output".*output-one/u;
const call = /"response_item".*"type":"function_call".*output-one/u;
const prompt = /"response_item".*"role":"user".*"text":"two"/u;
const answer = /"response_item".*"role":"assistant".*answer-one/u;

interface Case {
  name: string;
  damage(): Buffer;
  found: FindingKind[];
  /** What the real CLI does with it before the repair. */
  before: "fails" | "loses" | "shows less" | "goes on";
  /** What no repair can bring back. */
  gone?: RegExp;
  /** The last turn was not ended any more. */
  openTurn?: true;
  /** Events of the index that are gone with a line. */
  eventsGone?: number;
}

const cases: Case[] = [
  {
    name: "a byte order mark",
    damage: () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), whole]),
    found: ["byte-order-mark"],
    before: "fails",
  },
  {
    name: "a first line that is garbage",
    damage: () => change(/session_meta/u, (line) => "\u0001garbage".padEnd(line.length, "x")),
    found: ["header-broken"],
    before: "fails",
  },
  {
    name: "a first line of which only the brace is left",
    damage: () => change(/session_meta/u, () => "{"),
    found: ["header-broken"],
    before: "fails",
  },
  {
    name: "a first line of which a part is overwritten",
    damage: () =>
      change(/session_meta/u, (line) => `${line.slice(0, 60)}${"\0".repeat(40)}${line.slice(100)}`),
    found: ["header-broken"],
    before: "fails",
  },
  {
    name: "no first line",
    damage: () => change(/session_meta/u, () => []),
    found: ["header-missing"],
    before: "fails",
  },
  {
    name: "bytes that are no text in an output",
    damage: () => change(output, (line) => line.replace("Chunk ID", "Ch\u00ffnk\u00feID")),
    found: ["invalid-utf8", "call-without-output"],
    before: "loses",
  },
  {
    name: "half a character in an output",
    damage: () => change(output, (line) => line.replace("Chunk", String.raw`\ud83dChunk`)),
    found: ["lone-surrogate", "call-without-output"],
    before: "loses",
  },
  {
    name: "a control character in an answer",
    damage: () => change(answer, (line) => line.replace('"role"', '\u0002"role"')),
    found: ["lone-reasoning", "unparsable-line", "lost-message"],
    // The reasoning before it is sent without the answer that it led to, and refused.
    before: "fails",
  },
  {
    name: "an answer that is garbage",
    damage: () => change(answer, (line) => "#".repeat(line.length)),
    found: ["lone-reasoning", "unparsable-line", "lost-message"],
    before: "fails",
  },
  {
    name: "an answer that is gone",
    damage: () => change(answer, () => []),
    found: ["lone-reasoning", "lost-message"],
    before: "fails",
  },
  {
    name: "an answer in whose type a letter was altered",
    damage: () => change(answer, (line) => line.replace("response_item", "response_itam")),
    found: ["lost-message"],
    before: "fails",
  },
  {
    name: "an answer without what says who gave it",
    damage: () => change(answer, (line) => line.replace('"role":"assistant",', "")),
    found: ["unread-item"],
    before: "fails",
  },
  {
    name: "an answer that null stands for",
    damage: () => change(answer, (line) => line.replace(/"payload":.*\}$/u, '"payload":null}')),
    found: ["unread-item"],
    before: "fails",
  },
  {
    name: "an output that doesn't say of which call it is",
    damage: () => change(output, (line) => line.replace(/"call_id":"[^"]+",/u, "")),
    found: ["call-without-output", "unread-item"],
    before: "fails",
  },
  {
    name: "a prompt that is garbage",
    damage: () => change(prompt, (line) => "#".repeat(line.length)),
    found: ["unparsable-line", "lost-message"],
    before: "loses",
  },
  {
    name: "a prompt that is gone",
    damage: () => change(prompt, () => []),
    found: ["lost-message"],
    before: "loses",
  },
  {
    name: "an answer of which only the reasoning is left",
    damage: () => {
      const all = lines();
      const at = all.findIndex((line) => answer.test(line));
      return joined(all.map((line, nth) => (nth === at || nth === at - 1 ? "#".repeat(line.length) : line)));
    },
    found: ["lone-reasoning", "unparsable-line"],
    before: "fails",
    gone: /answer-one/u,
  },
  {
    name: "a file that was cut off in its last answer",
    damage: () => {
      const at = whole.lastIndexOf('"output_text"');
      return whole.subarray(0, at);
    },
    found: ["lone-reasoning", "torn-tail", "lost-message"],
    before: "fails",
    openTurn: true,
  },
  {
    name: "a file that ends before its last answer",
    damage: () => {
      const all = lines();
      return joined(
        all.slice(
          0,
          all.findIndex((line) => /"response_item".*"role":"assistant".*answer-two/u.test(line)),
        ),
      );
    },
    found: ["lost-message"],
    before: "fails",
    openTurn: true,
  },
  {
    name: "a record glued behind a torn one",
    damage: () => {
      const all = lines();
      const at = all.findIndex((line) => output.test(line));
      return joined([...all.slice(0, at - 1), all[at - 1]!.slice(0, 70) + all[at]!, ...all.slice(at + 1)]);
    },
    found: ["unparsable-line", "call-without-output"],
    before: "loses",
    eventsGone: 1,
  },
  {
    name: "two records on one line",
    damage: () => {
      const all = lines();
      const at = all.findIndex((line) => output.test(line));
      return joined([...all.slice(0, at - 1), all[at - 1]! + all[at]!, ...all.slice(at + 1)]);
    },
    found: ["unparsable-line", "call-without-output"],
    before: "loses",
  },
  {
    name: "an output that is gone",
    damage: () => change(output, () => []),
    found: ["call-without-output"],
    before: "loses",
  },
  {
    name: "an output that is garbage",
    damage: () => change(output, (line) => "#".repeat(line.length)),
    found: ["unparsable-line", "call-without-output"],
    before: "loses",
  },
  {
    name: "a call that is gone",
    damage: () => change(call, () => []),
    found: ["output-without-call"],
    before: "loses",
  },
  {
    name: "every line twice",
    damage: () => joined(lines().flatMap((line) => [line, line])),
    found: ["doubled-record"],
    before: "fails",
  },
  {
    name: "the last records without ordinals",
    damage: () =>
      joined(lines().map((line, at, all) => (at >= all.length - 4 ? withoutOrdinal(line) : line))),
    found: ["missing-ordinal"],
    before: "fails",
  },
  {
    name: "ordinals that go back",
    damage: () =>
      joined(
        lines().map((line, at) => (at < 30 ? line : line.replace(/"ordinal":\d+/u, `"ordinal":${at - 6}`))),
      ),
    found: ["ordinal-regressed"],
    before: "shows less",
  },
  {
    name: "a last record whose ordinal is an old one",
    damage: () =>
      joined(
        lines().map((line, at, all) =>
          at < all.length - 1 ? line : line.replace(/"ordinal":\d+/u, '"ordinal":3'),
        ),
      ),
    found: ["ordinal-regressed"],
    before: "shows less",
  },
  {
    name: "ordinals that are missing between others",
    damage: () => joined(lines().map((line, at) => (at > 5 && at < 30 ? withoutOrdinal(line) : line))),
    found: ["ordinal-regressed"],
    before: "shows less",
  },
  {
    name: "a first line that doesn't say that the lines have ordinals",
    damage: () => change(/"session_meta"/u, (line) => line.replace(',"history_mode":"paginated"', "")),
    found: ["header-broken"],
    before: "shows less",
  },
  {
    name: "a number for the time of every record, as a converter wrote them",
    damage: () =>
      joined(lines().map((line) => line.replace(/"timestamp":"[^"]+"/u, '"timestamp":1772621481.875'))),
    found: ["header-broken", "untimed-record"],
    before: "fails",
  },
  {
    name: "no time in a call and its output",
    damage: () =>
      joined(
        lines().map((line) =>
          call.test(line) || output.test(line) ? line.replace(/"timestamp":"[^"]+",/u, "") : line,
        ),
      ),
    found: ["untimed-record"],
    before: "loses",
  },
  {
    name: "a first line whose members are not what they have to be",
    damage: () => {
      const [first = "", ...rest] = lines();
      const odd = '"payload":{"forked_from_id":"the-first","context_window":272000,"git":{"branch":7},';
      return joined([
        first.replace('"payload":{', odd).replace(/"context_window":\{[^}]*\},?/u, ""),
        ...rest,
      ]);
    },
    found: ["header-broken"],
    before: "fails",
  },
  {
    name: "a line of garbage put in between",
    damage: () => change(output, (line) => [line, "\u0001".repeat(5_000)]),
    found: ["unparsable-line"],
    before: "goes on",
  },
  {
    name: "half a record, and behind it the same one whole",
    damage: () => change(output, (line) => line.slice(0, 200) + line),
    found: ["unparsable-line", "call-without-output"],
    before: "loses",
  },
  {
    name: "a block of NULs over a call and its output",
    damage: () => {
      const all = lines();
      const [from, to] = [call, output].map((wanted) => all.findIndex((line) => wanted.test(line)));
      const start = Buffer.byteLength(joined(all.slice(0, from))) + 100;
      return Buffer.from(whole).fill(0, start, Buffer.byteLength(joined(all.slice(0, to))) + 100);
    },
    found: ["lone-reasoning", "unparsable-line"],
    before: "loses",
    gone: /output-one/u,
  },
  {
    name: "the whole file twice",
    damage: () => Buffer.concat([whole, whole]),
    found: ["doubled-record"],
    before: "goes on",
  },
  {
    name: "a file that was cut off in its last output",
    damage: () => whole.subarray(0, whole.lastIndexOf("output-two") - 5),
    found: ["torn-tail", "call-without-output"],
    before: "loses",
    gone: /answer-two/u,
    openTurn: true,
    eventsGone: 2,
  },
  {
    name: "a file that was cut off in a seal",
    damage: () => whole.subarray(0, whole.lastIndexOf('"encrypted_content"') + 60),
    found: ["torn-tail"],
    before: "goes on",
    gone: /answer-two/u,
    openTurn: true,
    eventsGone: 1,
  },
  {
    name: "a NUL tail",
    damage: () => Buffer.concat([whole, Buffer.alloc(3_772)]),
    found: ["nul-tail"],
    before: "goes on",
  },
  {
    name: "no newline at the end",
    damage: () => whole.subarray(0, -1),
    found: ["no-final-newline"],
    before: "goes on",
  },
];

describe.skipIf(binary === undefined)("a damaged rollout and the real CLI", () => {
  beforeEach(() => restore());

  test.each(cases)("$name", async ({ damage, found, before, gone, openTurn, eventsGone = 0 }) => {
    const damaged = damage();
    writeFileSync(rollout, damaged);
    forgetIndexIf(before === "shows less");
    expect(await kinds()).toEqual(found);
    let from = upstream.requests.length;
    const spoilt = await resume();
    if (before === "fails") expect(spoilt.status).not.toBe(0);
    else expect(spoilt.status, spoilt.err).toBe(0);
    if (before === "loses") expect(sent(from)).not.toEqual(expected.sent);
    if (before === "shows less") expect(index()).not.toEqual(expected.index);

    restore();
    writeFileSync(rollout, damaged);
    forgetIndexIf(before === "shows less");
    expect(Object.keys(await repair()).length).toBeGreaterThan(0);
    expect(await kinds()).toEqual([]);
    expect(await repair(), "a second repair finds nothing").toEqual({});
    from = upstream.requests.length;
    const healed = await resume();
    expect(healed.status, healed.err).toBe(0);
    expect(sent(from)).toEqual(expected.sent.filter((text) => !gone?.test(text)));
    const { turns, items } = structuredClone(expected.index);
    if (openTurn) turns[1] = "inProgress";
    expect(index()).toEqual({ turns, items: items - eventsGone });

    await undoRepair(rollout, { home: home() });
    expect(readFileSync(rollout).subarray(0, damaged.length).equals(damaged), "undone").toBe(true);
    expect(readFileSync(rollout, "utf8")).toContain('"text":"three"');
  });

  test("a sealed summary that can't be opened: the history before it comes back", async () => {
    const all = lines();
    const kept = all
      .filter((line) => /"response_item".*"role":"(?:developer|user)"/u.test(line))
      .map((line) => (JSON.parse(Buffer.from(line, "latin1").toString()) as { payload: Item }).payload);
    const summary = {
      type: "compaction",
      id: "cmp_0123456789abcdef",
      encrypted_content: new FernetKey().seal("what was said"),
    };
    const payload = { message: "", replacement_history: [...kept, summary] };
    const line = { timestamp: new Date().toISOString(), ordinal: all.length, type: "compacted", payload };
    writeFileSync(rollout, Buffer.concat([whole, Buffer.from(`${JSON.stringify(line)}\n`)]));
    const failed = await resume();
    expect(failed.status).not.toBe(0);
    expect(failed.err).toContain("cmp_0123456789abcdef");
    await repair({ seals: { which: "all" } });
    const from = upstream.requests.length;
    const healed = await resume("four");
    expect(healed.status, healed.err).toBe(0);
    for (const text of expected.sent) expect(sent(from)).toContain(text);
    expect(index().turns.at(-1)).toBe("completed");
  });

  test("a home that was moved: the state database is told where the session is", async () => {
    const database = new DatabaseSync(join(codex.home, "state_5.sqlite"));
    database.prepare("UPDATE threads SET rollout_path = '/gone/' || rollout_path").run();
    database.close();
    expect((await resume()).status).not.toBe(0);
    expect(await repair()).toEqual({});
    const from = upstream.requests.length;
    const healed = await resume();
    expect(healed.status, healed.err).toBe(0);
    expect(sent(from)).toEqual(expected.sent);
    expect(index()).toEqual(expected.index);
  });

  test("a running Codex keeps a repair out, and a repair keeps Codex out", async () => {
    writeFileSync(rollout, Buffer.concat([whole, Buffer.alloc(100)]));
    upstream.plan({ do: "silent", ms: 8_000, when: "at-once" });
    const from = upstream.requests.length;
    const working = resume();
    while (upstream.requests.length === from) await new Promise((resolve) => setTimeout(resolve, 20));
    const before = readFileSync(rollout);
    await expect(repair()).rejects.toMatchObject({ class: "lease-held" });
    expect(readFileSync(rollout).equals(before)).toBe(true);
    expect((await working).status).toBe(0);

    let turnedAway: Promise<CodexRun> | undefined;
    const given: RepairOptions = { home: home(), now: Date.now(), seals: { which: "all" } };
    await repairRollout(rollout, given, () => {
      // Held until this callback's process has been answered, on a slow machine too: it runs while the lock is taken.
      turnedAway = resume();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8_000);
    });
    const away = await turnedAway!;
    expect(away.status).not.toBe(0);
    expect(away.err).toContain("already has an active writer");
    expect(existsSync(join(codex.home, "thread-writer-locks", `${thread}.lock`)), "nothing is left").toBe(
      false,
    );
    expect((await resume()).status).toBe(0);
  });

  // The last one: the upstream keeps its new key.
  test("sealed reasoning whose key has changed: it fails, and goes on without what the error names", async () => {
    upstream.rotate();
    const failed = await resume();
    expect(failed.status).not.toBe(0);
    expect(await kinds()).toEqual(["seal-refused"]);
    const said = /ERROR: .*/u.exec(failed.err)?.[0] ?? "";
    const { seals, kinds: meant } = understand(said, Date.now());
    expect(seals).toMatchObject({ which: "named", id: expect.stringMatching(/^rs_/u) });
    const size = readFileSync(rollout).length;
    expect(await repair({ seals: seals!, only: [...meant] })).toEqual({
      "seal-refused": 1,
      "dependent-id": 1,
    });
    expect((await resume()).status, "others are dead too").not.toBe(0);
    expect(await repair({ seals: { which: "older", than: 3_600_000 } })).toEqual({});
    await repair({ seals: { which: "all" } });
    expect(readFileSync(rollout).length).toBeGreaterThan(size);
    const from = upstream.requests.length;
    const healed = await resume("four");
    expect(healed.status, healed.err).toBe(0);
    const texts = sent(from);
    for (const text of expected.sent) expect(texts).toContain(text);
    expect(upstream.requests[from]?.input.some(({ type }) => type === "reasoning")).toBe(false);
    expect(index().turns.at(-1)).toBe("completed");
  });
});

/** Codex reads the file anew, and not only what follows the last place that it knows. */
function forgetIndexIf(wanted: boolean): void {
  if (!wanted) return;
  for (const end of ["", "-wal", "-shm"])
    rmSync(join(codex.home, `thread_history_1.sqlite${end}`), { force: true });
}
