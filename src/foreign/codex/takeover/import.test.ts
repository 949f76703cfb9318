import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import { uuidv7 } from "../../../lib/ids.ts";
import { isItemRecord, type LogRecord } from "../../../session/event.ts";
import { advance, createHistory, type History } from "../../../session/history.ts";
import { itemText } from "../../../session/item.ts";
import type { SessionStore } from "../../../store.ts";
import { memoryStore } from "../../../store/memory/memory-store.ts";
import { examine } from "../examine/examine.ts";
import { judge } from "../findings/judge.ts";
import { findThreads, threadAt } from "./find.ts";
import { importThread, type TakenOver } from "./import.ts";
import type { ImportPlan } from "./import-plan.ts";
import { listRollouts } from "../home/places.ts";
import { scanRollout } from "../list/scan.ts";

const fixtures = join(import.meta.dirname, "../fixtures");
const versions = ["0.29.0", "0.36.0", "0.58.0", "0.98.0", "0.130.0", "0.169.0"];
const stores: SessionStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

function planFor(store: SessionStore): ImportPlan {
  return {
    store,
    clock: systemClock,
    issuer: (provider) => `codex:${provider}`,
    settings: ({ model = "m", effort }) => ({
      provider: "p",
      model,
      ...(effort !== undefined && { effort }),
      instructionsHash: "",
      approval: "ask",
    }),
    workspace: ({ cwd = "" }) => Promise.resolve({ path: cwd }),
  };
}

function newPlan(): ImportPlan {
  const store = memoryStore({ version: "1" });
  stores.push(store);
  return planFor(store);
}

async function take(plan: ImportPlan, path: string): Promise<TakenOver> {
  const thread = await threadAt(path);
  if (!thread) throw new Error(`${path} is no thread`);
  return importThread(plan, thread);
}

interface Session {
  history: History;
  records: LogRecord[];
  /** The items of the window. */
  items: Record<string, unknown>[];
}

async function open({ store }: ImportPlan, id: string): Promise<Session> {
  const history = createHistory();
  const records: LogRecord[] = [];
  await store.read(id, {
    record: (record) => {
      advance(history, record);
      records.push(record);
    },
  });
  const items: Record<string, unknown>[] = [];
  for (const { body } of history.items)
    items.push(JSON.parse(Buffer.from(await store.body(id, body)).toString()) as Record<string, unknown>);
  return { history, records, items };
}

const rollouts = (version: string): string[] =>
  listRollouts(join(fixtures, version))
    .map(({ path }) => path)
    .sort();

test.each(versions)("every call, output and message of a %s rollout is in the session", async (version) => {
  for (const path of rollouts(version)) {
    const plan = newPlan();
    const before = readFileSync(path);
    const { id, left, counts } = await take(plan, path);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(Object.entries(left).filter(([why]) => why !== "ghost_snapshot")).toEqual([]);
    const { history, records } = await open(plan, id);
    const inFile = new Map<string, number>();
    for (const line of before.toString().split("\n").filter(Boolean)) {
      const value = JSON.parse(line) as { type?: string; payload?: { type: string } };
      const item =
        value.type === "response_item" ? value.payload : value.payload === undefined ? value : undefined;
      if (item?.type !== undefined && item.type !== "ghost_snapshot")
        inFile.set(item.type, (inFile.get(item.type) ?? 0) + 1);
    }
    const taken = new Map<string, number>();
    for (const { event } of records)
      if (event.type === "item-added" && event.origin !== "repair")
        taken.set(event.kind, (taken.get(event.kind) ?? 0) + 1);
    expect(Object.fromEntries(taken)).toEqual(Object.fromEntries(inFile));
    const ofFile = (...kinds: string[]): number =>
      kinds.reduce((sum, kind) => sum + (inFile.get(kind) ?? 0), 0);
    expect(counts).toMatchObject({
      calls: ofFile("function_call", "custom_tool_call"),
      outputs: ofFile("function_call_output", "custom_tool_call_output"),
      reasoning: ofFile("reasoning"),
      compactions: before
        .toString()
        .split("\n")
        .filter((line) => line.includes('"type":"compacted"')).length,
      rollbacks: 0,
    });
    expect(history.openCalls.size).toBe(0);
    expect(history.imported).toMatchObject({ format: "codex", path, bytes: before.length });
    expect(history.workspace.path).toMatch(/\/ws$/u);
    expect(history.title).toBeTruthy();
  }
});

