// A session that is made anew from its rollout: what a person changed about it stays, and it is never gone.
import { appendFileSync, cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { importPlan } from "../../../../test/kit/import-plan.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { opened, shownItems, take } from "../../../../test/kit/taken-over.ts";
import { checkpointOf } from "../../../session/checkpoint.ts";
import type { NewEvent } from "../../../session/event.ts";
import { folderStore } from "../../../store/folder/folder-store.ts";
import type { SessionStore } from "../../../store.ts";
import { listRollouts } from "../home/places.ts";
import { lastRepairAt } from "../repair/journal.ts";
import { repairRollout, undoRepair } from "../repair/repair.ts";
import { threadAt } from "./find.ts";
import { importThread } from "./import.ts";
import { type ImportPlan, toldWorkspace } from "./import-plan.ts";

const [fixture] = codexRollouts("0.130.0");
const text = readFileSync(fixture!.path, "utf8");

function rollout(): string {
  const path = join(temporaryFolder(), "rollout.jsonl");
  writeFileSync(path, text);
  return path;
}

async function note(store: SessionStore, id: string, ...events: NewEvent[]): Promise<void> {
  const log = await store.acquire(id, { record: () => {} }, { doing: "noting" });
  await log.append(...events.map((event) => ({ event })));
  await log.release();
}

test("a rollout that was written anew is taken over anew, and what a person changed since stays", async () => {
  const path = rollout();
  const plan = importPlan();
  const { store } = plan;
  const { id } = await take(plan, path);
  const settings = { ...(await opened(store, id)).history.settings, model: "chosen", effort: "high" };
  await note(
    store,
    id,
    { type: "session-archived" },
    { type: "session-renamed", name: "mine" },
    { type: "settings-changed", settings },
  );
  // Not forgotten the second time either.
  for (const before of ["\n", "\n\n"]) {
    writeFileSync(path, `${before}${text}`);
    expect(await take(plan, path)).toMatchObject({ did: "remade", id });
    expect((await opened(store, id)).history).toMatchObject({ archived: true, name: "mine", settings });
  }
});

test("what is asked for now goes before what a person chose earlier", async () => {
  const path = rollout();
  const plan = importPlan();
  const { id } = await take(plan, path);
  const settings = { ...(await opened(plan.store, id)).history.settings, model: "chosen", effort: "high" };
  await note(plan.store, id, { type: "settings-changed", settings });
  writeFileSync(path, `\n${text}`);
  expect(await take({ ...plan, asked: { model: "asked" } }, path)).toMatchObject({ did: "remade", id });
  expect((await opened(plan.store, id)).history.settings).toMatchObject({ model: "asked", effort: "high" });
});

test("a session whose making anew fails is as it was", async () => {
  const path = rollout();
  const plan = importPlan();
  const { id } = await take(plan, path);
  const before = (await opened(plan.store, id)).records;
  writeFileSync(path, `\n${text}`);
  const onBytes = (): void => {
    throw new Error("the disk is full");
  };
  await expect(take({ ...plan, onBytes }, path)).rejects.toThrow("the disk is full");
  const { records } = await opened(plan.store, id);
  expect(records.slice(0, before.length)).toEqual(before);
  expect(records.slice(before.length).map(({ event }) => event.type)).toEqual(["lease-taken"]);
  expect(await take(plan, path)).toMatchObject({ did: "remade", id });
});

test("a rollout that is moved away while its session is made anew costs that nothing, and nobody is told to delete it", async () => {
  const path = rollout();
  const store = folderStore(temporaryFolder(), { version: "1" });
  const plan = { ...importPlan(), store };
  const { id } = await take(plan, path);
  const before = (await opened(store, id)).records;
  writeFileSync(path, `\n${text}`);
  const workspace: ImportPlan["workspace"] = async (thread) => {
    renameSync(path, `${path}.moved`);
    return toldWorkspace(thread);
  };
  const failure = await take({ ...plan, workspace }, path).catch((error: unknown) => error);
  expect(failure).toMatchObject({ class: "store-unavailable" });
  expect((failure as Error).message).toContain(`${path} can't be used`);
  expect((failure as Error).message).not.toContain("delete");
  expect((await opened(store, id)).records.slice(0, before.length)).toEqual(before);
});

test("a session in which somebody worked while its rollout was looked at is left to them", async () => {
  const path = rollout();
  const plan = importPlan();
  const { id } = await take(plan, path);
  writeFileSync(path, `\n${text}`);
  const { store } = plan;
  // Between the look at the rollout and the making anew.
  const acquire: SessionStore["acquire"] = async (...given) => {
    await note(store, id, { type: "turn-started", turn: 9, source: "prompt", preview: "own" });
    return store.acquire(...given);
  };
  const slow = new Proxy(store, {
    get: (target, key: keyof SessionStore) =>
      key === "acquire" ? acquire : (target[key] as () => unknown).bind(target),
  });
  expect(await take({ ...plan, store: slow }, path)).toMatchObject({ did: "moved-on" });
  expect((await opened(store, id)).history.openTurn).toMatchObject({ preview: "own" });
});

test.each(["add", "replace"])(
  "what is new and was being taken over when that was cut off (%s) is no work of the session's own",
  async (what) => {
    const path = rollout();
    const plan = importPlan();
    const { store, settings } = plan;
    const lines = text.trimEnd().split("\n");
    const compacted = {
      timestamp: "2026-11-20T21:05:30.000Z",
      type: "compacted",
      payload: { message: "Sum." },
    };
    const added = what === "add" ? [] : [JSON.stringify(compacted)];
    const prompt = lines.findLastIndex((line) => line.includes('"role":"user"'));
    writeFileSync(path, lines.slice(0, prompt).join("\n").concat("\n"));
    const { id } = await take(plan, path);
    writeFileSync(path, [...lines.slice(0, prompt), ...added, ...lines.slice(prompt), ""].join("\n"));
    const full: ImportPlan["settings"] = (thread) => {
      if (thread.model !== undefined) throw new Error("the disk is full");
      return settings(thread);
    };
    const [before] = [await shownItems(store, id)];
    await expect(take({ ...plan, settings: full }, path)).rejects.toThrow("the disk is full");
    expect(await shownItems(store, id)).not.toEqual(before);
    expect(await take(plan, path)).toMatchObject({ did: "remade", id });
    const { id: fresh } = await importThread(plan, (await threadAt(path))!, { as: otherId });
    expect(await shownItems(store, id)).toEqual(await shownItems(store, fresh));
    expect(await take(plan, path)).toMatchObject({ did: "same" });
  },
);

const otherId = "01a1fac6-9157-7301-9e0a-5c0a24a34fff";

test("what a repair of the file that this one goes on from brings back comes into the session", async () => {
  const home = temporaryFolder();
  cpSync(join(import.meta.dirname, "../fixtures/0.169.0/sessions"), join(home, "sessions"), {
    recursive: true,
  });
  const base = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fab7-6525"))!;
  const lines = readFileSync(base.path, "utf8").split("\n").filter(Boolean);
  const at = lines.findIndex((line) => line.includes('"role":"assistant"'));
  const damaged = lines.with(at, `${lines[at]},`).map((line) => `${line}\n`);
  const second = lines.findIndex((line, nth) => nth > at && line.includes('"task_started"'));
  writeFileSync(base.path, damaged.join(""));
  const header = JSON.parse(lines[0]!) as { ordinal: number; payload: Record<string, unknown> };
  header.ordinal = second;
  header.payload["history_base"] = {
    thread_id: base.thread,
    end_ordinal_exclusive: second,
    end_byte_offset: Buffer.byteLength(damaged.slice(0, second).join("")),
  };
  const later = base.path.replace("20T20-48-05", "20T21-00-00");
  const path = later.replace(".jsonl", "_01a1fab8-0000-7000-8000-000000000001.jsonl");
  writeFileSync(path, `${JSON.stringify(header)}\n`);
  const plan = { ...importPlan(), mendedAt: (of: string) => lastRepairAt(home, of) };
  const { id } = await take(plan, path);
  const lost = await shownItems(plan.store, id);
  expect((await repairRollout(base.path, { home }))?.journal.mended).toMatchObject({ "unparsable-line": 1 });
  expect(await take(plan, path)).toMatchObject({ did: "remade", id });
  expect(await shownItems(plan.store, id)).toHaveLength(lost.length + 1);
  expect(await take(plan, path)).toMatchObject({ did: "same" });
});

test("what a repair brings back comes into the session, though the rollout ends as it did; and goes when that is taken back", async () => {
  const home = temporaryFolder();
  const path = rollout();
  const plan = { ...importPlan(), mendedAt: (of: string) => lastRepairAt(home, of) };
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.includes('"type":"message","role":"assistant"'));
  writeFileSync(path, lines.with(at, "#".repeat(lines[at]!.length)).join("\n"));
  const { id } = await take(plan, path);
  const lost = await shownItems(plan.store, id);
  expect((await repairRollout(path, { home }))?.journal.mended).toMatchObject({ "lost-message": 1 });
  expect(await take(plan, path)).toMatchObject({ did: "remade", id });
  const whole = await shownItems(plan.store, id);
  expect(whole).toHaveLength(lost.length + 1);
  expect(await take(plan, path)).toMatchObject({ did: "same" });
  await undoRepair(path, { home });
  expect(await take(plan, path)).toMatchObject({ did: "moved-on" });
  expect(await shownItems(plan.store, id)).toEqual(whole);
});

