// A rollout that is taken over once more: what is new in it comes into the session, and what is not its own stays.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { codexRollouts, codexVersions } from "../../../../test/kit/codex-home.ts";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { opened, type Opened, take } from "../../../../test/kit/taken-over.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { uuidv7 } from "../../../lib/ids.ts";
import { isItemRecord, type LogRecord } from "../../../session/event.ts";
import { itemText } from "../../../session/item.ts";

const paths = (version: string): string[] =>
  codexRollouts(version)
    .map(({ path }) => path)
    .sort();

test("taking it over again appends what is new, and nothing when nothing is", async () => {
  const path = join(temporaryFolder(), "rollout.jsonl");
  const all = readFileSync(paths("0.130.0").find((each) => each.includes("01a1fac6-9157"))!);
  const cut = all.indexOf("\n", all.length / 2) + 1;
  writeFileSync(path, all.subarray(0, cut + 40));
  const plan = importPlan();
  const first = await take(plan, path);
  expect(first).toMatchObject({ did: "made" });
  expect(await take(plan, path)).toMatchObject({ did: "same", id: first.id, items: 0 });
  writeFileSync(path, all);
  expect(await take(plan, path)).toMatchObject({ did: "grown", id: first.id });
  expect(await take(plan, path)).toMatchObject({ did: "same", id: first.id });
  const whole = importPlan();
  writeFileSync(path, all);
  const { id } = await take(whole, path);
  const [grown, once] = [await opened(plan.store, first.id), await opened(whole.store, id)];
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
  const path = join(temporaryFolder(), "rollout.jsonl");
  const all = readFileSync(paths(version).find((each) => each.includes(id))!);
  for (let cut = all.indexOf("\n") + 1; cut > 0; cut = all.indexOf("\n", cut) + 1) {
    const plan = importPlan();
    writeFileSync(path, all.subarray(0, cut));
    const first = await take(plan, path);
    writeFileSync(path, all);
    await take(plan, path);
    expect((await opened(plan.store, first.id)).history.lastOutcome, `cut at ${cut}`).toEqual({
      kind: "completed",
    });
  }
});