test("a compaction, in words or sealed, leaves the history that the real CLI goes on with, in its order", async () => {
  for (const version of ["0.130.0", "0.169.0"]) {
    for (const path of rollouts(version)) {
      const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
      const parsed = lines.map(
        (line) => JSON.parse(line) as { type: string; payload: Record<string, unknown> },
      );
      const last = parsed.findLastIndex(({ type }) => type === "compacted");
      if (last < 0) continue;
      const plan = newPlan();
      const { id } = await take(plan, path);
      const { items, history, records } = await open(plan, id);
      const replacement = parsed[last]!.payload["replacement_history"] as { type: string }[];
      const since = parsed.slice(last).filter(({ type }) => type === "response_item");
      expect(items.map(({ type }) => type)).toEqual([
        ...replacement.map(({ type }) => type),
        ...since.map(({ payload }) => payload["type"]),
      ]);
      expect(items.map(itemText)).toEqual([
        ...replacement.map(itemText),
        ...since.map(({ payload }) => itemText(payload)),
      ]);
      // What came before is still in the log, for a text in the place of a seal that can't be opened.
      expect(records.filter(isItemRecord).length).toBeGreaterThan(items.length);
      for (const record of history.items)
        if (record.event.kind === "compaction")
          expect(record.event).toMatchObject({ issuer: "codex:mock", sealed: { shape: "fernet" } });
    }
  }
});

test("a thread that its real CLI rolled back by two turns goes on with what the CLI went on with", async () => {
  const plan = newPlan();
  const { id, counts } = await take(plan, rollouts("0.130.0-rolled-back")[0]!);
  expect(counts).toMatchObject({ prompts: 4, answers: 4, rollbacks: 1 });
  const said = (await open(plan, id)).items.filter(({ role }) => role === "user" || role === "assistant");
  const words = said.map(itemText).filter((text) => !text.startsWith("<"));
  // As its next request had them.
  expect(words).toEqual(["one", "You said: one", "four", "You said: four"]);
});

test("sealed reasoning keeps its blob, its age and who sealed it", async () => {
  const plan = newPlan();
  const { id } = await take(plan, rollouts("0.169.0")[0]!);
  const { records } = await open(plan, id);
  const reasoning = records.filter(({ event }) => event.type === "item-added" && event.kind === "reasoning");
  expect(reasoning.length).toBeGreaterThan(0);
  for (const { event } of reasoning)
    expect(event).toMatchObject({
      issuer: "codex:mock",
      sealed: { shape: "fernet", at: expect.any(Number) },
    });
});

test("a call that was killed in mid-run is answered with what is known, so that nobody runs it again", async () => {
  const plan = newPlan();
  const killed = rollouts("0.130.0").find((path) => readFileSync(path, "utf8").includes("01a1fac6-b6d5"))!;
  const { id } = await take(plan, killed);
  const { history, records } = await open(plan, id);
  expect(history.openCalls.size).toBe(0);
  const answers = records.filter(({ event }) => event.type === "item-added" && event.origin === "repair");
  expect(answers).toHaveLength(1);
});

test("taking it over again appends what is new, and nothing when nothing is", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(rollouts("0.130.0").find((each) => each.includes("01a1fac6-9157"))!);
  const cut = all.indexOf("\n", all.length / 2) + 1;
  writeFileSync(path, all.subarray(0, cut + 40));
  const plan = newPlan();
  const first = await take(plan, path);
  expect(first).toMatchObject({ did: "made" });
  expect(await take(plan, path)).toMatchObject({ did: "same", id: first.id, items: 0 });
  writeFileSync(path, all);
  expect(await take(plan, path)).toMatchObject({ did: "grown", id: first.id });
  expect(await take(plan, path)).toMatchObject({ did: "same", id: first.id });
  const whole = newPlan();
  writeFileSync(path, all);
  const { id } = await take(whole, path);
  const [grown, once] = [await open(plan, first.id), await open(whole, id)];
  expect(grown.items).toEqual(once.items);
  expect(grown.history.turn).toBe(once.history.turn);
  expect(grown.history.step).toBe(once.history.step);
  expect(grown.history.messages).toBe(once.history.messages);
  expect(grown.history.lastOutcome).toEqual(once.history.lastOutcome);
});

