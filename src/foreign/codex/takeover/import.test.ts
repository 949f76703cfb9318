import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { mendedCopy } from "../repair/mended-copy.ts";
import { codexFixtures, codexRollouts, codexVersions } from "../../../../test/kit/codex-home.ts";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { opened, take } from "../../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { isItemRecord } from "../../../session/event.ts";
import { itemText } from "../../../session/item.ts";
import { findThreads, threadAt } from "./find.ts";
import { importThread } from "./import.ts";
import { listRollouts } from "../home/places.ts";

const paths = (version: string): string[] =>
  codexRollouts(version)
    .map(({ path }) => path)
    .sort();

test.each(codexVersions)(
  "every call, output and message of a %s rollout is in the session",
  async (version) => {
    for (const path of paths(version)) {
      const plan = importPlan();
      const before = readFileSync(path);
      const { id, left, counts } = await take(plan, path);
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(Object.entries(left).filter(([why]) => why !== "ghost_snapshot")).toEqual([]);
      const { history, records } = await opened(plan.store, id);
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
  },
);

test("a compaction, in words or sealed, leaves the history that the real CLI goes on with, in its order", async () => {
  for (const version of ["0.130.0", "0.169.0"]) {
    for (const path of paths(version)) {
      const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
      const parsed = lines.map(
        (line) => JSON.parse(line) as { type: string; payload: Record<string, unknown> },
      );
      const last = parsed.findLastIndex(({ type }) => type === "compacted");
      if (last < 0) continue;
      const plan = importPlan();
      const { id } = await take(plan, path);
      const { items, history, records } = await opened(plan.store, id);
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
  const plan = importPlan();
  const { id, counts } = await take(plan, paths("0.130.0-rolled-back")[0]!);
  expect(counts).toMatchObject({ prompts: 4, answers: 4, rollbacks: 1 });
  const said = (await opened(plan.store, id)).items.filter(
    ({ role }) => role === "user" || role === "assistant",
  );
  const words = said.map(itemText).filter((text) => !text.startsWith("<"));
  // As its next request had them.
  expect(words).toEqual(["one", "You said: one", "four", "You said: four"]);
});

test("sealed reasoning keeps its blob, its age and who sealed it", async () => {
  const plan = importPlan();
  const { id } = await take(plan, paths("0.169.0")[0]!);
  const { records } = await opened(plan.store, id);
  const reasoning = records.filter(({ event }) => event.type === "item-added" && event.kind === "reasoning");
  expect(reasoning.length).toBeGreaterThan(0);
  for (const { event } of reasoning)
    expect(event).toMatchObject({
      issuer: "codex:mock",
      sealed: { shape: "fernet", at: expect.any(Number) },
    });
});

test("a call that was killed in mid-run is answered with what is known, so that nobody runs it again", async () => {
  const plan = importPlan();
  const killed = paths("0.130.0").find((path) => readFileSync(path, "utf8").includes("01a1fac6-b6d5"))!;
  const { id } = await take(plan, killed);
  const { history, records } = await opened(plan.store, id);
  expect(history.openCalls.size).toBe(0);
  const answers = records.filter(({ event }) => event.type === "item-added" && event.origin === "repair");
  expect(answers).toHaveLength(1);
});

test("a session that is to be gone on with stays owned, with the history that its log would be folded to", async () => {
  const folder = temporaryFolder();
  for (const path of codexVersions.flatMap(paths)) {
    const plan = importPlan();
    const copy = join(folder, path.split("/").at(-1)!);
    const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
    const half = Math.ceil(lines.length / 2);
    for (const part of [lines.slice(0, half), lines.slice(half)]) {
      appendFileSync(copy, part.map((line) => `${line}\n`).join(""));
      const { id, kept } = await importThread(plan, (await threadAt(copy))!, { keep: true });
      await expect(plan.store.acquire(id, { record: () => undefined }, { doing: "x" })).rejects.toThrow(id);
      expect(kept!.history).toEqual((await opened(plan.store, id)).history);
      await kept!.log.release();
    }
  }
});

test("an id that is no UUID is the same one in capitals, as sessions were made from it so", async () => {
  const path = join(temporaryFolder(), "copy.jsonl");
  writeFileSync(
    path,
    readFileSync(paths("0.29.0")[0]!, "utf8").replace(/"id":"[^"]+"/u, '"id":"My-Session"'),
  );
  expect((await threadAt(path))?.file.thread).toBe("my-session");
});

test("a turn's error that Codex names by a word that every object knows is a failure like any other", async () => {
  const path = join(temporaryFolder(), "rollout.jsonl");
  const error = { message: "odd", codex_error_info: "toString" };
  const end = { type: "task_complete", turn_id: "t", last_agent_message: null, error };
  const line = { timestamp: "2026-11-21T00:00:00.000Z", type: "event_msg", payload: end };
  writeFileSync(path, `${readFileSync(paths("0.130.0")[0]!, "utf8")}${JSON.stringify(line)}\n`);
  const plan = importPlan();
  const { history } = await opened(plan.store, (await take(plan, path)).id);
  expect(history.lastOutcome).toMatchObject({ kind: "failed", class: expect.stringMatching(/^[a-z-]+$/u) });
});

test("a compressed rollout is read like a plain one", async () => {
  const path = paths("0.130.0")[0]!;
  const packed = join(temporaryFolder(), `${path.split("/").at(-1)}.zst`);
  writeFileSync(packed, zstdCompressSync(readFileSync(path)));
  const [plain, other] = [importPlan(), importPlan()];
  const [one, two] = [await take(plain, path), await take(other, packed)];
  expect(two.id).toBe(one.id);
  expect((await opened(other.store, two.id)).items).toEqual((await opened(plain.store, one.id)).items);
});

test("of a compressed rollout that was cut off what can be unpacked is taken, and that there was more is told", async () => {
  const path = paths("0.130.0")[0]!;
  const packed = join(temporaryFolder(), `${path.split("/").at(-1)}.zst`);
  // Too much for one block, none of which is unpacked in part.
  const said = Array.from({ length: 4_000 }, (_, at) => {
    const content = [{ type: "output_text", text: `${at}: ${Math.sin(at)}${Math.cos(at)}` }];
    const payload = { type: "message", role: "assistant", content };
    return `${JSON.stringify({ timestamp: "2026-11-20T21:00:00.000Z", type: "response_item", payload })}\n`;
  });
  const whole = zstdCompressSync(Buffer.concat([readFileSync(path), Buffer.from(said.join(""))]));
  writeFileSync(packed, whole.subarray(0, whole.length * 0.7));
  const home = temporaryFolder();
  const mended = { ...importPlan(), mended: (each: string) => mendedCopy(each, home) };
  for (const plan of [importPlan(), mended]) {
    const taken = await take(plan, packed);
    expect(taken).toMatchObject({ did: "made", isMended: plan === mended });
    expect(taken.items).toBeGreaterThan(1_000);
    expect(taken.items).toBeLessThan(4_000);
    expect(taken.left["broken-archive"]).toBe(1);
  }
});

test("a reverted thread is its segments, each up to where the next one goes on", async () => {
  const home = temporaryFolder();
  cpSync(join(codexFixtures, "0.169.0", "sessions"), join(home, "sessions"), { recursive: true });
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
  const plan = importPlan();
  const { id } = await importThread(plan, thread!);
  const { items, history } = await opened(plan.store, id);
  const kept = lines.slice(0, second).filter((line) => line.includes('"response_item"')).length;
  expect(items).toHaveLength(kept + 1);
  expect(itemText(items.at(-1))).toBe("another way");
  expect(history.imported).toMatchObject({ rollout: segment, path });
});