// The lines of 0.29.0 tell no times, and no model.
test.each(codexVersions.slice(1))(
  "a rollout of %s that is taken over in two parts is what it is when taken over at once",
  async (version) => {
    const path = join(temporaryFolder(), "rollout.jsonl");
    const told = ({ history, records, items }: Opened): object => {
      const { created, title, turn, step, messages, usage, lastOutcome, settings, workspace } = history;
      const state = { created, title, turn, step, messages, usage, lastOutcome, settings, workspace };
      const events = records
        .filter(isItemRecord)
        .map(({ event: { seq: _seq, fence: _fence, ...event } }) => event);
      return { state, events, items };
    };
    for (const source of paths(version)) {
      const all = readFileSync(source);
      writeFileSync(path, all);
      const plan = importPlan();
      const once = told(await opened(plan.store, (await take(plan, path)).id));
      const ends = [...all.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
      for (const cut of ends.filter((_, nth) => nth % 5 === 0)) {
        writeFileSync(path, all.subarray(0, cut));
        const parts = importPlan();
        const { id } = await take(parts, path);
        // A call that was open is answered, which stays in the log.
        const { records } = await opened(parts.store, id);
        if (records.some(({ event }) => event.type === "item-added" && event.origin === "repair")) continue;
        writeFileSync(path, all);
        await take(parts, path);
        expect(told(await opened(parts.store, id)), `${source} cut at ${cut}`).toEqual(once);
      }
    }
  },
);

test("a compaction that the person asked for and that has ended since is no turn that was cut off", async () => {
  const path = join(temporaryFolder(), "rollout.jsonl");
  const all = readFileSync(
    paths("0.130.0").find((each) => each.includes("01a1fac6-9157"))!,
    "utf8",
  );
  const event = (payload: object): string =>
    `${JSON.stringify({ timestamp: "2026-11-21T00:00:00.000Z", type: "event_msg", payload })}\n`;
  const begun = all + event({ type: "task_started", turn_id: "c" });
  writeFileSync(path, begun);
  const plan = importPlan();
  const { id } = await take(plan, path);
  expect((await opened(plan.store, id)).history.lastOutcome).toMatchObject({ kind: "interrupted" });
  writeFileSync(path, begun + event({ type: "task_complete", turn_id: "c", last_agent_message: null }));
  await take(plan, path);
  expect((await opened(plan.store, id)).history.lastOutcome).toEqual({ kind: "completed" });
});

test("what is taken over in mid-turn is of the same provider and the same model as what was before", async () => {
  const path = join(temporaryFolder(), "rollout.jsonl");
  const all = readFileSync(paths("0.169.0").find((each) => each.includes("01a1fab7-0709"))!);
  writeFileSync(path, all);
  const whole = importPlan();
  const once = await opened(whole.store, (await take(whole, path)).id);
  const isReasoning = ({ event }: LogRecord): boolean =>
    event.type === "item-added" && event.kind === "reasoning";
  const sealedBy = ({ records }: Opened): unknown[] =>
    records
      .filter(isReasoning)
      .map(({ event }) => event.type === "item-added" && [event.issuer, event.model]);
  const turn = all.indexOf('"type":"turn_context"');
  writeFileSync(path, all.subarray(0, all.indexOf("\n", turn) + 1));
  const plan = importPlan();
  const { id } = await take(plan, path);
  writeFileSync(path, all);
  expect(await take(plan, path)).toMatchObject({ did: "grown" });
  const grown = await opened(plan.store, id);
  expect(sealedBy(once)).toContainEqual(["codex:mock", "gpt-5.5"]);
  expect(sealedBy(grown)).toEqual(sealedBy(once));
  expect(grown.history.settings).toEqual(once.history.settings);
});

test("rollbacks that come later count the turns that were taken over before", async () => {
  const path = join(temporaryFolder(), "rollout.jsonl");
  const all = readFileSync(paths("0.130.0").find((each) => each.includes("01a1fac6-9157"))!);
  writeFileSync(path, all);
  const plan = importPlan();
  const { id } = await take(plan, path);
  const prompts = async (): Promise<string[]> =>
    (await opened(plan.store, id)).items.filter(({ role }) => role === "user").map(itemText);
  const before = await prompts();
  appendFileSync(
    path,
    `${JSON.stringify({ timestamp: "2026-11-21T00:00:00Z", type: "event_msg", payload: { type: "thread_rolled_back", num_turns: 1 } })}\n`,
  );
  expect(await take(plan, path)).toMatchObject({ did: "grown" });
  expect(await prompts()).toEqual(before.slice(0, -1));
});

test("a session that has gone its own way is left alone, and it is said how much the rollout has more", async () => {
  const path = join(temporaryFolder(), "rollout.jsonl");
  const all = readFileSync(paths("0.130.0")[0]!);
  writeFileSync(path, all);
  const plan = importPlan();
  const { id } = await take(plan, path);
  const log = await plan.store.acquire(id, { record: () => {} }, { doing: "working" });
  await log.append({ event: { type: "turn-started", turn: 9, source: "prompt", preview: "own" } });
  await log.release();
  expect(await take(plan, path)).toMatchObject({ did: "same" });
  appendFileSync(path, "{}\n");
  expect(await take(plan, path)).toMatchObject({ did: "moved-on", fresh: 3 });
});

test("what a session holds is not given up for a rollout that was emptied, cut short or overwritten since", async () => {
  const [source] = paths("0.130.0");
  const all = readFileSync(source!);
  const path = join(temporaryFolder(), basename(source!));
  for (const left of [all.subarray(0, 0), all.subarray(0, all.length / 2), Buffer.alloc(all.length)]) {
    writeFileSync(path, all);
    const plan = importPlan();
    const { id } = await take(plan, path);
    const before = await opened(plan.store, id);
    writeFileSync(path, left);
    expect(await take(plan, path)).toMatchObject({ did: "moved-on", id });
    expect(await opened(plan.store, id)).toEqual(before);
  }
});

test("what is queued for a session, and what its instructions were given, survives a rollout that is written anew", async () => {
  const path = join(temporaryFolder(), "rollout.jsonl");
  const all = readFileSync(paths("0.130.0")[0]!, "utf8");
  const plan = importPlan();
  writeFileSync(path, all);
  const { id } = await take(plan, path);
  await plan.store.queue(id, { id: uuidv7(1), at: 1, text: "and then", mode: "followup" });
  writeFileSync(path, `\n${all}`);
  expect(await take(plan, path)).toMatchObject({ did: "moved-on", id });
  expect(await plan.store.queued(id)).toHaveLength(1);
});