test.each([
  ["0.36.0", "d36686af"],
  ["0.98.0", "01a1fac4-0de2"],
  ["0.130.0", "01a1fac6-9157"],
  ["0.169.0", "01a1fab7-6525"],
])("a turn of %s that has ended since is over, wherever it was taken over", async (version, id) => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(rollouts(version).find((each) => each.includes(id))!);
  for (let cut = all.indexOf("\n") + 1; cut > 0; cut = all.indexOf("\n", cut) + 1) {
    const plan = newPlan();
    writeFileSync(path, all.subarray(0, cut));
    const first = await take(plan, path);
    writeFileSync(path, all);
    await take(plan, path);
    expect((await open(plan, first.id)).history.lastOutcome, `cut at ${cut}`).toEqual({ kind: "completed" });
  }
});

// The lines of 0.29.0 tell no times, and no model.
test.each(versions.slice(1))(
  "a rollout of %s that is taken over in two parts is what it is when taken over at once",
  async (version) => {
    const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
    const told = ({ history, records, items }: Session): object => {
      const { created, title, turn, step, messages, usage, lastOutcome, settings, workspace } = history;
      const state = { created, title, turn, step, messages, usage, lastOutcome, settings, workspace };
      const events = records
        .filter(isItemRecord)
        .map(({ event: { seq: _seq, fence: _fence, ...event } }) => event);
      return { state, events, items };
    };
    for (const source of rollouts(version)) {
      const all = readFileSync(source);
      writeFileSync(path, all);
      const plan = newPlan();
      const once = told(await open(plan, (await take(plan, path)).id));
      const ends = [...all.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
      for (const cut of ends.filter((_, nth) => nth % 5 === 0)) {
        writeFileSync(path, all.subarray(0, cut));
        const parts = newPlan();
        const { id } = await take(parts, path);
        // A call that was open is answered, which stays in the log.
        const { records } = await open(parts, id);
        if (records.some(({ event }) => event.type === "item-added" && event.origin === "repair")) continue;
        writeFileSync(path, all);
        await take(parts, path);
        expect(told(await open(parts, id)), `${source} cut at ${cut}`).toEqual(once);
      }
    }
  },
);

test("a compaction that the person asked for and that has ended since is no turn that was cut off", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(
    rollouts("0.130.0").find((each) => each.includes("01a1fac6-9157"))!,
    "utf8",
  );
  const event = (payload: object): string =>
    `${JSON.stringify({ timestamp: "2026-11-21T00:00:00.000Z", type: "event_msg", payload })}\n`;
  const begun = all + event({ type: "task_started", turn_id: "c" });
  writeFileSync(path, begun);
  const plan = newPlan();
  const { id } = await take(plan, path);
  expect((await open(plan, id)).history.lastOutcome).toMatchObject({ kind: "interrupted" });
  writeFileSync(path, begun + event({ type: "task_complete", turn_id: "c", last_agent_message: null }));
  await take(plan, path);
  expect((await open(plan, id)).history.lastOutcome).toEqual({ kind: "completed" });
});

