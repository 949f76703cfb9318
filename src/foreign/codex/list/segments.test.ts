// Threads whose history stands in several files.
import { appendFileSync, chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { asUser } from "../../../../test/kit/as-user.ts";
import { codexHomeWith } from "../../../../test/kit/codex-home.ts";
import { listRollouts } from "../home/places.ts";
import { listThreads, type ListedThread } from "./list.ts";

const only = (threads: readonly ListedThread[], beginning: string): ListedThread => {
  const found = threads.filter(({ id }) => id.startsWith(beginning));
  expect(found).toHaveLength(1);
  return found[0]!;
};

/** The header of a rollout, for one that goes on from a thread's rollout at this byte. */
function headerFrom(rollout: string, thread_id: string, end_byte_offset: number): string {
  const header = JSON.parse(readFileSync(rollout, "utf8").split("\n", 1)[0]!) as { payload: object };
  const history_base = { thread_id, end_ordinal_exclusive: 9, end_byte_offset };
  return JSON.stringify({ ...header, payload: { ...header.payload, history_base } });
}

/** Where the thread's next rollout lies. */
const segmentAt = (rollout: string): string =>
  rollout.replace(/T\d\d-/u, "T23-").replace(".jsonl", "_01a1fab8-0000-7000-8000-000000000001.jsonl");

test("a reverted thread is one row, as is a thread of which there are two files", async () => {
  const home = codexHomeWith("0.169.0");
  const one = (await listThreads(home)).threads.find(({ messages }) => messages > 3)!;
  const rollout = listRollouts(home).find(({ thread }) => thread === one.id);
  const path = rollout!.path;
  const lines = readFileSync(path, "utf8").split("\n");
  const answer = lines.findIndex((line) => line.includes('"role":"assistant"'));
  const kept = lines.slice(0, answer + 1).join("\n").length + 1;
  const later = segmentAt(path);
  writeFileSync(later, `${headerFrom(path, rollout!.thread, kept)}\n${lines[answer]}\n`);
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
  const begunBy = (base: string): void =>
    writeFileSync(path, [headerFrom(path, base, 1), ...lines.slice(1)].join("\n"));
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
  const answer = lines.find((line) => line.includes('"role":"assistant"'));
  const header = headerFrom(one.path, one.id, statSync(one.path).size);
  writeFileSync(segmentAt(one.path), `${header}\n${answer}\n`);
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
  const segment = segmentAt(path);
  for (const before of [text.slice(0, text.indexOf(asked)), text]) {
    const header = headerFrom(path, id, Buffer.byteLength(before));
    writeFileSync(segment, `${header}\n${asked.replace(title!, "Asked instead")}\n`);
    const listed = only((await listThreads(home)).threads, id);
    expect(listed).toMatchObject({ path: segment, title: before === text ? title : "Asked instead" });
  }
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

  const segment = segmentAt(path);
  writeFileSync(segment, `${headerFrom(path, thread, statSync(path).size)}\n`);
  expect(only((await listThreads(home)).threads, thread)).toMatchObject({ path: segment, cwd: "/moved" });
});