test("a repair that is done while the rollout is read comes into the session with the next takeover", async () => {
  const path = rollout();
  let repaired: number | undefined;
  const onBytes = (): void => {
    const began = Date.now();
    while (Date.now() < began + 5);
    repaired ??= Date.now();
    while (Date.now() < began + 10);
  };
  const plan = { ...importPlan(), mendedAt: () => repaired, onBytes };
  expect(await take(plan, path)).toMatchObject({ did: "made" });
  expect(await take(plan, path)).toMatchObject({ did: "remade" });
  expect(await take(plan, path)).toMatchObject({ did: "same" });
});

test("in a session that has gone its own way, only a repair since it was taken over counts", async () => {
  const home = temporaryFolder();
  const path = rollout();
  const store = folderStore(temporaryFolder(), { version: "1" });
  const plan = { ...importPlan(), store, mendedAt: (of: string) => lastRepairAt(home, of) };
  writeFileSync(path, `${text}torn`);
  await repairRollout(path, { home });
  const { id } = await take(plan, path);
  const { history } = await opened(store, id);
  const turn = history.turn + 1;
  await note(store, id, { type: "turn-started", turn, source: "prompt", preview: "own" });
  const checkpoint = checkpointOf((await opened(store, id)).history);
  await note(store, id, { type: "turn-ended", turn, outcome: { kind: "completed" }, checkpoint });
  expect(await take(plan, path)).toMatchObject({ did: "same" });
  appendFileSync(path, "torn again");
  await repairRollout(path, { home });
  expect(await take(plan, path)).toMatchObject({ did: "moved-on" });
});