test("what is taken over in mid-turn is of the same provider and the same model as what was before", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(rollouts("0.169.0").find((each) => each.includes("01a1fab7-0709"))!);
  writeFileSync(path, all);
  const whole = newPlan();
  const once = await open(whole, (await take(whole, path)).id);
  const isReasoning = ({ event }: LogRecord): boolean =>
    event.type === "item-added" && event.kind === "reasoning";
  const sealedBy = ({ records }: Session): unknown[] =>
    records
      .filter(isReasoning)
      .map(({ event }) => event.type === "item-added" && [event.issuer, event.model]);
  const turn = all.indexOf('"type":"turn_context"');
  writeFileSync(path, all.subarray(0, all.indexOf("\n", turn) + 1));
  const plan = newPlan();
  const { id } = await take(plan, path);
  writeFileSync(path, all);
  expect(await take(plan, path)).toMatchObject({ did: "grown" });
  const grown = await open(plan, id);
  expect(sealedBy(once)).toContainEqual(["codex:mock", "gpt-5.5"]);
  expect(sealedBy(grown)).toEqual(sealedBy(once));
  expect(grown.history.settings).toEqual(once.history.settings);
});

test("a session that is to be gone on with stays owned, with the history that its log would be folded to", async () => {
  const folder = mkdtempSync(join(tmpdir(), "throughline-import-"));
  for (const path of versions.flatMap(rollouts)) {
    const plan = newPlan();
    const copy = join(folder, path.split("/").at(-1)!);
    const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
    const half = Math.ceil(lines.length / 2);
    for (const part of [lines.slice(0, half), lines.slice(half)]) {
      appendFileSync(copy, part.map((line) => `${line}\n`).join(""));
      const { id, kept } = await importThread(plan, (await threadAt(copy))!, { keep: true });
      await expect(plan.store.acquire(id, { record: () => undefined }, { doing: "x" })).rejects.toThrow(id);
      expect(kept!.history).toEqual((await open(plan, id)).history);
      await kept!.log.release();
    }
  }
});

test("an id that is no UUID is the same one in capitals, as sessions were made from it so", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "copy.jsonl");
  writeFileSync(
    path,
    readFileSync(rollouts("0.29.0")[0]!, "utf8").replace(/"id":"[^"]+"/u, '"id":"My-Session"'),
  );
  expect((await threadAt(path))?.file.thread).toBe("my-session");
});

test("rollbacks that come later count the turns that were taken over before", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(rollouts("0.130.0").find((each) => each.includes("01a1fac6-9157"))!);
  writeFileSync(path, all);
  const plan = newPlan();
  const { id } = await take(plan, path);
  const prompts = async (): Promise<string[]> =>
    (await open(plan, id)).items.filter(({ role }) => role === "user").map(itemText);
  const before = await prompts();
  appendFileSync(
    path,
    `${JSON.stringify({ timestamp: "2026-11-21T00:00:00Z", type: "event_msg", payload: { type: "thread_rolled_back", num_turns: 1 } })}\n`,
  );
  expect(await take(plan, path)).toMatchObject({ did: "grown" });
  expect(await prompts()).toEqual(before.slice(0, -1));
});

test("a session that has gone its own way is left alone, and it is said how much the rollout has more", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(rollouts("0.130.0")[0]!);
  writeFileSync(path, all);
  const plan = newPlan();
  const { id } = await take(plan, path);
  const log = await plan.store.acquire(id, { record: () => {} }, { doing: "working" });
  await log.append({ event: { type: "turn-started", turn: 9, source: "prompt", preview: "own" } });
  await log.release();
  expect(await take(plan, path)).toMatchObject({ did: "same" });
  appendFileSync(path, "{}\n");
  expect(await take(plan, path)).toMatchObject({ did: "moved-on", fresh: 3 });
});

test("what a session holds is not given up for a rollout that was emptied, cut short or overwritten since", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(rollouts("0.130.0")[0]!);
  const name = join(dirname(path), basename(rollouts("0.130.0")[0]!));
  for (const left of [all.subarray(0, 0), all.subarray(0, all.length / 2), Buffer.alloc(all.length)]) {
    writeFileSync(name, all);
    const plan = newPlan();
    const { id } = await take(plan, name);
    const before = await open(plan, id);
    writeFileSync(name, left);
    expect(await take(plan, name)).toMatchObject({ did: "moved-on", id });
    expect(await open(plan, id)).toEqual(before);
  }
});

test("what is queued for a session, and what its instructions were given, survives a rollout that is written anew", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const all = readFileSync(rollouts("0.130.0")[0]!, "utf8");
  const plan = newPlan();
  writeFileSync(path, all);
  const { id } = await take(plan, path);
  await plan.store.queue(id, { id: uuidv7(1), at: 1, text: "and then", mode: "followup" });
  writeFileSync(path, `\n${all}`);
  expect(await take(plan, path)).toMatchObject({ did: "moved-on", id });
  expect(await plan.store.queued(id)).toHaveLength(1);
});

test("a turn's error that Codex names by a word that every object knows is a failure like any other", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), "rollout.jsonl");
  const error = { message: "odd", codex_error_info: "toString" };
  const end = { type: "task_complete", turn_id: "t", last_agent_message: null, error };
  const line = { timestamp: "2026-11-21T00:00:00.000Z", type: "event_msg", payload: end };
  writeFileSync(path, `${readFileSync(rollouts("0.130.0")[0]!, "utf8")}${JSON.stringify(line)}\n`);
  const plan = newPlan();
  const { history } = await open(plan, (await take(plan, path)).id);
  expect(history.lastOutcome).toMatchObject({ kind: "failed", class: expect.stringMatching(/^[a-z-]+$/u) });
});

test("a compressed rollout is read like a plain one", async () => {
  const path = rollouts("0.130.0")[0]!;
  const packed = join(mkdtempSync(join(tmpdir(), "throughline-import-")), `${path.split("/").at(-1)}.zst`);
  writeFileSync(packed, zstdCompressSync(readFileSync(path)));
  const [plain, other] = [newPlan(), newPlan()];
  const [one, two] = [await take(plain, path), await take(other, packed)];
  expect(two.id).toBe(one.id);
  expect((await open(other, two.id)).items).toEqual((await open(plain, one.id)).items);
});

test("of a compressed rollout that was cut off what can be unpacked is taken, and that there was more is told", async () => {
  const path = rollouts("0.130.0")[0]!;
  const packed = join(mkdtempSync(join(tmpdir(), "throughline-import-")), `${path.split("/").at(-1)}.zst`);
  // Too much for one block, none of which is unpacked in part.
  const said = Array.from({ length: 4_000 }, (_, at) => {
    const content = [{ type: "output_text", text: `${at}: ${Math.sin(at)}${Math.cos(at)}` }];
    const payload = { type: "message", role: "assistant", content };
    return `${JSON.stringify({ timestamp: "2026-11-20T21:00:00.000Z", type: "response_item", payload })}\n`;
  });
  const whole = zstdCompressSync(Buffer.concat([readFileSync(path), Buffer.from(said.join(""))]));
  writeFileSync(packed, whole.subarray(0, whole.length * 0.7));
  const taken = await take(newPlan(), packed);
  expect(taken.did).toBe("made");
  expect(taken.items).toBeGreaterThan(1_000);
  expect(taken.items).toBeLessThan(4_000);
  expect(taken.left["broken-archive"]).toBe(1);
});

const bytesOf: (text: string) => Buffer = Buffer.from;
const sorted = (text: string): Buffer => {
  const { session, items } = JSON.parse(text) as { session: object; items: object[] };
  return Buffer.from(JSON.stringify({ items, session }));
};

test.each<[string, string, (text: string) => Buffer]>([
  ["as it was written", "json", bytesOf],
  ["with a byte order mark", "json", (text) => Buffer.from(`\uFEFF${text}`)],
  ["in UTF-16", "json", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
  ["in big-endian UTF-16", "json", (text) => Buffer.from(text, "utf16le").swap16()],
  ["with its members in another order", "json", sorted],
  ["as the one value of a list", "json", (text) => Buffer.from(`[${text}]\n`)],
  ["under another name", "jsonl", bytesOf],
  ["packed away", "jsonl.zst", zstdCompressSync],
])("the old JSON document is read too, %s", async (_what, form, made) => {
  const id = "5f4e1a0c-95c0-4f05-8c4c-6b1b0c5a7f10";
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), `rollout-2025-05-02-${id}.${form}`);
  const items = [
    { type: "message", role: "user", content: [{ type: "input_text", text: "look" }] },
    { type: "function_call", call_id: "c1", name: "shell", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: "ok" },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Done." }] },
  ];
  const session = { timestamp: "2025-05-02T10:00:00.000Z", id, instructions: "" };
  const text = JSON.stringify({ session, items }, null, 2);
  writeFileSync(path, made(text));
  const plan = newPlan();
  const taken = await take(plan, path);
  const { items: found, history } = await open(plan, taken.id);
  expect(found.map(({ type }) => type)).toEqual(items.map(({ type }) => type));
  expect(history).toMatchObject({ title: "look", created: Date.parse(session.timestamp), turn: 1, step: 2 });
  expect(await take(plan, path)).toMatchObject({ did: "same" });
  const [file] = listRollouts(folderAsHome(path));
  expect(scanRollout(file!)).toMatchObject({ header: { id }, title: "look", messages: 2, flaws: [] });
  const kinds = judge(await examine(path), { path, now: 0 }).map(({ kind }) => kind);
  expect(kinds).toEqual([...(form.endsWith("zst") ? ["compressed"] : []), "old-document"]);
});

test("of an old document that was torn off what stands before that is read", async () => {
  const id = "5f4e1a0c-95c0-4f05-8c4c-6b1b0c5a7f10";
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), `rollout-2025-05-02-${id}.json`);
  const items = ["look", "and again"].map((words) => ({ type: "message", role: "user", content: words }));
  const text = JSON.stringify({ session: { id, timestamp: "2025-05-02T10:00:00.000Z" }, items }, null, 2);
  writeFileSync(path, text.slice(0, text.indexOf("again")));
  const taken = await take(newPlan(), path);
  expect([taken.counts.prompts, taken.left]).toEqual([1, { json: 1 }]);
});

test("a document of Chat Completions messages, as forks for other providers write it, is read too, and once", async () => {
  const id = "5f4e1a0c-95c0-4f05-8c4c-6b1b0c5a7f11";
  const path = join(mkdtempSync(join(tmpdir(), "throughline-import-")), `rollout-2025-08-02-${id}.json`);
  const called = { id: "c1", index: 0, type: "function", function: { name: "shell", arguments: "{}" } };
  const items = [
    { role: "user", content: [{ type: "text", text: "count the ponds" }] },
    { role: "assistant", content: "", reasoning: "Look first", tool_calls: [called] },
    { role: "tool", tool_call_id: "c1", content: "two" },
    { role: "assistant", content: "Two ponds." },
  ];
  const session = { timestamp: "2025-08-02T10:00:00.000Z", id, instructions: "" };
  writeFileSync(path, JSON.stringify({ session, items }, null, 2));
  const plan = newPlan();
  const taken = await take(plan, path);
  expect(taken.counts).toMatchObject({ prompts: 1, answers: 1, calls: 1, outputs: 1, reasoning: 1 });
  const { items: found, history } = await open(plan, taken.id);
  expect(found).toMatchObject([
    { type: "message", role: "user", content: [{ type: "input_text", text: "count the ponds" }] },
    { type: "reasoning", content: [{ type: "reasoning_text", text: "Look first" }] },
    { type: "function_call", call_id: "c1", name: "shell", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: "two" },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "Two ponds." }] },
  ]);
  expect(history.title).toBe("count the ponds");
  expect(await take(plan, path)).toMatchObject({ did: "same", items: 0 });
  const [file] = listRollouts(folderAsHome(path));
  expect(scanRollout(file!)).toMatchObject({ title: "count the ponds", messages: 2, flaws: [] });
});

/** A home in which the rollout is. */
function folderAsHome(path: string): string {
  const home = mkdtempSync(join(tmpdir(), "throughline-home-"));
  cpSync(path, join(home, "sessions", path.split("/").at(-1)!));
  return home;
}

test("a reverted thread is its segments, each up to where the next one goes on", async () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-home-"));
  cpSync(join(fixtures, "0.169.0", "sessions"), join(home, "sessions"), { recursive: true });
  const first = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fab7-6525"))!;
  const lines = readFileSync(first.path, "utf8").split("\n").filter(Boolean);
  const second = lines.findIndex((line, at) => at > 1 && line.includes('"task_started"'));
  const segment = "01a1fab8-0000-7000-8000-000000000001";
  const meta = JSON.parse(lines[0]!) as { ordinal: number; payload: Record<string, unknown> };
  meta.ordinal = second;
  const base = Buffer.byteLength(`${lines.slice(0, second).join("\n")}\n`);
  meta.payload["history_base"] = {
    thread_id: first.thread,
    end_ordinal_exclusive: second,
    end_byte_offset: base,
  };
  const message = (text: string, ordinal: number): string =>
    JSON.stringify({
      timestamp: "2026-11-20T21:00:00.000Z",
      ordinal,
      type: "response_item",
      payload: { type: "message", role: "user", content: [{ type: "input_text", text }] },
    });
  const path = first.path.replace("20T20-48-05", "20T21-00-00").replace(".jsonl", `_${segment}.jsonl`);
  writeFileSync(path, `${JSON.stringify(meta)}\n${message("another way", second + 1)}\n`);

  const [thread, ...others] = await findThreads(home, first.thread);
  expect(others).toEqual([]);
  expect(thread!.file.path).toBe(path);
  const plan = newPlan();
  const { id } = await importThread(plan, thread!);
  const { items, history } = await open(plan, id);
  const kept = lines.slice(0, second).filter((line) => line.includes('"response_item"')).length;
  expect(items).toHaveLength(kept + 1);
  expect(itemText(items.at(-1))).toBe("another way");
  expect(history.imported).toMatchObject({ rollout: segment, path });
});

test("a thread is found by its id, its beginning and the name that a person gave it", async () => {
  const home = join(fixtures, "0.169.0");
  const id = "01a1fada-0b9c-7483-9338-2ca5620af9fd";
  for (const reference of [id, id.slice(0, 13), id.toUpperCase(), "my named session"]) {
    const found = await findThreads(home, reference);
    expect(found.map(({ file, name }) => [file.thread, name])).toEqual([[id, "my named session"]]);
  }
  expect(await findThreads(home, "my named")).toEqual([]);
  expect(await findThreads(join(home, "nowhere"), id)).toEqual([]);
});

type Row = Record<string, unknown>;
const parsed = (text: string): Row[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
const spread = (text: string): string =>
  parsed(text).reduce((all, row) => `${all}${JSON.stringify(row, null, 2)}\n`, "");

test.each<[string, (text: string) => string | Buffer]>([
  ["spread over many lines", spread],
  ["as one list", (text) => JSON.stringify(parsed(text), null, 2)],
  ["as a list of a record a line", (text) => `[\n${text.trimEnd().replaceAll("\n", ",\n")}\n]`],
  ["in UTF-16", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
  ["in UTF-16, spread", (text) => Buffer.from(spread(text), "utf16le").swap16()],
])("a rollout that a program wrote anew %s is taken over and listed as what it was", async (_how, anew) => {
  for (const original of listRollouts(join(fixtures, "0.169.0"))) {
    const home = mkdtempSync(join(tmpdir(), "throughline-import-"));
    const path = join(home, "sessions", basename(original.path));
    const content = Buffer.from(anew(readFileSync(original.path, "utf8")));
    mkdirSync(dirname(path));
    writeFileSync(path, content);
    const [plan, plain] = [newPlan(), newPlan()];
    const [taken, meant] = [await take(plan, path), await take(plain, original.path)];
    expect(taken).toMatchObject({ did: "made", counts: meant.counts, left: meant.left });
    expect((await open(plan, taken.id)).items).toEqual((await open(plain, meant.id)).items);
    expect(await take(plan, path)).toMatchObject({ did: "same" });
    expect(readFileSync(path).equals(content)).toBe(true);
    const facts = scanRollout(original);
    expect(scanRollout(listRollouts(home)[0]!)).toEqual({
      ...facts,
      flaws: ["other-layout", ...facts.flaws],
    });
  }
});
